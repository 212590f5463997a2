"""The last part of a founding on many machines, and of joining a fund: desks do their duties, people hear words."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from poruch.crypto.fingerprint import fingerprint_words
from poruch.desk import views_journal, words_heard
from poruch.desk.duties import do_duties
from poruch.desk.inviting import FIRST
from poruch.desk.program import Desk
from poruch.drills.patience import Patience, say, shown_line
from poruch.errors import BadWords, OwnWords, WordsDiffer

_TRIES = 5
_WORDS = """
Your three words:

  {words}

Call officer {after}, whose voice you know, and read them aloud. Officer {before} calls you and reads others: type
those.
"""
_READY = """
{name} is founded. Its fingerprint, which every founder writes down and compares:
  {words}

To open your desk:
  bin/poruch desk {folder} --front {front}"""
_STEPS = {
    "joined": "a one-time key",
    "announced": "the hash of a part",
    "dealt": "a part of the quorum key",
    "certified": "the certificate, after three words heard",
}


@dataclass
class _Awaited:
    names: dict[int, str] = field(default_factory=dict)

    def __call__(self, desk: Desk) -> str:
        """Who is awaited, for what."""
        public = desk.public
        missing = set(public.roster.signing) - set(public.officers)
        if missing:
            return f"awaited: {self._who(desk, missing)} (public keys)"
        for step in views_journal.ceremony(desk):
            if step.awaited:
                return f"awaited: {self._who(desk, step.awaited)} ({_STEPS.get(step.key, step.key)})"
        return "" if public.ready else f"awaited: {self._who(desk, [FIRST])} (the keys of the circles)"

    def _who(self, desk: Desk, numbers: "set[int] | list[int] | tuple[int, ...]") -> str:
        return ", ".join(self.names.get(number) or f"officer {desk.members.name(number)}" for number in sorted(numbers))


def finish(desk: Desk, folder: Path, front: str, names: dict[int, str]) -> None:
    """Sync until the fund is ready and this desk is in it; ask for three words on the way."""
    patience, awaited = Patience(), _Awaited(names)
    try:
        while not _is_in(desk):
            if patience.until(lambda: _round(desk)) > 1:
                patience.news()
            elif _wants_words(desk):
                _ask_words(desk)
            else:
                patience.say(awaited(desk))
                patience.rest()
        _round(desk)  # its duties forget what was kept for the founding
        words = fingerprint_words(desk.public.fingerprint)
        quoted = shlex.quote(str(folder))
        say(_READY.format(name=desk.charter.name, words=words, folder=quoted, front=front))
    finally:
        desk.close()


def _is_in(desk: Desk) -> bool:
    return desk.public.ready and desk.number in desk.members.names and not desk.store.unpushed_segments()


def _round(desk: Desk) -> int:
    """One more than how many segments travelled."""
    return 1 + desk.sync() + do_duties(desk) + desk.push()


def _wants_words(desk: Desk) -> bool:
    ceremony = desk.public.ceremonies.latest
    waits = ceremony is not None and ceremony.all_dealt and desk.number not in ceremony.certified
    return waits and desk.number in desk.charter.numbers and not words_heard.heard(desk)


def _ask_words(desk: Desk) -> None:
    before, after = words_heard.neighbours(desk)
    say(_WORDS.format(words=words_heard.own_words(desk), before=before, after=after))
    for left in range(_TRIES - 1, -1, -1):
        try:
            number = words_heard.hear(desk, shown_line("Three words heard: "))
        except (BadWords, OwnWords, WordsDiffer) as error:
            if not left:
                raise
            say(f"  {error.sentence}")
        else:
            say(f"  These are the words of officer {number}.")
            return
