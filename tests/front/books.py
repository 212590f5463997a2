"""Epochs for the front's tests: real leaves, range proofs and signatures of the fund's officers."""

import os
from dataclasses import dataclass, field

from front.fund import ORIGIN, Fund
from poruch.crypto.codes import CodeKeys
from poruch.crypto.commitments import blind_for, fresh_blind
from poruch.tlog.checkpoints import sign_head, write_checkpoint
from poruch.tlog.grouping import HiddenAmount, make_group
from poruch.tlog.leaves import Balance, encode_leaf
from poruch.tlog.publish import LogState, build_publication, draft_publication, empty_state
from poruch.tlog.receipts import make_receipt
from poruch.tlog.slips import Slip, seal_slip
from poruch.tlog.tree import Tree


@dataclass
class Log:
    """The log as the officers hold it."""

    fund: Fund
    state: LogState = field(default_factory=lambda: empty_state(ORIGIN))
    entries: list[bytes] = field(default_factory=list)
    closing_minor: int = 0
    epoch: int = 0

    def next_epoch(
        self, gifts: tuple[int, ...], kinds: dict[str, tuple[int, ...]], keys: CodeKeys | None = None
    ) -> tuple[bytes, bytes]:
        """The publication of an epoch; with `keys`, the first gift is theirs, and its slip comes too."""
        self.epoch += 1
        nonce = os.urandom(32)
        blinds = [blind_for(keys.blind_key, nonce) if keys and not i else fresh_blind() for i in range(len(gifts))]
        given = [HiddenAmount(amount, blind) for amount, blind in zip(gifts, blinds, strict=True)]
        came = make_group(ORIGIN, self.epoch, ("in", "gifts", "EUR"), given, os.urandom)
        new = [*came.amounts, came.total]
        out_minor = 0
        for account, amounts in kinds.items():
            hidden = [HiddenAmount(amount, fresh_blind()) for amount in amounts]
            went = make_group(ORIGIN, self.epoch, ("out", account, "EUR"), hidden, os.urandom)
            new += [*went.amounts, went.total]
            out_minor += went.total_minor
        opening, self.closing_minor = self.closing_minor, self.closing_minor + came.total_minor - out_minor
        new.append(encode_leaf(Balance(self.epoch, "EUR", opening, came.total_minor, out_minor, self.closing_minor)))
        draft = draft_publication(self.state, new, os.urandom)
        lines = [sign_head(draft.head, self.fund.officers[number].log) for number in (1, 2)]
        body = build_publication(draft, lines)
        slip = b""
        if keys is not None:
            leaf, position = came.places[0]
            index = len(self.entries) + leaf
            tree = Tree.of([*self.entries, *new])
            checkpoint = write_checkpoint(draft.head, lines)
            receipt = make_receipt(index, tree.inclusion(index), checkpoint, position, gifts[0], blinds[0])
            slip = seal_slip(keys, Slip(nonce, came.amounts[leaf], receipt), os.urandom)
        self.entries += new
        self.state = draft.after
        return body, slip
