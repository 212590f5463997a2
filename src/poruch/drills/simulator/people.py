"""People around the fund of a simulation: who asks for help, reads a mailbox and says where to pay, and who gives."""

from collections.abc import Callable
from dataclasses import dataclass, field

from poruch.crypto import age, codes
from poruch.crypto.padding import unpad
from poruch.drills.simulator.fronts import SimulatedFront
from poruch.events.codec import decode
from poruch.events.drops import Payee, Person, Story
from poruch.events.mailbox import Message
from poruch.journal import dropbox
from poruch.journal.dropbox import SealedDrop
from poruch.rails import references

IBANS = (
    "DE02120300000000202051", "DE02500105170137075030", "DE02100500000054540402",
    "DE02300209000106531065", "DE02200505501015871393", "DE02100100100006820101",
)  # fmt: skip


@dataclass
class Applicant:
    """Somebody with a code. `sent` is what he keeps sending until a page says that it is stored.

    `acknowledged`: his mailbox has told him that his submission reached the fund.
    """

    name: str
    keys: codes.CodeKeys
    drop: str
    waiting: list[SealedDrop]
    acknowledged: bool = False
    answered_grants: int = 0
    read: list[str] = field(default_factory=list)
    sent: list[SealedDrop] = field(default_factory=list)
    over: bool = False


@dataclass
class People:
    """All of them. `random` is the simulation's."""

    salt: bytes
    random: Callable[[int], bytes]
    applicants: list[Applicant] = field(default_factory=list)
    gifts: int = 0

    def ask(self, front: SimulatedFront) -> bool:
        """Somebody new asks for help; whether the page could be sealed at all."""
        keys = codes.CodeKeys.from_code(codes.new_code(self.random), self.salt)
        name = f"Alena Persona {_letters(len(self.applicants))}"
        told = Story("en", "police", "I refused.", "August", "none", "rent", "", False)
        sealed = dropbox.seal_submission(front.public, keys, told, Person(name, ""), self.random)
        applicant = Applicant(name, keys, sealed.drop, [sealed])
        self.applicants.append(applicant)
        self.send(applicant, front)
        return True

    def send(self, applicant: Applicant, front: SimulatedFront) -> None:
        """What waits is sent; a page that did not come means that it is sent again another time."""
        tried, applicant.waiting = applicant.waiting, []
        for sealed in tried:
            (applicant.sent if front.receive(sealed) else applicant.waiting).append(sealed)

    def send_again(self, kept: set[str]) -> None:
        """After a front was seized: whoever was not told that it reached the fund sends once more."""
        for applicant in self.applicants:
            lost = [sealed for sealed in applicant.sent if sealed.drop not in kept]
            if applicant.acknowledged:  # he was told, and relies on it
                lost = [sealed for sealed in lost if sealed.drop != applicant.drop]
            applicant.sent = [sealed for sealed in applicant.sent if sealed not in lost]
            applicant.waiting += lost

    def look(self, applicant: Applicant, front: SimulatedFront) -> list[Message]:
        """Type the code, and read what has come since."""
        found = []
        for reply in front.public.replies.get(applicant.keys.mailbox_id, ()):
            name = reply.body.hex()
            body = front.shelf.body(reply.body)
            if body is None or name in applicant.read:
                continue
            applicant.read.append(name)
            found.append(decode(unpad(age.open_file(body, [applicant.keys.mailbox_identity])), Message))
        for message in found:
            if message.kind == "received":
                applicant.acknowledged = True
            elif message.kind in ("grant", "returned"):
                self._say_where(applicant, front)
            applicant.over = applicant.over or message.kind == "refused"
        self.send(applicant, front)
        return found

    def _say_where(self, applicant: Applicant, front: SimulatedFront) -> None:
        """Bank details; others than before after a payment came back."""
        iban = IBANS[(int(applicant.drop[:4], 16) + applicant.answered_grants) % len(IBANS)]
        applicant.answered_grants += 1
        payee = Payee(applicant.name, iban, "")
        applicant.waiting.append(dropbox.seal_payee(front.public, applicant.keys, payee, self.random))

    def announce_gift(self, front: SimulatedFront) -> str:
        """A giver takes a reference from the front; with a code, so that he can check it in the log."""
        reference = references.make(self.random)
        keys = codes.CodeKeys.from_code(codes.new_code(self.random), self.salt)
        self.gifts += 1
        sealed = dropbox.seal_gift(front.public, reference, keys, self.random)
        front.receive(sealed)
        return reference


def _letters(number: int) -> str:
    """A number in letters: names have no digits."""
    text = ""
    while True:
        number, last = divmod(number, 26)
        text = chr(ord("a") + last) + text
        if not number:
            return text
