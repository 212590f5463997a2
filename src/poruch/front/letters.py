"""What lies in a mailbox, opened with the key of a code for one request."""

import datetime
from dataclasses import dataclass

from poruch.crypto import age
from poruch.crypto.codes import CodeKeys
from poruch.crypto.padding import unpad
from poruch.errors import CannotOpen, Malformed
from poruch.events.codec import decode
from poruch.events.mailbox import Message
from poruch.events.resolutions import ErasureProposed
from poruch.front.models import Body, Drop
from poruch.front.site import current
from poruch.journal.public import PublicState

_PLACE_IN_DAY = {"received": 0, "sent": 1, "gave": 3, "payee-received": 4, "paid": 5, "returned": 5}
"""Days have no hours here: within one, a letter stands before its answer, bank details after the question for them."""


@dataclass(frozen=True)
class Letter:
    """One letter, either way.

    `kind` is that of the message (`letter-received` from the second receipt on), or `sent` and `gave` for what went to
    the fund.
    """

    day: datetime.date
    kind: str
    text: str = ""

    @property
    def yours(self) -> bool:
        """It went to the fund; what it said is sealed, here too."""
        return self.kind in ("sent", "gave")


@dataclass(frozen=True)
class Instalment:
    """One payment of the grant, in minor units."""

    number: int
    amount_minor: int
    paid: bool


@dataclass(frozen=True)
class Box:
    """A mailbox laid open. `erased_on`: k officers erased all or some of what lay here, last on that day."""

    sent_on: datetime.date | None
    letters: tuple[Letter, ...]
    messages: tuple[Message, ...]
    damaged: int
    erased_on: datetime.date | None = None

    def _of(self, *kinds: str) -> list[Message]:
        return [message for message in self.messages if message.kind in kinds]

    @property
    def received(self) -> Message | None:
        """The fund has it."""
        return next(iter(self._of("received")), None)

    @property
    def decided(self) -> Message | None:
        """The last decision."""
        return next(iter(reversed(self._of("grant", "refused"))), None)

    @property
    def granted(self) -> bool:
        """The fund has decided to help."""
        return bool(self._of("grant"))

    @property
    def payee_given(self) -> bool:
        """Bank details were given."""
        return any(letter.kind == "gave" for letter in self.letters)

    @property
    def currency(self) -> str:
        """Of the grants."""
        return next((message.currency for message in self._of("grant")), "")

    @property
    def instalments(self) -> tuple[Instalment, ...]:
        """Of all grants, in order; paid ones are counted off from the first."""
        amounts = [amount for message in self._of("grant") for amount in message.amounts_minor]
        paid = sum(max(1, len(m.amounts_minor)) for m in self._of("paid"))
        paid -= sum(max(1, len(m.amounts_minor)) for m in self._of("returned"))
        return tuple(Instalment(number, amount, number <= paid) for number, amount in enumerate(amounts, 1))

    @property
    def total_minor(self) -> int:
        """Sum of all instalments."""
        return sum(one.amount_minor for one in self.instalments)

    @property
    def paid_count(self) -> int:
        """Instalments that the bank confirmed."""
        return sum(one.paid for one in self.instalments)


def read_box(keys: CodeKeys) -> Box:
    """The mailbox of this code. A message that does not open is counted, not shown."""
    mailbox, public = keys.mailbox_id, current().journal.public()
    letters: list[Letter] = []
    messages: list[Message] = []
    damaged = 0
    gone: set[bytes] = set()
    for reply in public.replies.get(mailbox, ()):
        if reply.body in public.erased:
            gone.add(reply.body)
            continue
        body = Body.objects.filter(sha256=reply.body.hex()).first()
        if body is None:
            continue
        try:
            message = decode(unpad(age.open_file(bytes(body.body), [keys.mailbox_identity])), Message)
        except (CannotOpen, Malformed):
            damaged += 1
            continue
        again = message.kind == "received" and any(known.kind == "received" for known in messages)
        messages.append(message)
        letters.append(Letter(message.day, "letter-received" if again else message.kind, message.text))
    sent_on = None
    for drop in Drop.objects.filter(mailbox=mailbox.hex()).order_by("id").only("day", "kind", "sha256"):
        if bytes.fromhex(drop.sha256) in public.erased:
            gone.add(bytes.fromhex(drop.sha256))
        elif drop.kind == "submission":
            sent_on = drop.day
        else:
            letters.append(Letter(drop.day, "gave" if drop.kind == "payee" else "sent"))
    letters.sort(key=lambda letter: (letter.day, _PLACE_IN_DAY.get(letter.kind, 2)))
    return Box(sent_on, tuple(letters), tuple(messages), damaged, _last_erasure(public, gone))


def _last_erasure(public: PublicState, gone: set[bytes]) -> datetime.date | None:
    """When the last resolution to erase some of these was taken."""
    days = [
        one.day or one.said.day
        for one in public.resolutions.all.values()
        if one.taken and isinstance(one.event, ErasureProposed) and not gone.isdisjoint(one.event.bodies)
    ]
    return max(days, default=None)
