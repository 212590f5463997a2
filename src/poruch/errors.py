"""Every way to fail, drawn as a tree.

PoruchError
├── Malformed                      bytes from outside that are not what they should be
│   ├── BadPoint BadScalar BadU BadPlace BadHeader NoProof BadProof
│   ├── BadDealing BadDigest BadSubshare BadAnswer BadRequest
│   ├── BadNote BadPolicy BadLeaf BadReceipt BadSlip BadRangeProof BadPublication BadTile
│   ├── BadSegment BadEvent BadCharter BadKey BadKeyFile BadCode
│   └── BadStatement BadIban BadBic BadAmount BadPayment BadSubmission BadReference BadList BadName
├── Refused                        well formed, and not allowed
│   ├── BadOfficers WrongDealers TooFew NotOwnShare KeyChanged BadShare
│   ├── WrongGroup WrongFile WrongPlace Expired BadPartial
│   ├── WrongOrigin DuplicateSignature BadSignature TooFewOfficers TooFewWitnesses Forked
│   ├── WrongSize WrongRoot NotIncluded NotConsistent WrongOpening NotMyBlind SecondSlip
│   ├── PublicationRefused
│   ├── BadEpoch AmountsAfterTotal AfterBalance RepeatedCommitment SecondTotal BadCount WrongTotal
│   ├── SecondBalance MissingTotal WrongBalance BrokenChain MissingBalance
│   ├── WeakPassphrase UnknownOfficer NotYourChain NotAllowed AlreadyDone OwnGrant MissingCheck ConflictOfInterest
│   └── AlreadyTaken NeedsNewerProgram RefusedCountry PassphrasesDiffer FolderInUse CeremonyStopped
├── CannotOpen                     the key at hand does not open this
│   ├── NotForThisKey NotForThisGroup BadMac BadPayload WrongPassphrase
└── Unavailable                    try again later; nothing was stored
    ├── RelayUnreachable LogUnreachable StoreBroken

Each docstring is the sentence a person reads; the edge translates it by class. `name` is the error name of docs/spec.
"""

import re
from typing import ClassVar


class PoruchError(Exception):
    """Something went wrong and nothing was changed."""

    name: ClassVar[str] = "poruch-error"

    def __init_subclass__(cls) -> None:
        cls.name = re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    def __init__(self, detail: str = "", *, blame: int | None = None) -> None:
        """`detail` never holds a secret or a person; `blame` is the number of the officer at fault."""
        super().__init__(detail)
        self.detail = detail
        self.blame = blame

    @property
    def sentence(self) -> str:
        """The sentence a person reads, in English."""
        return (self.__doc__ or "").strip()

    def __str__(self) -> str:
        return f"{self.name}: {self.detail}" if self.detail else self.name


class Malformed(PoruchError):
    """This is not in the form it should be."""


class Refused(PoruchError):
    """This is not allowed."""


class CannotOpen(PoruchError):
    """This key does not open it."""


class Unavailable(PoruchError):
    """This cannot be done now. Nothing was stored; try again."""


# ---- group, quorum (docs/spec/quorum.md) ------------------------------------------------------


class BadPoint(Malformed):
    """A point of the curve is not one of the group."""


class BadScalar(Malformed):
    """A number is outside the range of the group."""


class BadU(Malformed):
    """The file's one-time key is not a point of the group."""


class BadPlace(Malformed):
    """The place of a file is empty, too long or holds control characters."""


class BadHeader(Malformed):
    """The head of the sealed file is damaged."""


class NoProof(Malformed):
    """The sealed file does not prove that its sender made it."""


class BadProof(Malformed):
    """The proof in the sealed file does not hold at this place."""


class BadDealing(Malformed):
    """A dealing does not have the right form or its proof fails; its dealer is to blame."""


class BadDigest(Malformed):
    """A dealing is not the one that was announced; its dealer is to blame."""


class BadSubshare(Malformed):
    """A sub-share does not fit its dealing; its dealer is to blame."""


class BadAnswer(Malformed):
    """An answer is damaged or belongs to another request."""


class BadRequest(Malformed):
    """The request to open is not written as it must be."""


class BadOfficers(Refused):
    """The numbers of the officers or the threshold are not possible."""


class WrongDealers(Refused):
    """The dealings are not those of exactly the officers who must deal."""


class TooFew(Refused):
    """There are fewer answers than the fund demands."""


class NotOwnShare(Refused):
    """A dealer dealt something else than his own share."""


class KeyChanged(Refused):
    """The new shares would belong to another key."""


class BadShare(Refused):
    """The share does not fit the published group."""


class WrongGroup(Refused):
    """The request names another group than the one in force."""


class WrongFile(Refused):
    """The request names another file."""


class WrongPlace(Refused):
    """The journal holds this file at another place."""


class Expired(Refused):
    """The last day of the request has passed; ask again."""


class BadPartial(Refused):
    """A partial does not verify; the officer who gave it is to blame."""


class NotForThisKey(CannotOpen):
    """This file is sealed for somebody else."""


class NotForThisGroup(CannotOpen):
    """This file is not sealed to the fund's quorum key."""


class BadMac(CannotOpen):
    """The head of the sealed file was changed."""


class BadPayload(CannotOpen):
    """The content of the sealed file was changed or cut."""


class WrongPassphrase(CannotOpen):
    """The passphrase does not open this key file."""


# ---- amounts and log (docs/spec/amounts.md, log.md) -------------------------------------------


class BadRangeProof(Malformed):
    """A proof that an amount is neither negative nor huge does not hold."""


class WrongOpening(Refused):
    """The amount does not open the commitment."""


class BadNote(Malformed):
    """The checkpoint is not a signed note of the right form."""


class BadPolicy(Malformed):
    """The policy of the log is not written as it must be."""


class BadLeaf(Malformed):
    """An entry of the log is not written as it must be."""


class BadReceipt(Malformed):
    """The receipt is not written as it must be."""


class BadSlip(Malformed):
    """The slip does not open with this code."""


class BadPublication(Malformed):
    """The publication is not written as it must be."""


class BadTile(Malformed):
    """A file of the log is damaged."""


class WrongOrigin(Refused):
    """The checkpoint belongs to another log."""


class DuplicateSignature(Refused):
    """A key signed the checkpoint twice."""


class BadSignature(Refused):
    """A signature does not hold."""


class TooFewOfficers(Refused):
    """Fewer officers signed than the policy demands."""


class TooFewWitnesses(Refused):
    """Fewer witnesses signed than the policy demands."""


class Forked(Refused):
    """Two signed logs contradict each other. Keep both: together they are proof."""


class WrongSize(Refused):
    """The number of entries is not the one that was signed."""


class WrongRoot(Refused):
    """The entries are not the ones that were signed."""


class NotIncluded(Refused):
    """The entry is not in the signed log."""


class NotConsistent(Refused):
    """The new log does not continue the old one."""


class NotMyBlind(Refused):
    """The entry shown to you was not made for your code."""


class SecondSlip(Refused):
    """Two slips show you one and the same entry."""


class PublicationRefused(Refused):
    """The front did not take the publication; nothing was changed there."""

    def __init__(self, status: int, text: str, detail: str = "") -> None:
        """`status` and `text` are the HTTP status and the body of the front's answer."""
        super().__init__(detail)
        self.status = status
        self.text = text


class BadEpoch(Refused):
    """An entry belongs to an epoch that is past or not yet begun."""


class AmountsAfterTotal(Refused):
    """Amounts were added after their total."""


class AfterBalance(Refused):
    """An entry was added after the balance of its epoch."""


class RepeatedCommitment(Refused):
    """The same hidden amount stands in the log twice."""


class SecondTotal(Refused):
    """A group has two totals."""


class BadCount(Refused):
    """A group does not hold one of the allowed numbers of amounts."""


class WrongTotal(Refused):
    """A total is not the sum of its hidden amounts."""


class SecondBalance(Refused):
    """An epoch has two balances in one currency."""


class MissingTotal(Refused):
    """A group has no total."""


class WrongBalance(Refused):
    """A balance does not follow from its totals."""


class BrokenChain(Refused):
    """A balance does not begin where the one before ended."""


class MissingBalance(Refused):
    """A currency has no balance in an epoch."""


# ---- journal, cases, ledger -------------------------------------------------------------------


class BadSegment(Malformed):
    """A segment of the journal is damaged; it was put aside and the rest was read."""


class BadEvent(Malformed):
    """An event of the journal is not written as it must be."""


class BadCharter(Malformed):
    """The charter is not possible."""


class BadKey(Malformed):
    """This is not a key; look for a mistyped character."""


class BadKeyFile(Malformed):
    """This is not a key file of Poruch, or it is damaged."""


class BadCode(Malformed):
    """This is not a receipt code. Check each word, or the digits."""


class WeakPassphrase(Refused):
    """The passphrase is shorter than 12 characters. Take six or more words drawn at random."""


class PassphrasesDiffer(Refused):
    """The two passphrases are not the same; type the same one twice."""


class FolderInUse(Refused):
    """There is something in this folder already; name a new one."""


class CeremonyStopped(Refused):
    """The desks did not come to one quorum key. Nothing was kept; begin anew."""


class UnknownOfficer(Refused):
    """A segment is signed by nobody on the roster; it was put aside."""


class NotYourChain(Refused):
    """A segment does not continue its officer's chain; it was put aside."""


class NotAllowed(Refused):
    """Your circles do not include this work."""


class AlreadyDone(Refused):
    """This was done before; nothing was written twice."""


class OwnGrant(Refused):
    """Nobody approves a grant that he proposed; ask a colleague."""


class MissingCheck(Refused):
    """A check is missing: a second reader and a screening decision must be on record first."""


class ConflictOfInterest(Refused):
    """The payee is an officer, a donor or a related party; this cannot be paid."""


class AlreadyTaken(Refused):
    """One of these instalments was taken by another batch; nothing is paid twice."""


class NeedsNewerProgram(Refused):
    """A colleague uses a newer Poruch; install it before you decide anything here."""


# ---- rails, screening, submissions ------------------------------------------------------------


class BadStatement(Malformed):
    """This is not a bank statement that can be read."""


class BadIban(Malformed):
    """This is not an IBAN; look for a mistyped letter or digit."""


class BadBic(Malformed):
    """This is not a BIC; it has 8 or 11 letters and digits."""


class BadPayment(Malformed):
    """A payment cannot be written for the bank; a name, a number or a text is missing, too long or not possible."""


class RefusedCountry(Refused):
    """The fund does not pay into a bank of this country; choose another account or another way to pay."""


class BadAmount(Malformed):
    """This is not an amount of money."""


class BadReference(Malformed):
    """This is not a payment reference; look for a mistyped character."""


class BadSubmission(Malformed):
    """The submission has a field that is missing, unknown or not possible."""


class BadList(Malformed):
    """This list of names cannot be read."""


class BadName(Malformed):
    """This name has no letters that can be compared."""


# ---- outside world ----------------------------------------------------------------------------


class RelayUnreachable(Unavailable):
    """The front does not answer. Your work is kept here and is sent when it does."""


class LogUnreachable(Unavailable):
    """No log was found here. Look at the address or the folder, or try again later."""


class StoreBroken(Unavailable):
    """The store on this disk cannot be used; nothing was changed in it."""
