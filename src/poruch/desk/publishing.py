"""Publishing to the log: treasury prepares an epoch, k officers sign, the front takes it, slips are left for codes."""

import hashlib
from datetime import date

from poruch.crypto.group import scalar
from poruch.desk.banking import announcements
from poruch.desk.duties import log_policy
from poruch.desk.program import Desk
from poruch.errors import AlreadyDone, CannotOpen, Malformed, MissingCheck, NotAllowed, TooFew
from poruch.events.drops import GiftAnnouncement, SlipKeys
from poruch.events.kinds import (
    CheckpointSigned,
    EpochPrepared,
    Event,
    NoticePublished,
    PublicationProposed,
    PublicationSent,
)
from poruch.journal.dropbox import open_codes
from poruch.ledger.leaves import make_epoch
from poruch.ledger.publication import select
from poruch.ledger.state import Publication
from poruch.tlog.checkpoints import parse_checkpoint, verify_checkpoint
from poruch.tlog.notes import parse_signatures
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


def log_state(desk: Desk) -> LogState:
    """The published log, every leaf of it verified once by this desk."""
    kept = desk.store.fact(STATE)
    state = decode_state(kept) if kept else empty_state(desk.charter.origin)
    before = state.size
    for publication in _sent(desk):
        if publication.proposal.old_size == state.size:
            state = draft_publication(state, publication.proposal.leaves, desk.random).after
    if state.size != before:
        desk.store.keep_fact(STATE, state.encode())
    return state


def _sent(desk: Desk) -> list[Publication]:
    sent = [publication for publication in desk.ledger.publications.values() if publication.sent]
    return sorted(sent, key=lambda publication: publication.proposal.old_size)


def leaves_before(desk: Desk, size: int) -> list[bytes]:
    """The first `size` leaves, from the journal."""
    found = [leaf for publication in _sent(desk) for leaf in publication.proposal.leaves]
    if len(found) < size:
        raise MissingCheck("this desk does not hold the whole log yet")
    return found[:size]


def slip_keys(desk: Desk, source: str) -> SlipKeys | None:
    """The keys of the code behind a gift or an instalment, if its holder has one."""
    treasury = desk.circle("treasury")
    gift = desk.ledger.donations.get(bytes.fromhex(source)) if len(source) == 64 else None
    if gift is not None:
        announced = announcements(desk).get(gift.reference)
        return announced.keys if announced else None
    payment = desk.ledger.payments.get(source)
    content = desk.contents.get(payment.item.case) if payment else None
    if content is None or not content.codes:
        return None
    try:
        read = open_codes(content, treasury)
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
    if any(not publication.sent for publication in desk.ledger.publications.values()):
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
    """A treasurer signs only what his own books say."""
    if prepared is None or prepared.epoch != publication.proposal.epoch:
        raise MissingCheck("the hidden side of this epoch is not here yet")
    for group in prepared.groups:
        for amount in group.amounts:
            if not amount.source:
                continue
            gift = desk.ledger.donations.get(bytes.fromhex(amount.source)) if len(amount.source) == 64 else None
            cost = desk.ledger.costs.get(bytes.fromhex(amount.source)) if len(amount.source) == 64 else None
            payment = desk.ledger.payments.get(amount.source)
            if gift is None and cost is None and payment is None:
                raise NotAllowed("an amount stands in the epoch that is not in your books")


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
    return max(0, desk.charter.k - len(publication.lines))


def send(desk: Desk, publication: Publication) -> None:
    """Give a signed publication to the front, which shows its checkpoint once the witnesses have signed too."""
    if signatures_missing(desk, publication):
        raise TooFew(f"{signatures_missing(desk, publication)} more must sign")
    if desk.relay is None:
        raise MissingCheck("no front is named")
    draft = draft_of(desk, publication)
    lines = "".join(publication.lines[officer].rstrip("\n") + "\n" for officer in sorted(publication.lines))
    desk.relay.publish(build_publication(draft, parse_signatures(lines)))
    desk.act([PublicationSent(publication.id)])


def leave_slips(desk: Desk, publication: Publication) -> int:
    """Leave a slip for every amount whose giver or payee holds a code, from the checkpoint that the front shows.

    Returns how many were left.
    """
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
                (keys.lookup_id, seal_slip(TlogKeys(keys.lookup_id, keys.slip_key, keys.blind_key), slip, desk.random))
            )
        index += len(group.amounts) // 8
    desk.relay.leave_slips(slips)
    return len(slips)
