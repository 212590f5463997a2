"""`verify-release`: whether a file is a release that the people signed whose keys this copy of the program knows."""

import sys
from pathlib import Path

import poruch
from poruch.errors import NoReleaseKeys
from poruch.tlog.notes import LARGEST_NOTE
from poruch.tlog.release import LARGEST_KEYS, parse_keys, parse_version, verify_release

OWN_KEYS = Path(poruch.__file__).parent / "release.keys"


def _start_of(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size + 1)


def run_verify_release(file: Path, note: Path | None, keys: Path | None) -> int:
    """Print what the file is; every way to fail is an error with its sentence."""
    source = _start_of(keys or OWN_KEYS, LARGEST_KEYS)
    if keys is None and not any(line and not line.startswith(b"#") for line in source.splitlines()):
        raise NoReleaseKeys
    known = parse_keys(source)
    beside = note or file.with_name(file.name + ".note")
    with file.open("rb") as content:
        release = verify_release(content, _start_of(beside, LARGEST_NOTE), known)
    version = ".".join(str(number) for number in release.version)
    print(f"{file.name} is Poruch {version}, signed by at least {known.needed} of {len(known.keys)} keys.")
    if file.name != release.file:
        print(f"It was signed under the name {release.file}.")
    if release.version < parse_version(poruch.__version__):
        print(f"It is older than this program, {poruch.__version__}: do not go back to it.", file=sys.stderr)
        return 1
    return 0
