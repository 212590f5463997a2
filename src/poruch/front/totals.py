"""What the published log says in sums: since the founding, by epoch, by kind of help."""

from collections.abc import Iterable
from dataclasses import dataclass

from poruch.front.models import Leaf, LogState
from poruch.tlog.leaves import Balance, Total, parse_leaf

COST = "cost-"


@dataclass(frozen=True)
class Row:
    """One line with a bar; amounts in minor units. `kind` is the look of the bar: plain, second or cost."""

    account: str
    amount_minor: int
    kind: str


@dataclass(frozen=True)
class Epoch:
    """One publication: what came in, what went to people, what the fund cost, what was left."""

    number: int
    received_minor: int
    paid_minor: int
    cost_minor: int
    closing_minor: int
    kinds: tuple[Row, ...]

    @property
    def largest_minor(self) -> int:
        """The longest bar of its kinds."""
        return max((row.amount_minor for row in self.kinds), default=0)


@dataclass(frozen=True)
class Accounts:
    """All of the log in one currency. `opening_minor` is what the fund says it began with."""

    currency: str
    opening_minor: int
    epochs: tuple[Epoch, ...]

    @property
    def received_minor(self) -> int:
        """Since the founding."""
        return sum(epoch.received_minor for epoch in self.epochs)

    @property
    def paid_minor(self) -> int:
        """To people, since the founding."""
        return sum(epoch.paid_minor for epoch in self.epochs)

    @property
    def cost_minor(self) -> int:
        """Costs of the fund, since the founding."""
        return sum(epoch.cost_minor for epoch in self.epochs)

    @property
    def closing_minor(self) -> int:
        """What was left at the end of the last epoch."""
        return self.epochs[-1].closing_minor if self.epochs else self.opening_minor

    @property
    def last(self) -> Epoch | None:
        """The last epoch."""
        return self.epochs[-1] if self.epochs else None

    @property
    def largest_minor(self) -> int:
        """The longest bar of all epochs."""
        return max((max(epoch.received_minor, epoch.paid_minor) for epoch in self.epochs), default=0)


def read(currency: str, state: LogState | None) -> Accounts:
    """The accounts of the leaves that the shown checkpoint covers; they were verified when they were published."""
    rows = Leaf.objects.filter(index__lt=state.size).order_by("index") if state else Leaf.objects.none()
    return add_up(currency, (parse_leaf(bytes(row.leaf)) for row in rows))


def add_up(currency: str, leaves: Iterable[object]) -> Accounts:
    """The accounts that verified leaves make."""
    totals: dict[int, list[Total]] = {}
    balances: list[Balance] = []
    for leaf in leaves:
        if isinstance(leaf, Total) and leaf.currency == currency:
            totals.setdefault(leaf.epoch, []).append(leaf)
        elif isinstance(leaf, Balance) and leaf.currency == currency:
            balances.append(leaf)
    epochs = tuple(_epoch(balance, totals.get(balance.epoch, [])) for balance in balances)
    return Accounts(currency, balances[0].opening_minor if balances else 0, epochs)


def _epoch(balance: Balance, totals: list[Total]) -> Epoch:
    out = sorted((t for t in totals if t.side == "out"), key=lambda t: (t.account.startswith(COST), -t.total_minor))
    cost_minor = sum(total.total_minor for total in out if total.account.startswith(COST))
    kinds = tuple(
        Row(total.account, total.total_minor, "cost" if total.account.startswith(COST) else "plain")
        for total in out
        if total.total_minor
    )
    return Epoch(
        balance.epoch, balance.in_minor, balance.out_minor - cost_minor, cost_minor, balance.closing_minor, kinds
    )
