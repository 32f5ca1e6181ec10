"""An account that follows signals under the rules of the Vietnamese market, session by session."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stock_ai.errors import InvalidInputError
from stock_ai.evaluation.market_table import MarketTable, carried
from stock_ai.evaluation.report import Rules
from stock_ai.indicators.panel import Flags, Floats
from stock_ai.ml.cross_section import Integers


@dataclass(frozen=True, slots=True, eq=False)
class Trades:
    """What was traded, in the order of trading; arrays of shape (trades,).

    Attributes:
        session: position in the table's sessions.
        symbol: position in the table's symbols.
        shares: bought, or below zero sold. A sale may be of a fraction, which a corporate action left.
        price: as traded, VND.
        cost: commission and tax, whole VND.
    """

    session: Integers
    symbol: Integers
    shares: Floats
    price: Floats
    cost: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Account:
    """An account over consecutive sessions; arrays of shape (sessions,), VND, at the close unless said otherwise.

    Attributes:
        session: positions in the table's sessions; at the first one nothing has been traded yet.
        equity: cash, money on its way and holdings.
        cash: what can be spent.
        due: proceeds of sales that have not settled.
        opened: value of the holdings at the open, after its trades.
        cost: commission and tax of the session.
        trades: all trades.
        missed: purchases given up.
        postponed: sales put off, counted once for each session.
    """

    session: Integers
    equity: Floats
    cash: Floats
    due: Floats
    opened: Floats
    cost: Floats
    trades: Trades
    missed: int
    postponed: int

    @property
    def holdings(self) -> Floats:
        """Value of the stocks at each close."""
        return self.equity - self.cash - self.due


def simulate(wanted: Flags, table: MarketTable, rules: Rules, first: int, last: int) -> Account:
    """Follow `wanted` from the close of session `first` to that of session `last`.

    Each open buys what was wanted at the close before, in equal parts, for equity / (`hold` + `settlement`): the money
    of a purchase comes back after so many sessions. After `hold` sessions it is sold at the open, unless it is wanted
    again: then it stays as it is for another `hold`. A purchase that cannot be made is given up; a sale waits for the
    next session that allows it. There is no cap on a sale, whose size the purchase has capped.

    Corporate actions: shares change by the inverse of the adjustment, as if dividends bought shares on the ex-date, so
    that a holding earns what the adjusted price earns. Without a bar it is worth its last price.

    Args:
        wanted: (sessions, stocks) what the signals of each session choose.
        table: the market.
        rules: what the account is bound by.
        first: position of the first session; the account holds only cash.
        last: position of the last session.

    Raises:
        InvalidInputError: the rules would sell shares that have not settled.
    """
    if rules.hold < max(rules.settlement, 1):
        raise InvalidInputError(f"hold: {rules.hold} is shorter than the settlement of {rules.settlement} sessions")
    count = last - first + 1
    close = carried(table.adjusted_close)
    can_buy, can_sell = table.tradable & ~table.limit_up, table.tradable & ~table.limit_down
    # Units are shares over the adjustment factor: they stay the same through corporate actions.
    units = np.zeros((rules.hold, len(table.symbols)))
    late: Floats = np.zeros(len(table.symbols))
    equity, cash, due, opened, cost = (np.zeros(count) for _ in range(5))
    equity[0] = cash[0] = money = rules.capital
    arriving = np.zeros(count + rules.settlement)
    ledger: list[tuple[int, Integers, Floats, Floats, Floats]] = []
    missed = postponed = 0
    for row in range(1, count):
        day = first + row
        slot, chosen = row % rules.hold, wanted[day - 1]
        price, factor = table.open[day], table.adjusted_open[day] / table.open[day]

        leaving = units[slot] + late
        kept = chosen & (leaving > 0)
        late = np.where(can_sell[day] | kept, 0.0, leaving)
        postponed += int(np.count_nonzero(late))
        (sold,) = np.nonzero((leaving > 0) & can_sell[day] & ~kept)
        shares = leaving[sold] * factor[sold]
        proceeds = np.rint(shares * price[sold])
        fee = np.rint(proceeds * (rules.commission + rules.sale_tax))
        arriving[row + rules.settlement] += (proceeds - fee).sum()
        money += arriving[row]
        ledger.append((day, sold, -shares, price[sold], fee))
        units[slot] = np.where(kept, leaving, 0.0)

        asked = chosen & ~kept
        (bought,) = np.nonzero(asked & can_buy[day])
        part = equity[row - 1] / (rules.hold + rules.settlement) / max(int(chosen.sum()), 1)
        part = min(part, money / max(len(bought), 1))
        shares = _affordable(part, price[bought], table.average_volume[day - 1, bought], rules)
        bought, shares = bought[shares > 0], shares[shares > 0]
        spent = shares * price[bought]
        commission = np.rint(spent * rules.commission)
        money -= (spent + commission).sum()
        ledger.append((day, bought, shares, price[bought], commission))
        units[slot, bought] = shares / factor[bought]
        missed += int(asked.sum()) - len(bought)

        held = units.sum(axis=0) + late
        opening = np.where(np.isfinite(table.adjusted_open[day]), table.adjusted_open[day], close[day - 1])
        opened[row] = _worth(held, opening)
        cash[row], due[row] = money, arriving[row + 1 :].sum()
        cost[row] = fee.sum() + commission.sum()
        equity[row] = money + due[row] + _worth(held, close[day])
    return Account(
        session=np.arange(first, last + 1),
        equity=equity,
        cash=cash,
        due=due,
        opened=opened,
        cost=cost,
        trades=_trades(ledger),
        missed=missed,
        postponed=postponed,
    )


def _affordable(part: float, price: Floats, volume: Floats, rules: Rules) -> Floats:
    """Whole lots that `part` VND each can buy, within the volume."""
    # The rounding of the commission takes half a VND at most.
    most = max(part - 1, 0) / (price * (1 + rules.commission))
    most = np.minimum(most, rules.participation * np.nan_to_num(volume))
    shares: Floats = np.floor(most / rules.lot) * rules.lot
    return shares


def _worth(units: Floats, price: Floats) -> float:
    held = units > 0
    return float(units[held] @ price[held])


def _trades(ledger: list[tuple[int, Integers, Floats, Floats, Floats]]) -> Trades:
    empty = np.empty(0)
    return Trades(
        session=np.repeat([day for day, *_ in ledger], [len(stocks) for _, stocks, *_ in ledger]).astype(np.int64),
        symbol=np.concatenate([np.empty(0, dtype=np.int64), *(entry[1] for entry in ledger)]),
        shares=np.concatenate([empty, *(entry[2] for entry in ledger)]),
        price=np.concatenate([empty, *(entry[3] for entry in ledger)]),
        cost=np.concatenate([empty, *(entry[4] for entry in ledger)]),
    )
