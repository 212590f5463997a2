"""The recorder: what a program did to the files of one folder, in the order in which it did it, by strace.

A call that writes counts from its beginning, for its bytes may be on the disk before it returns; a call that syncs
counts from its end, and only for what had returned before it began. `-y` names the file of every descriptor and `-xx`
writes every string in hex, so no name and no content can be mistaken for the words of the trace.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEVER = sys.maxsize
LONGEST = 16 * 1024 * 1024

_FOLLOWED = (
    "open,openat,creat,write,writev,pwrite64,pwritev,pwritev2,fsync,fdatasync,sync_file_range,ftruncate,truncate,"
    "fallocate,lseek,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,link,linkat,copy_file_range,sendfile,msync"
)
_LINE = re.compile(r"(\d+) +(.*)")
_BEGUN = re.compile(r"(\w+)\((.*) <unfinished \.\.\.>")
_RESUMED = re.compile(r"<\.\.\. (\w+) resumed>(.*)")
_WHOLE = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+|\?)(.*)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
_HANDLE = re.compile(r"(-?\d+|AT_FDCWD)<((?:\\x[0-9a-f]{2}|[^>\\])*)>")


@dataclass(frozen=True)
class Call:
    """One call as strace saw it: between which lines it ran, its words, and its result (None: it never returned)."""

    began: int
    ended: int
    name: str
    words: str
    result: int | None
    more: str = ""

    @property
    def texts(self) -> list[bytes]:
        """The strings among its words."""
        found = list(_TEXT.finditer(self.words))
        if any(one[2] for one in found):
            raise ValueError("strace cut a string short")
        return [_unhex(one[1]) for one in found]

    @property
    def path(self) -> str:
        """The file of its first descriptor."""
        found = _HANDLE.match(self.words)
        return _plain(found[2]) if found else ""

    @property
    def handle(self) -> int:
        """The number of its first descriptor."""
        found = _HANDLE.match(self.words)
        return int(found[1]) if found and found[1] != "AT_FDCWD" else -1

    @property
    def numbers(self) -> list[int]:
        """The bare numbers among its words, those of descriptors left out."""
        bare = _HANDLE.sub("", _TEXT.sub("", self.words))
        return [int(word) for word in re.findall(r"(?<![\w=])-?\d+(?!\w)", bare)]

    def names(self) -> list[str]:
        """The paths of a call on names; a relative one begins in the folder that stands before it."""
        folders = [_plain(one[2]) for one in _HANDLE.finditer(self.words)]
        paths = [text.decode(errors="surrogateescape") for text in self.texts]
        starts = folders if len(folders) == len(paths) else [os.getcwd()] * len(paths)
        return [os.path.normpath(os.path.join(start, path)) for start, path in zip(starts, paths, strict=True)]


def _unhex(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _plain(path: str) -> str:
    return _unhex(path).decode(errors="surrogateescape") if path.startswith("\\x") else path


def parse(lines: Iterable[str]) -> Iterator[Call]:
    """The calls of a trace, in the order in which they began. Raises `ValueError` for a line that is none of strace."""
    begun: dict[str, tuple[int, str, str]] = {}
    calls: list[Call] = []
    for at, line in enumerate(lines):
        found = _LINE.fullmatch(line.rstrip("\n"))
        if found is None:
            raise ValueError(f"not a line of strace: {line[:80]!r}")
        thread, said = found[1], found[2]
        if said.startswith(("+++", "---")):
            continue
        if start := _BEGUN.fullmatch(said):
            begun[thread] = at, start[1], start[2]
            continue
        began = at
        if rest := _RESUMED.fullmatch(said):
            began, name, words = begun.pop(thread)
            said = f"{name}({words}{rest[2]}"
        whole = _WHOLE.fullmatch(said)
        if whole is None:
            raise ValueError(f"not a call: {said[:80]!r}")
        returned = whole[3] != "?"
        calls.append(
            Call(began, at if returned else NEVER, whole[1], whole[2], int(whole[3]) if returned else None, whole[4])
        )
    calls += [Call(began, NEVER, name, words, None) for began, name, words in begun.values()]
    return iter(sorted(calls, key=lambda call: call.began))


@dataclass(frozen=True)
class Recorded:
    """A recorded run: its folder, the files as they were before, its calls, and where it told what is stored."""

    root: Path
    before: dict[str, bytes]
    folders: tuple[str, ...]
    calls: list[Call]
    told: Path


def files_of(root: Path) -> dict[str, bytes]:
    """All files under a folder by their names in it."""
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def need_strace() -> str:
    """Where strace is; skips the test, and says why, where it is not or may not trace."""
    program = shutil.which("strace")
    if program is None:
        pytest.skip("strace is not installed")
    tried = subprocess.run([program, "-o", os.devnull, "true"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("strace may not trace here: " + tried.stderr.decode(errors="replace").strip()[:100])
    return program


def environment() -> dict[str, str]:
    """For a program of the tests in a process of its own."""
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}", "PYTHONDONTWRITEBYTECODE": "1"}


def record(root: Path, module: str, arguments: Sequence[str], scratch: Path, *inject: str) -> Recorded:
    """Run `python -m module root told *arguments` and record it. `inject` is for strace (`-e inject=...`).

    The program writes a line into the file `told` after each thing that it was told is stored.
    """
    program, told, trace = need_strace(), scratch / "told", scratch / "trace"
    shutil.copytree(root, scratch / "before")
    (scratch / "root").write_text(str(root))
    told.touch()
    watch = ["-f", "--seccomp-bpf", "-y", "-xx", "-s", str(LONGEST), "-e", f"trace={_FOLLOWED}", "-e", "signal=none"]
    run = [sys.executable, "-P", "-m", module, str(root), str(told), *arguments]
    done = subprocess.run(
        [program, *watch, *inject, "-o", str(trace), *run], capture_output=True, check=False, env=environment()
    )
    if done.returncode:
        raise AssertionError(done.stderr.decode(errors="replace")[-2000:])
    return load(scratch)


def load(scratch: Path) -> Recorded:
    """The run that was recorded into `scratch`."""
    with (scratch / "trace").open(encoding="ascii") as lines:
        calls = list(parse(lines))
    before, root = scratch / "before", Path((scratch / "root").read_text())
    folders = tuple(str(path.relative_to(before)) for path in sorted(before.rglob("*")) if path.is_dir())
    return Recorded(root, files_of(before), folders, calls, scratch / "told")
