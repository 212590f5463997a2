"""The watch: is the front, as strangers see it, the one that the journal speaks of?

What pages must say follows from public facts; another process of this program renders them (docs/decisions/0018). A
desk compares byte for byte what invented visitors are shown, and the log's checkpoint with the log that it verified
itself. What a front does in its memory nobody sees from outside (docs/threat-model.md).
"""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

from poruch.desk.program import Desk
from poruch.desk.publishing import leaves_before, log_state
from poruch.desk.stranger import Answer, Get
from poruch.errors import BadEvent, BadPolicy, CannotWatch, Malformed, MissingCheck, Refused
from poruch.events.codec import decode, encode
from poruch.events.watch import AlarmEnded, AlarmKind, AlarmRaised
from poruch.journal.frames import split
from poruch.journal.shown import Facts, LogShown, Step, Visit, facts_of
from poruch.tlog.checkpoints import SignedHead, verify_checkpoint
from poruch.tlog.leaves import Amounts, parse_leaf
from poruch.tlog.policy import parse_policy
from poruch.web.headers import HEADERS
from poruch.web.sameness import mark_of, without_draws

RENDER_SECONDS = 60
MOST_ALARMS = 8
"""What one desk raises at a time: the rest of a front that is another altogether is said by these."""
PROOF = "watch/seen/"
FORBIDDEN_HEADERS = (
    "set-cookie", "location", "refresh", "link", "alt-svc", "report-to", "nel", "onion-location", "content-disposition",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """The front showed at `path` something else than it must. `expected` is empty where no one text was expected."""

    kind: AlarmKind
    path: str
    seen: bytes = field(repr=False)
    expected: bytes = field(repr=False)

    @property
    def place(self) -> tuple[AlarmKind, str]:
        """Where it is."""
        return self.kind, self.path


# ---- what is expected -------------------------------------------------------------------------


def facts(desk: Desk, head: SignedHead | None, day: date) -> Facts:
    """What pages show, with the log as this verified head has it. Raises `CannotWatch`."""
    try:
        if head is None:
            return facts_of(desk.public, None, desk.today())
        leaves = leaves_before(desk, head.head.size)
    except (BadEvent, MissingCheck):
        raise CannotWatch from None
    summaries = tuple((at, leaf) for at, leaf in enumerate(leaves) if not isinstance(parse_leaf(leaf), Amounts))
    shown = LogShown(head.head.size, len(head.officers), len(head.cosignatures), day, summaries)
    return facts_of(desk.public, shown, desk.today())


def render(known: Facts) -> list[Visit]:
    """The visits that a true front would answer so. Raises `CannotWatch` where this program cannot render them."""
    command = [sys.executable, "-P", "-m", "poruch.front.expected"]
    try:
        done = subprocess.run(command, input=encode(known), capture_output=True, timeout=RENDER_SECONDS, check=False)
        visits = [decode(raw, Visit) for raw in split(done.stdout)]
    except (OSError, subprocess.SubprocessError, Malformed):
        visits = []
    if not visits:
        raise CannotWatch
    return visits


# ---- what is seen -----------------------------------------------------------------------------


def look_at_log(desk: Desk, answer: Answer) -> tuple[SignedHead | None, Finding | None]:
    """The checkpoint that the front shows, verified and compared with this desk's own log."""
    wrong = Finding("log", "/log/checkpoint", answer.content, b"")
    state = log_state(desk)
    if answer.status == 404:
        return None, wrong if state.size else None
    try:
        head = verify_checkpoint(answer.content, parse_policy((desk.public.policy or "").encode()))
    except (Malformed, Refused, BadPolicy):
        return None, wrong
    ours = (head.head.size, head.head.root) == (state.size, state.edge.root)
    return (head, None) if ours else (None, wrong)


def look(visit: Visit, get: Get, pause: Callable[[], object]) -> list[Finding]:
    """Make one visit. Raises `RelayUnreachable`."""
    findings: list[Finding] = []
    mark = ""
    for step in visit.steps:
        answer = get(step.path, [(name, mark if name == "mark" else value) for name, value in step.form])
        mark = mark_of(answer.content)
        findings += compare(step, answer)
        pause()
    return findings


def compare(step: Step, answer: Answer) -> list[Finding]:
    """What of one answer is not as it must be."""
    shown = without_draws(answer.content)
    found = []
    if (answer.status, shown) != (step.status, step.content):
        found.append(Finding("page", step.path, shown, step.content))
    wrong = [name for name, value in HEADERS.items() if answer.headers.get(name.lower()) != value]
    wrong += [name for name in FORBIDDEN_HEADERS if name in answer.headers]
    if wrong:
        lines = "".join(f"{name}: {answer.headers.get(name.lower(), '')}\n" for name in wrong)
        found.append(Finding("headers", step.path, lines.encode("utf-8", "replace"), b""))
    return found


def neighbours(day: date) -> tuple[date, ...]:
    """The days on which a front may have taken what a desk sent on `day`: calendars differ by one."""
    return day, day + timedelta(days=1), day - timedelta(days=1)


# ---- alarms -----------------------------------------------------------------------------------


def raise_alarms(desk: Desk, findings: list[Finding]) -> list[Finding]:
    """Tell colleagues what is new in these findings and keep what was shown as proof; returns what was told."""
    alarms = desk.view.alarms
    new = {one.place: one for one in findings if not alarms.raised_by(desk.number, one.kind, one.path)}
    told = list(new.values())[:MOST_ALARMS]
    if not told:
        return []
    for one in told:
        desk.store.keep_fact(PROOF + digest(one.seen).hex(), encode_proof(one))
    desk.act(
        [
            AlarmRaised(one.kind, one.path, digest(one.seen), digest(one.expected) if one.expected else b"")
            for one in told
        ]
    )
    return told


def end_alarm(desk: Desk, kind: AlarmKind, path: str, how: str) -> None:
    """Say to colleagues how this ended. Raises `Refused` subclasses."""
    if (kind, path) not in desk.view.alarms.open:
        raise BadEvent("no such alarm")
    desk.act([AlarmEnded(kind, path, how)])


def encode_proof(finding: Finding) -> bytes:
    """Both texts, as a desk keeps them."""
    return len(finding.expected).to_bytes(4, "big") + finding.expected + finding.seen


def proof(desk: Desk, seen: bytes) -> tuple[bytes, bytes] | None:
    """(expected, seen) of what this desk was shown, by SHA-256 of the latter; None if another desk saw it."""
    kept = desk.store.fact(PROOF + seen.hex())
    if kept is None:
        return None
    size = int.from_bytes(kept[:4], "big")
    return kept[4 : 4 + size], kept[4 + size :]


def digest(text: bytes) -> bytes:
    """SHA-256 of what was shown."""
    return hashlib.sha256(text).digest()
