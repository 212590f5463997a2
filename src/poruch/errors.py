"""Every way to fail, drawn as a tree.

PoruchError
├── Malformed                      bytes from outside that are not what they should be
│   ├── BadPoint BadScalar BadU BadPlace BadHeader NoProof BadProof
│   ├── BadDealing BadDigest BadSubshare BadAnswer BadRequest
│   ├── BadNote BadPolicy BadLeaf BadReceipt BadSlip BadRangeProof BadPublication BadTile
│   ├── BadSegment BadEvent BadCharter BadKey BadKeyFile BadCode BadPaper
│   ├── BadInvitation BadFoundingSecret BadHello BadWords BadWorkingName BadReleaseKeys
│   ├── BadKeeperKey BadPack BadDatabaseLine BadFrontKey BadEvidence
│   ├── UnknownEvent                                                      a kind of BadEvent
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
│   ├── OpeningStopped OpeningWithdrawn UnreadObjection
│   ├── FundFrozenNow RightUsed RightResting StaleRoster TooManyProposals NotConfirmed Suspended BadReason WrongCircles
│   ├── NotOfQuorum AnotherConfirms NotTried TooFewDealers Removed        kinds of NotAllowed
│   ├── BadHours
│   ├── StillMoving StillOpen MustStay OtherBodies CaseErased ProvesNothing
│   ├── UnknownInvitation InvitationUsed TooManyInvitations NumberGiven WrongInviter NotInCharter OwnWords WordsDiffer
│   ├── WrongFoundingSecret PlanChanged NoFoundingHere
│   ├── TooFewSigners NotThisRelease
│   ├── SamePassphrase PapersDiffer WrongFund NotOnRoster WrongShareWords OldPaper
│   ├── DatabaseFileOpen RowsElsewhere
│   └── AlreadyTaken NeedsNewerProgram RefusedCountry PassphrasesDiffer FolderInUse CeremonyStopped
├── CannotOpen                     the key at hand does not open this
│   ├── NotForThisKey NotForThisGroup BadMac BadPayload WrongPassphrase
└── Unavailable                    try again later; nothing was stored
    ├── RelayUnreachable LogUnreachable StoreBroken UnfitDatabase CannotRebuild FrontNeeded
    ├── CannotWatch NoPages NoReleaseKeys
    ├── FolderBroken NoKeeperKey KeeperNotServed CatchingUp SyncInTab
    ├── DeskRunning DeskNotRunning DeskEnded NothingCounted NotADesk NotConfirmedByWord NotWiped DiskFull

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


class BadReleaseKeys(Malformed):
    """This is no file of release keys; take the one that lies in a copy of the program that you trust."""


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


class TooFewSigners(Refused):
    """Fewer people signed this release than must: do not install it, and ask where it comes from."""


class NotThisRelease(Refused):
    """This file is not the one that was signed: delete it, fetch it again, and do not install it."""


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


class UnknownEvent(BadEvent):
    """This event is of a kind that this program does not know; a newer Poruch wrote it."""


class BadCharter(Malformed):
    """The charter is not possible."""


class BadKey(Malformed):
    """This is not a key; look for a mistyped character."""


class BadKeyFile(Malformed):
    """This is not a key file of Poruch, or it is damaged."""


class BadCode(Malformed):
    """This is not a receipt code. Check each word, or the digits."""


class BadPaper(Malformed):
    """This is not what stands on a paper of this program; look at the place that is named, and type it again."""


class WeakPassphrase(Refused):
    """The passphrase is shorter than 12 characters. Take six or more words drawn at random."""


class PassphrasesDiffer(Refused):
    """The two passphrases are not the same; type the same one twice."""


class SamePassphrase(Refused):
    """The duress passphrase is the same as your own; choose another one."""


class PapersDiffer(Refused):
    """The share words are of another officer or fund than the key words; take both from one paper."""


class WrongFund(Refused):
    """The front serves another fund than the one on this paper; name the address of your own fund's front."""


class NotOnRoster(Refused):
    """The front does not take this key: it is another fund's, or you were suspended or removed; ask a colleague."""


class WrongShareWords(Refused):
    """No share with these words was dealt to you; take them from your newest paper, or leave them out."""


class OldPaper(Refused):
    """This paper does not hold your present share; print a new one and destroy this."""


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


class FundFrozenNow(Refused):
    """The fund is frozen: no payments, openings or changes of the roster until enough officers thaw it."""


class RightUsed(Refused):
    """A freeze or suspension of yours is in force that your colleagues have not confirmed; ask them to decide on it."""


class RightResting(Refused):
    """Your right to freeze or suspend rests for 30 days, as your colleagues decided; ask one of them to do it."""


class NotOfQuorum(NotAllowed):
    """Only an officer who holds a share decides this; ask one of them."""


class AnotherConfirms(NotAllowed):
    """Another officer, who has spoken with him, confirms a restored desk; ask a colleague."""


class NotTried(NotAllowed):
    """The new shares have not opened their trial yet; keep your old paper until this desk asks for it again."""


class TooFewDealers(NotAllowed):
    """Too few officers with a share are there to deal the key anew; wait for them, or lift suspensions first."""


class Removed(NotAllowed):
    """You are no longer an officer of this fund, and what this desk says does not count; ask your former colleagues."""


class BadReason(Refused):
    """Say why, in one to a thousand characters; your colleagues decide by it."""


class BadHours(Refused):
    """Hours for your appearance are 0 for none, or 12 to 720; type another number."""


class WrongCircles(Refused):
    """These circles are not possible: each member must be an officer, and casework and treasury need somebody."""


class Suspended(Refused):
    """You are suspended and only your votes count; call a colleague, for enough officers can lift it."""


class StaleRoster(Refused):
    """The roster has changed since this was proposed; look at the roster and propose it again."""


class TooManyProposals(Refused):
    """Three changes that you proposed wait already; ask your colleagues to decide on them first."""


class NotConfirmed(Refused):
    """This restored desk waits until another officer, who has spoken with you, confirms it; call a colleague."""


class OpeningStopped(Refused):
    """A colleague objected to this opening; it goes on when enough officers have read the objection and uphold it."""


class OpeningWithdrawn(Refused):
    """Who asked for this opening withdrew it; whoever still needs it asks anew."""


class UnreadObjection(Refused):
    """There is an objection that you have not read; read it, and decide again."""


class NeedsNewerProgram(Refused):
    """A colleague uses a newer Poruch; install it before you decide anything here."""


class StillMoving(Refused):
    """An instalment of this case is under way; erase when the bank has confirmed it or sent it back."""


class StillOpen(Refused):
    """An opening of this person's name or bank details is not over; finish it or withdraw it, and erase then."""


class MustStay(Refused):
    """Bank details of a payment stay for as long as the charter says, and nothing else is left here to erase."""


class OtherBodies(Refused):
    """What is to be erased is not what one person sent; do not approve it, and ask who proposed it."""


class CaseErased(Refused):
    """What this person sent is erased, and with it the address to answer to; wait until the person writes again."""


class BadEvidence(Malformed):
    """This is not a proof from the page of errors, or it was changed; save it once more at the desk."""


class ProvesNothing(Refused):
    """This shows what arrived; it proves nothing against anybody, for no officer signed it."""


# ---- invitations (docs/spec/invitation.md) ----------------------------------------------------


class BadInvitation(Malformed):
    """This is not an invitation; look for a mistyped character, or ask for the line once more."""


class BadFoundingSecret(Malformed):
    """This is not the founding secret of a front; look for a mistyped character, or ask who made the front."""


class BadHello(Malformed):
    """What came to this invitation is not from the invited; throw it away and invite anew, by another way."""


class BadWords(Malformed):
    """These are not three words of the list; look for a mistyped letter, or have them read once more."""


class BadWorkingName(Malformed):
    """A working name has 1 to 40 characters that can be seen, and no space at its ends; choose another."""


class UnknownInvitation(Refused):
    """The front does not know this invitation: it is older than 30 days or of another front. Ask for a new one."""


class InvitationUsed(Refused):
    """Somebody has used this invitation before; speak to the person who invited you and ask for a new one."""


class TooManyInvitations(Refused):
    """Too many invitations wait on the front; let the invited come first, or wait until the old ones end."""


class NumberGiven(Refused):
    """This number was given before, and no number is given twice; choose another."""


class WrongInviter(Refused):
    """The answer is not from the person whose invitation you hold; do not go on, and speak to that person."""


class NotInCharter(Refused):
    """The charter does not have your key under your number; do not go on, and meet the first founder."""


class OwnWords(Refused):
    """These are your own words; type those that a colleague read to you."""


class WordsDiffer(Refused):
    """No colleague's desk has these words. Hear them once more; if they stay, stop and meet the first founder."""


class WrongFoundingSecret(Refused):
    """This front waits for another founding secret, or has a fund already; ask who made the front."""


class PlanChanged(Refused):
    """The invitations were made for another plan or front; go on with the old one, or begin in a new folder."""


class NoFoundingHere(Refused):
    """No founding was begun in this folder; name the plan and the front."""


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


class FrontNeeded(Unavailable):
    """The front does not answer, and words alone are not enough: wait for it, or type the line under the QR code."""


class RelayUnreachable(Unavailable):
    """The front does not answer. Your work is kept here and is sent when it does."""


class NoReleaseKeys(Unavailable):
    """This copy of the program knows nobody who signs releases; name a file of keys that you trust with --keys."""


class LogUnreachable(Unavailable):
    """No log was found here. Look at the address or the folder, or try again later."""


class CannotWatch(Unavailable):
    """This desk cannot tell what the front must show: sync it, and install the program whole."""


class NoPages(Unavailable):
    """The front answers desks, but shows people no pages; ask whoever runs it what happened."""


class StoreBroken(Unavailable):
    """The store on this disk cannot be used; nothing was changed in it."""


class DiskFull(StoreBroken):
    """The disk of this computer is full, so nothing was stored; make room on it and do it again."""


class BadDatabaseLine(Malformed):
    """The file `database` in the front's folder must be one line that names a database; see the manual."""


class DatabaseFileOpen(Refused):
    """Others on this machine may read the file with the database's password; take that right from them: chmod 600."""


class BadFrontKey(Malformed):
    """PORUCH_FRONT_KEY must be 64 hexadecimal digits; draw one with `openssl rand -hex 32` and start again."""


class UnfitDatabase(Unavailable):
    """The database is not set as a front needs it; ask whoever runs it to change this, and start the front again."""


class RowsElsewhere(Refused):
    """This front's rows lie in another database than its folder names; move them first with `poruch front --move`."""


class CannotRebuild(Unavailable):
    """No front can be made from this desk as it is; sync it, or take another desk. Nothing was left behind."""


class FolderBroken(Unavailable):
    """The folder cannot be used; look whether the stick is in, whole and not full, and sync again."""


class NoKeeperKey(Unavailable):
    """There is no keeper's key here; make one on your desk, under Officers, and bring the file keeper.key."""


class BadKeeperKey(Malformed):
    """This is not a keeper's key; make one on your desk, under Officers, and bring the file whole."""


class KeeperNotServed(Unavailable):
    """The front does not serve this keeper; name it on your desk, under Officers, and let the desk sync."""


class BadPack(Malformed):
    """A file of segments is not of the form it should be."""


class CatchingUp(Unavailable):
    """This desk is catching up with the journal; wait until it is through, for this needs the whole of it."""


# ---- a desk's process -------------------------------------------------------------------------


class DeskRunning(Unavailable):
    """Another process serves this desk; end it where it was started, or go on in the tab that it opened."""


class SyncInTab(DeskRunning):
    """This desk is running; in its tab open Journal and sync with the folder there."""


class DeskNotRunning(Unavailable):
    """No desk runs in this folder; start it with `poruch desk`, or name the folder of the one that runs."""


class DeskEnded(Unavailable):
    """The desk ended before it could answer; start it again, and tell whoever looks after the program if it recurs."""


class NothingCounted(Unavailable):
    """The desk has counted nothing since yesterday; unlock it, and it counts with the next sync."""


class NotADesk(Unavailable):
    """There is no desk in this folder; name the folder of a desk."""


class NotConfirmedByWord(Unavailable):
    """Nothing was done; start again and type the word that is asked for."""


class NotWiped(Unavailable):
    """The key file could not be destroyed; turn the computer off and destroy its disk."""
