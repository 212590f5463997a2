"""The officer's paper: what it says today, and whether the one he printed still holds his share."""

import base64
import io
from dataclasses import dataclass
from datetime import date

import segno

from poruch.crypto import paper as papers
from poruch.crypto.fingerprint import fingerprint_words
from poruch.desk.ceremony import own_share
from poruch.desk.program import Desk

PRINTED = "paper/printed"
_NO_GROUP = bytes(32)
_DAY_SIZE = 10


@dataclass(frozen=True)
class Printed:
    """The paper that was printed last: on which day, and whether it holds the share of now."""

    day: date
    holds_share: bool


@dataclass(frozen=True, repr=False)
class Sheet:
    """What stands on a paper. `dealt` is the day of the share, None without one; `picture` a PNG as a data URI."""

    fund_words: tuple[str, ...]
    key_words: tuple[str, ...]
    share_words: tuple[str, ...]
    epoch: int
    dealt: date | None
    line: str
    picture: str


def make_paper(desk: Desk) -> papers.Paper:
    """The paper of this desk as of now."""
    group = desk.public.ceremonies.group
    scalar = own_share(desk, group) if group else None
    share = papers.PaperShare(group.epoch, group.id, scalar) if group and scalar else None
    return papers.Paper(desk.fund, desk.number, desk.key.root, share)


def print_paper(desk: Desk) -> Sheet:
    """The sheet to be printed; the desk remembers the day and the group of its share, and nothing else of it."""
    made = make_paper(desk)
    group = made.share.group if made.share else _NO_GROUP
    desk.store.keep_fact(PRINTED, desk.today().isoformat().encode() + group)
    block, ceremonies = made.share_block, desk.public.ceremonies
    line = papers.encode(made)
    return Sheet(
        tuple(fingerprint_words(desk.public.fingerprint).split()),
        papers.key_words(made.key_block),
        papers.share_words(block) if block else (),
        block.epoch if block else 0,
        ceremonies.made[-1].day if block else None,
        line,
        picture_of(line),
    )


def printed(desk: Desk) -> Printed | None:
    """The paper that was printed last, if there was one."""
    kept = desk.store.fact(PRINTED)
    if kept is None:
        return None
    share = make_paper(desk).share
    now = share.group if share else _NO_GROUP
    return Printed(date.fromisoformat(kept[:_DAY_SIZE].decode()), kept[_DAY_SIZE:] == now)


def picture_of(line: str) -> str:
    """A QR code as a PNG in a data URI, made in memory."""
    held = io.BytesIO()
    segno.make(line, error="m", micro=False).save(held, kind="png", scale=4, border=4)
    return "data:image/png;base64," + base64.b64encode(held.getvalue()).decode()
