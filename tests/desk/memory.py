"""Looking into other processes, as somebody would who took the machine."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

_DROP_BOUND, _SYS_PTRACE = 24, 19
WITHOUT_PTRACE = (
    sys.executable,
    "-c",
    f"import ctypes, os, sys; ctypes.CDLL(None).prctl({_DROP_BOUND}, {_SYS_PTRACE}, 0, 0, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])",
)
"""In front of a command: it runs as the same account, without root's right to look into every process."""


def spellings(text: str) -> tuple[bytes, ...]:
    """How a text can lie in memory."""
    return tuple(text.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-32-le"))


def found_in(pid: int, wanted: Mapping[str, tuple[bytes, ...]]) -> set[str]:
    """Which of the wanted things lie in any readable memory of a process. Raises PermissionError."""
    found: set[str] = set()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end in _regions(pid):
            try:
                content = os.pread(memory.fileno(), end - start, start)
            except (OSError, OverflowError):
                continue  # the kernel's own pages at the end
            found |= {name for name, forms in wanted.items() if any(form in content for form in forms)}
    return found


def _regions(pid: int) -> list[tuple[int, int]]:
    regions = []
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        span, rights, *_ = line.split()
        if rights.startswith("r") and "[v" not in line:
            start, end = (int(part, 16) for part in span.split("-"))
            regions.append((start, end))
    return regions


def status(pid: int) -> dict[str, str]:
    """The fields of /proc/<pid>/status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, value in (line.split(":", 1) for line in lines)}


def may_look_everywhere() -> bool:
    """Whether this process has root's right to look into every other."""
    return bool(int(status(os.getpid())["CapEff"], 16) >> _SYS_PTRACE & 1)
