"""`poruch front rebuild`: a new front from one desk, for the day when the old one is gone.

Two processes, because a front must not come near a key: the child asks for the passphrase, opens the desk and gives
pieces through a pipe (poruch.desk.rebuilding); this one writes the front (poruch.front.rebuild) and never knows more
than a front does. The folder gets its name when all is written; what an interrupted rebuild left is thrown away by the
next.
"""

import fcntl
import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from poruch import errors
from poruch.desk import guard
from poruch.desk.site.silence import report
from poruch.drills.founding import hidden_line, keep_to_ourselves, refuse_used
from poruch.errors import CannotRebuild, FolderInUse, PoruchError
from poruch.front.rebuild import Rebuilt, rebuild
from poruch.front.server import real_day
from poruch.journal.rebuild import AnyPiece, Failure, read_pieces, write_piece

_ROWS = {
    "SegmentPiece": "segments of the journal",
    "BodyPiece": "letters and other sealed bodies",
    "DropPiece": "drops, as people sent them",
    "TagPiece": "tags of instalments that were paid, or may have been",
    "PublicationPiece": "publications of the public log",
    "SlipPiece": "slips for holders of codes",
}
_DONE = """
The new front stands in {folder}. It holds no key. To run it, on the server:
  bin/poruch front {quoted}
Then open a desk with its address, sync, and propose on the page Officers that the front has moved, if its address is
another. Lost are drops that no desk had collected: whoever sent one sees in the mailbox that it has not reached you."""
_MISSING = """
This desk did not hold everything: missing are {drops} drops, {letters} letters to people and {slips} packets of slips.
Colleagues' desks give the new front what they hold when they sync with it."""


def run_rebuild(desk: Path, folder: Path) -> int:
    """Make a front in the new `folder` from the desk in `desk`.

    Raises `FolderInUse`, `CannotRebuild`, and what opening a desk raises.
    """
    refuse_used(folder)
    keep_to_ourselves()
    with _half_of(folder) as half:
        done = _rebuild(desk, half)
    print(_said(done, folder))
    return 0


def _rebuild(desk: Path, half: Path) -> Rebuilt:
    reading, writing = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        guard.die_with(parent)
        os.close(reading)
        _give(desk, writing)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as pipe:
            return rebuild(half, _heard(read_pieces(pipe)), real_day)
    finally:
        os.waitpid(child, 0)


def _heard(pieces: Iterator[AnyPiece]) -> Iterator[AnyPiece]:
    """The pieces; the child's failure is ours."""
    for piece in pieces:
        if isinstance(piece, Failure):
            kind = getattr(errors, piece.error, CannotRebuild)
            raise kind(piece.detail)
        yield piece


def _give(desk: Path, writing: int) -> None:
    """What the child does: read the desk, give its pieces, end. The keys end with it."""
    try:
        with os.fdopen(writing, "wb") as pipe:
            try:
                for piece in _read(desk):
                    write_piece(pipe, piece)
            except PoruchError as error:
                write_piece(pipe, Failure(type(error).__name__, error.detail))
            except FileNotFoundError:
                write_piece(pipe, Failure("NotADesk", ""))
            except (OSError, ValueError, KeyError, TypeError, AssertionError) as mistake:
                report(mistake)  # where it was; the stream without its ending says the rest
    except BrokenPipeError:
        pass  # the other one has said why
    finally:
        os._exit(0)


def _read(folder: Path) -> Iterator[AnyPiece]:
    from poruch.desk.program import open_desk
    from poruch.desk.rebuilding import pieces_of
    from poruch.drills.rehearsing import alone

    guard.forbid_dumps()
    guard.lock_memory()
    with alone(folder):
        desk = open_desk(folder, hidden_line("The passphrase of this desk: "), lambda key: None, real_day)
        try:
            yield from pieces_of(desk)
        finally:
            desk.close()


@contextmanager
def _half_of(folder: Path) -> Iterator[Path]:
    """A hidden folder beside `folder`, emptied, that takes its name when the block is through."""
    folder = folder.absolute()
    half = folder.with_name(f".{folder.name}.half")
    half.mkdir(mode=0o700, exist_ok=True)
    held = os.open(half, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise FolderInUse(f"another rebuild of {folder.name} is running") from None
        _empty(half)
        try:
            yield half
            os.sync()  # all of it is on the disk before it has the name
            half.rename(folder)
        except BaseException:
            shutil.rmtree(half, ignore_errors=True)
            raise
        os.sync()
    finally:
        os.close(held)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _said(done: Rebuilt, folder: Path) -> str:
    lines = [f"  {done.counts.get(kind, 0):>9,}  {said}" for kind, said in _ROWS.items()]
    text = "\n".join(["Made from this desk:", *lines]) + "\n"
    if done.drops_missing or done.letters_missing or done.slips_missing:
        text += _MISSING.format(drops=done.drops_missing, letters=done.letters_missing, slips=done.slips_missing)
    return text + _DONE.format(folder=folder, quoted=shlex.quote(str(folder)))
