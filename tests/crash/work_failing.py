"""A desk's store on a disk that fails now and then: `python -m crash.work_failing FOLDER TOLD` tells what it said."""

import hashlib
import os
import sys
from pathlib import Path

from poruch.errors import StoreBroken
from poruch.journal.store import Store

BODIES = 60


def main(folder: Path, told: int) -> None:
    """Keep bodies; what fails is told with the name of the error."""
    store: Store | None = None
    for number in range(BODIES):
        body = bytes([number]) * 3000
        sha256 = hashlib.sha256(body).digest()
        try:
            store = store or Store(folder / "desk.db", bytes(32))
            store.keep_body(sha256, body, pushed=False)
            said = "kept"
        except StoreBroken as error:
            said = error.name
        os.write(told, f"{sha256.hex()} {said}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), os.open(sys.argv[2], os.O_WRONLY))
