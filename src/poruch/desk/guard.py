"""What a process that holds keys asks of the kernel: no dump, no look inside, no swap, no life without its parent.

On Linux through prctl(2) and mlockall(2); elsewhere only what POSIX gives, and the answers say so. None of it stops
who is root on this machine, and none of it covers a computer that writes its whole memory to the disk to sleep.
"""

import ctypes
import os
import resource
import signal
import sys
import time
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_GET_DUMPABLE, _PR_SET_DUMPABLE = 1, 3, 4
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_CAP_IPC_LOCK = 14
_STATUS, _SWAPS = Path("/proc/self/status"), Path("/proc/swaps")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def forbid_dumps() -> None:
    """No core file, and on Linux no look into the memory for other programs of the same account."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        _libc().prctl(_PR_SET_DUMPABLE, *map(ctypes.c_ulong, (0, 0, 0, 0)))


def is_dumpable() -> bool:
    """Whether other programs of the same account may look into this process; True where nobody can say."""
    return sys.platform != "linux" or bool(_libc().prctl(_PR_GET_DUMPABLE, *map(ctypes.c_ulong, (0, 0, 0, 0))))


def die_with(parent: int) -> None:
    """Be killed by the kernel when the process `parent` ends, however it ends; at once if it has ended already."""
    if sys.platform == "linux":
        _libc().prctl(_PR_SET_PDEATHSIG, *map(ctypes.c_ulong, (signal.SIGKILL, 0, 0, 0)))
    if os.getppid() != parent:
        os._exit(1)


def lock_memory() -> bool:
    """Keep all pages of this process, and those to come, out of the swap; whether that was allowed.

    Under a limit it is not even tried: a limit would hold for all the process may ever map, and the desk would fail
    in the middle of its work. A page is locked when it is first touched, so that unused stacks cost nothing.
    """
    if sys.platform != "linux" or not _may_lock():
        return False
    return bool(_libc().mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) == 0)


def _may_lock() -> bool:
    _soft, hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if hard == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (hard, hard))
        return True
    fields = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines() if ":" in line)
    return bool(int(fields["CapEff"], 16) >> _CAP_IPC_LOCK & 1)


def has_swap() -> bool:
    """Whether this machine swaps to anything; True where nobody can say."""
    try:
        return len(_SWAPS.read_text().splitlines()) > 1
    except OSError:
        return True


def awake_and_asleep() -> float:
    """Seconds of a clock that goes on while the computer sleeps: a closed lid is rest, too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.time()
