"""Publishing to the log: treasury prepares an epoch, k officers sign, the front takes it, slips are left for codes."""

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date

from poruch.crypto.commitments import check_opening
from poruch.crypto.group import scalar
from poruch.crypto.signatures import raw_verify
from poruch.desk.banking import announcements
from poruch.desk.duties import log_policy
from poruch.desk.program import Desk, Mailing
from poruch.errors import AlreadyDone, BadEvent, CannotOpen, Malformed, MissingCheck, NotAllowed, PoruchError, TooFew
from poruch.events.base import Event
from poruch.events.codec import decode, encode
from poruch.events.drops import GiftAnnouncement, KeptSlips, SlipKeys
from poruch.events.kinds import (
    CheckpointSigned,
    EpochPrepared,
    NoticePublished,
    PublicationProposed,
    PublicationSent,
    SlipsLeft,
)
from poruch.journal.dropbox import open_codes
from poruch.ledger.leaves import make_epoch
from poruch.ledger.publication import select
from poruch.ledger.state import Publication
from poruch.tlog.checkpoints import parse_checkpoint, verify_checkpoint, write_checkpoint
from poruch.tlog.leaves import Amounts, parse_leaf
from poruch.tlog.notes import NoteSignature, parse_note, parse_signatures
from poruch.tlog.policy import parse_policy
from poruch.tlog.publish import (
    Draft,
    LogState,
    build_publication,
    decode_state,
    draft_publication,
    empty_state,
    sign_draft,
)
from poruch.tlog.receipts import make_receipt
from poruch.tlog.slips import Slip, seal_slip
from poruch.tlog.slips import SlipKeys as TlogKeys
from poruch.tlog.tree import Tree

STATE, SIGNED = "log/state", "log/signed"
SLIPS_IN_BODY = 500  # 8220 bytes each


def log_state(desk: Desk) -> LogState:
    """The published log, every leaf of it verified once by this desk."""
    kept = desk.store.fact(STATE)
    state = decode_state(kept) if kept else empty_state(desk.charter.origin)
    before = state.size
    for publication in _sent(desk):
        if publication.proposal.old_size == state.size:
            try:
                draft = draft_publication(state, publication.proposal.leaves, desk.random)
            except PoruchError:
                continue  # the front never took it, whoever says so
            if draft.head.body.decode() == publication.proposal.body:
                state = draft.after
    if state.size != before:
        desk.store.keep_fact(STATE, state.encode())
    return state


def _sent(desk: Desk) -> list[Publication]:
    sent = [publication for publication in desk.ledger.publications.values() if publication.sent]
    return sorted(sent, key=lambda publication: publication.proposal.old_size)


def published_drafts(desk: Desk) -> Iterator[tuple[Publication, Draft]]:
    """Each publication of the log from the first, verified again from the journal alone."""
    state = empty_state(desk.charter.origin)
    for publication in _sent(desk):
        if publication.proposal.old_size == state.size:
            try:
                draft = draft_publication(state, publication.proposal.leaves, desk.random)
            except PoruchError:
                continue  # as in `log_state`
            if draft.head.body.decode() == publication.proposal.body:
                state = draft.after
                yield publication, draft


def shown_signatures(desk: Desk, publication: Publication, draft: Draft) -> tuple[NoteSignature, ...]:
    """The signatures with which a publication was sent; all that hold, where its sender did not tell them truly."""
    try:
        verify_checkpoint(publication.checkpoint, parse_policy((desk.public.policy or "").encode()))
        note = parse_note(publication.checkpoint)
        if note.text == draft.head.body:
            return note.signatures
    except PoruchError:
        pass  # the signatures of the journal are enough
    return parse_signatures("".join(line for _, line in sorted(good_lines(desk, publication).items())))


def kept_slips(desk: Desk, publication: Publication) -> list[tuple[bytes, bytes]]:
    """The slips that were left for a publication, by lookup id, as far as their bodies are here."""
    found: list[tuple[bytes, bytes]] = []
    for sha256 in publication.slips:
        body = desk.store.body(sha256)
        try:
            found += decode(body, KeptSlips).slips if body is not None else ()
        except BadEvent:
            continue  # whoever left it left nothing that a code could find
    return found


def leaves_before(desk: Desk, size: int) -> list[bytes]:
    """The first `size` leaves, from the journal."""
    found: list[bytes] = []
    for publication in _sent(desk):
        if publication.proposal.old_size == len(found):
            found += publication.proposal.leaves
    if len(found) < size:
        raise MissingCheck("this desk does not hold the whole log yet")
    return found[:size]


def slip_keys(desk: Desk, source: str) -> SlipKeys | None:
    """The keys of the code behind a gift or an instalment, if its holder has one."""
    treasury = desk.keys_of("treasury")
    named = len(source) == 64 and set(source) <= set("0123456789abcdef")
    gift = desk.ledger.donations.get(bytes.fromhex(source)) if named else None
    if gift is not None:
        announced = announcements(desk).get(gift.reference)
        return announced.keys if announced else None
    payment = desk.ledger.payments.get(source)
    content = desk.contents.get(payment.item.case) if payment else None
    if content is None or not content.codes:
        return None
    try:
        read = open_codes(content, *treasury)
    except (CannotOpen, Malformed):
        return None
    return None if isinstance(read, GiftAnnouncement) else read


def related_notice(desk: Desk) -> str:
    """The text about related parties, naming nobody. What matched by name alone is not told."""
    credits = [credit for credit in desk.ledger.quarantined.values() if credit.rule == "iban"]
    back = sum(credit.entry in desk.ledger.returned for credit in credits)
    return (
        f"Until the end of this epoch {len(credits)} transfers came from accounts of related parties. "
        f"None was booked as a gift. {back} were returned.\n"
    )


def propose_epoch(desk: Desk, until: date) -> Publication:
    """Prepare the next epoch from everything up to and with `until`, and ask the officers to sign it."""
    if not desk.within("treasury"):
        raise NotAllowed("treasury")
    if any(_waits(desk, publication) for publication in desk.ledger.publications.values()):
        raise AlreadyDone("a publication waits for signatures")
    state = log_state(desk)
    currency, origin = desk.charter.currency, desk.charter.origin
    epoch = state.books.epoch + 1 if state.size else 1
    balance = state.books.balances.get(currency)
    opening_minor = balance.closing_minor if balance else 0
    accounts = tuple(dict.fromkeys(programme.account for programme in desk.charter.programmes))
    selection = select(desk.ledger, accounts, until, currency, opening_minor)
    keys: dict[str, bytes] = {}
    for amounts in selection.groups.values():
        for amount in amounts:
            found = slip_keys(desk, amount.source)
            if found is not None:
                keys[amount.source] = found.blind_key
    text = related_notice(desk)
    policy = desk.public.policy or ""
    notices = {"related-parties": hashlib.sha256(text.encode()).hexdigest()}
    if epoch == 1:
        notices["policy"] = hashlib.sha256(policy.encode()).hexdigest()
    made = make_epoch(origin, epoch, selection, opening_minor, keys, notices, desk.random)
    draft = draft_publication(state, made.leaves, desk.random)
    proposal = PublicationProposed(epoch, state.size, made.leaves, draft.head.body.decode())
    events: list[Event] = [NoticePublished("related-parties", text), made.prepared, proposal]
    desk.act(events)
    return next(reversed(desk.ledger.publications.values()))


def _waits(desk: Desk, publication: Publication) -> bool:
    """Colleagues may still sign it: what does not hold must not stop the log for ever."""
    if publication.sent:
        return False
    try:
        draft_of(desk, publication)
    except PoruchError:
        return False
    return True


def draft_of(desk: Desk, publication: Publication) -> Draft:
    """The draft of a publication, verified by this desk. Raises what the log's rules raise."""
    state = log_state(desk)
    if publication.proposal.old_size != state.size:
        raise AlreadyDone("the log has grown since; prepare the epoch again")
    draft = draft_publication(state, publication.proposal.leaves, desk.random)
    if draft.head.body.decode() != publication.proposal.body:
        raise NotAllowed("the head is not that of the leaves")
    return draft


def _check_books(desk: Desk, prepared: EpochPrepared | None, publication: Publication) -> None:
    """A treasurer signs only what his own books say: each commitment is one of the hidden side, and each amount there
    is a whole gift, cost or payment of his books that no epoch has told."""
    if prepared is None or prepared.epoch != publication.proposal.epoch:
        raise MissingCheck("the hidden side of this epoch is not here yet")
    _check_commitments(prepared, publication)
    told: Counter[tuple[str, str]] = Counter()
    for group in prepared.groups:
        for amount in group.amounts:
            if amount.amount_minor and not amount.source:
                raise NotAllowed("an amount stands in the epoch that is not in your books")
            if amount.source:
                told[(group.side, amount.source)] += amount.amount_minor
    for (side, source), amount_minor in told.items():
        if f"{side}/{source}" in desk.ledger.published or _in_books(desk, side, source) != amount_minor:
            raise NotAllowed("an amount stands in the epoch that is not in your books")


def _check_commitments(prepared: EpochPrepared, publication: Publication) -> None:
    hidden = [(g.side, g.account, g.currency, amount) for g in prepared.groups for amount in g.amounts]
    shown = [
        (leaf.side, leaf.account, leaf.currency, point)
        for leaf in map(parse_leaf, publication.proposal.leaves)
        if isinstance(leaf, Amounts)
        for point in leaf.commitments
    ]
    if [row[:3] for row in hidden] != [row[:3] for row in shown]:
        raise NotAllowed("the hidden side is not that of the leaves")
    for (*_, amount), (*_, point) in zip(hidden, shown, strict=True):
        check_opening(point, amount.amount_minor, scalar(amount.blind))


def _in_books(desk: Desk, side: str, source: str) -> int | None:
    """The minor units that the books hold for a source on one side of the log; None where they hold none."""
    payment = desk.ledger.payments.get(source)
    if payment is not None:
        stands = payment.state in (("settled", "returned") if side == "out" else ("returned",))
        return payment.item.amount_minor if stands else None
    if len(source) != 64 or not set(source) <= set("0123456789abcdef"):
        return None
    entry = (desk.ledger.donations if side == "in" else desk.ledger.costs).get(bytes.fromhex(source))
    return entry.amount_minor if entry is not None else None


def sign(desk: Desk, publication: Publication) -> None:
    """Sign the checkpoint of a publication, once this desk has verified all of it."""
    if desk.number in publication.lines:
        raise AlreadyDone("you signed it")
    if desk.public.policy != log_policy(desk):
        raise NotAllowed("the policy of the log is not that of the charter and the roster")
    draft = draft_of(desk, publication)
    if desk.within("treasury"):
        _check_books(desk, publication.prepared, publication)
    leaves = leaves_before(desk, draft.old_size) + list(draft.entries)
    kept = desk.store.fact(SIGNED)
    last = parse_checkpoint(kept).head if kept else None
    signature = sign_draft(draft, desk.key.log, Tree.of(leaves), last)
    desk.store.keep_fact(SIGNED, draft.head.body + b"\n" + signature.line.encode())
    desk.act([CheckpointSigned(publication.id, signature.line)])


def signatures_missing(desk: Desk, publication: Publication) -> int:
    """How many more officers must sign."""
    return max(0, desk.charter.k - len(good_lines(desk, publication)))


def good_lines(desk: Desk, publication: Publication) -> dict[int, str]:
    """The signature lines that hold, by officer: a colleague's rubbish must not stand for a signature."""
    found: dict[int, str] = {}
    body = publication.proposal.body.encode()
    known = desk.public.roster.former | desk.public.officers
    for officer, line in publication.lines.items():
        keys = known.get(officer) if officer in desk.charter.numbers else None  # others are not in the log's policy
        try:
            [signature] = parse_signatures(line.rstrip("\n") + "\n")
            if keys is not None:
                raw_verify(keys.log, body, signature.signature)
                found[officer] = signature.line
        except (PoruchError, ValueError):
            continue
    return found


def send(desk: Desk, publication: Publication) -> None:
    """Give a signed publication to the front, which shows its checkpoint once the witnesses have signed too."""
    if signatures_missing(desk, publication):
        raise TooFew(f"{signatures_missing(desk, publication)} more must sign")
    if desk.relay is None:
        raise MissingCheck("no front is named")
    draft = draft_of(desk, publication)
    lines = "".join(line for _, line in sorted(good_lines(desk, publication).items()))
    signatures = parse_signatures(lines)
    desk.relay.publish(build_publication(draft, signatures))
    desk.act([PublicationSent(publication.id, write_checkpoint(draft.head, signatures))])


def _nonce_for(keys: SlipKeys, slip: Slip) -> Callable[[int], bytes]:
    """The nonce of a slip comes from its content, so that two treasurers who leave it leave the same bytes once."""
    content = b"".join((slip.nonce, hashlib.sha256(slip.entry).digest(), slip.receipt))
    return lambda length: hmac.new(keys.slip_key, b"poruch/slip-nonce/v1\n" + content, hashlib.sha256).digest()[:length]


def leave_slips(desk: Desk, publication: Publication) -> int:
    """Leave a slip for every amount whose giver or payee holds a code, from the checkpoint that the front shows.

    Returns how many were left, and tells treasury that it is done. Raises `AlreadyDone`, `MissingCheck`.
    """
    if publication.slips_left:
        raise AlreadyDone("the slips were left")
    if desk.relay is None or publication.prepared is None:
        raise MissingCheck("no front is named, or the hidden side is not here")
    checkpoint = desk.relay.public("/log/checkpoint")
    if checkpoint is None:
        raise MissingCheck("the front shows no checkpoint yet")
    signed = verify_checkpoint(checkpoint, parse_policy((desk.public.policy or "").encode()))
    leaves = leaves_before(desk, signed.head.size)
    tree = Tree.of(leaves)
    if tree.root(signed.head.size) != signed.head.root:
        raise MissingCheck("the front shows another log than ours")
    if signed.head.size < publication.proposal.old_size + len(publication.proposal.leaves):
        raise MissingCheck("the front does not show this epoch yet")
    slips: list[tuple[bytes, bytes]] = []
    index = publication.proposal.old_size
    for group in publication.prepared.groups:
        for at, amount in enumerate(group.amounts):
            keys = slip_keys(desk, amount.source) if amount.source else None
            if keys is None:
                continue
            leaf = index + at // 8
            receipt = make_receipt(
                leaf, tree.inclusion(leaf), checkpoint, at % 8, amount.amount_minor, scalar(amount.blind)
            )
            slip = Slip(amount.nonce, leaves[leaf], receipt)
            slips.append(
                (
                    keys.lookup_id,
                    seal_slip(TlogKeys(keys.lookup_id, keys.slip_key, keys.blind_key), slip, _nonce_for(keys, slip)),
                )
            )
        index += len(group.amounts) // 8
    kept = [
        Mailing.of(encode(KeptSlips(tuple(slips[at : at + SLIPS_IN_BODY]))))
        for at in range(0, len(slips), SLIPS_IN_BODY)
    ]
    desk.relay.leave_slips(slips)
    desk.act([SlipsLeft(publication.id, tuple(one.sha256 for one in kept))], kept)
    return len(slips)
