"""What following the signals would have earned: an account under Vietnamese rules against doing nothing clever."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stock_ai.errors import InvalidInputError
from stock_ai.evaluation.account import Account, simulate
from stock_ai.evaluation.deciles import BP, best, estimate, scores
from stock_ai.evaluation.market_table import MarketTable, carried
from stock_ai.evaluation.predictions import Predictions
from stock_ai.evaluation.report import Backtest, Equity, Estimate, Returns, Rules, YearReturns
from stock_ai.indicators.panel import Dates, Flags, Floats
from stock_ai.ml.cross_section import Integers, locate
from stock_ai.ml.labels import HORIZON

YEAR = 250
"""Sessions."""
_DIGITS = 6


@dataclass(frozen=True, slots=True, eq=False)
class EqualWeight:
    """The mean return of the stocks of each session, shape (sessions,), 0 where there are none.

    Attributes:
        daily: from the close before to the close.
        overnight: from the close before to the open.
        intraday: from the open to the close.
    """

    daily: Floats
    overnight: Floats
    intraday: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """Accounts that followed the same signals, with and without cost, and equal weight over the table's sessions."""

    net: Account
    gross: Account
    market: EqualWeight
    seed: int

    def excess(self, account: Account) -> Estimate:
        """The account's daily return less equal weight's, bp per 5 sessions."""
        return self._estimate(_returns(account) - self.market.daily[account.session[1:]])

    def invested_excess(self, account: Account) -> Estimate:
        """What was earned above equal weight on the same money at the same hours, per unit in stocks."""
        day = account.session[1:]
        alike = (
            account.holdings[:-1] * self.market.overnight[day] + account.opened[1:] * self.market.intraday[day]
        ) / account.equity[:-1]
        return self._estimate((_returns(account) - alike) / (invested(account) or 1.0))

    def _estimate(self, daily: Floats) -> Estimate:
        return estimate(daily * HORIZON * BP, np.arange(len(daily)), self.seed)


def backtest(predictions: Predictions, table: MarketTable, rules: Rules | None = None, seed: int = 0) -> Backtest:
    """The best tenth of each session's stocks, followed by an account from the first signal to the last sale.

    Args:
        predictions: what a model said; their sessions and symbols are found in `table` by name.
        table: the market.
        rules: those of `Rules()` unless given.
        seed: of the bootstrap.

    Raises:
        InvalidInputError: no session of the table follows the first prediction, or the table lacks a predicted session
            or symbol.
    """
    rules = rules or Rules()
    rows = np.ones(len(predictions), dtype=bool)
    followed = follow(predictions, rows, table, np.ones(table.open.shape, dtype=bool), rules, seed)
    net, gross = followed.net, followed.gross
    span = net.session
    alike = growth(followed.market.daily[span[1:]])
    index = _index_growth(table, span)
    years = (len(span) - 1) / YEAR
    mean_equity = float(net.equity.mean())
    volume = float((np.abs(net.trades.shares) * net.trades.price).sum())
    return Backtest(
        rules=rules,
        net=returns(growth(_returns(net))),
        gross=returns(growth(_returns(gross))),
        equal_weight=returns(alike),
        index=None if index is None else returns(index),
        net_excess=followed.excess(net),
        gross_excess=followed.excess(gross),
        invested_excess=followed.invested_excess(net),
        gross_invested_excess=followed.invested_excess(gross),
        invested=invested(net),
        turnover=volume / 2 / mean_equity / years,
        cost=float(net.cost.sum()),
        cost_per_year=float(net.cost.sum()) / mean_equity / years,
        purchases=int((net.trades.shares > 0).sum()),
        sales=int((net.trades.shares < 0).sum()),
        missed=net.missed,
        postponed=net.postponed,
        years=_years(table.sessions[span], growth(_returns(net)), growth(_returns(gross)), alike, index),
        equity=Equity(
            dates=tuple(table.sessions[span].tolist()),
            net=_rounded(growth(_returns(net))),
            gross=_rounded(growth(_returns(gross))),
            equal_weight=_rounded(alike),
            index=None if index is None else _rounded(index),
        ),
    )


def follow(
    predictions: Predictions, rows: Flags, table: MarketTable, members: Flags, rules: Rules, seed: int
) -> Followed:
    """Accounts that follow the best of `rows`, next to equal weight of the `members`.

    Args:
        predictions: what a model said.
        rows: which predictions may be followed.
        table: the market.
        members: (sessions, stocks) what equal weight holds, as known at each close for the session that follows.
        rules: of the account.
        seed: of the bootstrap.

    Raises:
        InvalidInputError: as `backtest`.
    """
    day, stock = positions(predictions, table)
    if not len(day) or day[0] + 1 >= len(table.sessions):
        raise InvalidInputError("predictions: there is none that a session follows")
    chosen = np.zeros(len(predictions), dtype=bool)
    chosen[rows] = best(scores(predictions)[rows], day[rows], rules.share)
    wanted = np.zeros(table.open.shape, dtype=bool)
    wanted[day[chosen], stock[chosen]] = True
    first, last = int(day[0]), min(int(day[-1]) + 1 + rules.hold, len(table.sessions) - 1)
    free = rules.model_copy(update={"commission": 0.0, "sale_tax": 0.0})
    return Followed(
        net=simulate(wanted, table, rules, first, last),
        gross=simulate(wanted, table, free, first, last),
        market=equal_weight(table, members),
        seed=seed,
    )


def positions(predictions: Predictions, table: MarketTable) -> tuple[Integers, Integers]:
    """Where the session and the symbol of each prediction are in the table.

    Raises:
        InvalidInputError: the table lacks one of them.
    """
    day = locate(predictions.sessions, table.sessions)[predictions.session]
    known = {symbol: column for column, symbol in enumerate(table.symbols)}
    stock = np.array([known.get(symbol, -1) for symbol in predictions.symbols], dtype=np.int64)[predictions.symbol]
    for name, found in (("session", day), ("symbol", stock)):
        if (found < 0).any():
            raise InvalidInputError(f"predictions: {int((found < 0).sum())} rows are of a {name} that the table lacks")
    return day, stock


def equal_weight(table: MarketTable, members: Flags) -> EqualWeight:
    """Equal weight of the stocks that were members at the close before and have a bar; each session anew, no cost."""
    before = np.full(table.open.shape, np.nan)
    before[1:] = np.where(members[:-1], carried(table.adjusted_close)[:-1], np.nan)
    counted = np.isfinite(before) & np.isfinite(table.adjusted_close)
    number = np.maximum(counted.sum(axis=1), 1)

    def mean(end: Floats, start: Floats) -> Floats:
        change: Floats = np.where(counted, end / start - 1, 0.0).sum(axis=1) / number
        return change

    return EqualWeight(
        daily=mean(table.adjusted_close, before),
        overnight=mean(table.adjusted_open, before),
        intraday=mean(table.adjusted_close, table.adjusted_open),
    )


def invested(account: Account) -> float:
    """Mean share of the equity in stocks, after the trades at the open."""
    return float((account.opened[1:] / account.equity[:-1]).mean())


def growth(daily: Floats) -> Floats:
    """The value of 1 before each of the returns and after the last, shape (returns + 1,)."""
    value: Floats = np.concatenate(([1.0], np.cumprod(1 + daily)))
    return value


def returns(value: Floats) -> Returns:
    """Figures of a curve of at least two values."""
    daily = value[1:] / value[:-1] - 1
    deviation = float(daily.std(ddof=1)) if len(daily) > 1 else 0.0
    return Returns(
        total=float(value[-1] / value[0] - 1),
        annual=float((value[-1] / value[0]) ** (YEAR / len(daily)) - 1),
        sharpe=float(daily.mean()) / deviation * YEAR**0.5 if deviation > 0 else 0.0,
        max_drawdown=float((1 - value / np.maximum.accumulate(value)).max()),
    )


def _returns(account: Account) -> Floats:
    daily: Floats = account.equity[1:] / account.equity[:-1] - 1
    return daily


def _index_growth(table: MarketTable, span: Integers) -> Floats | None:
    """VNINDEX over the span, 1 at its start; None where it has no bar by then."""
    close = carried(table.index_close[:, None])[span, 0]
    value: Floats = close / close[0]
    return value if np.isfinite(value).all() else None


def _years(dates: Dates, net: Floats, gross: Floats, alike: Floats, index: Floats | None) -> tuple[YearReturns, ...]:
    """Returns by the calendar year in which a session lies; each starts from the close before its first session."""
    year = dates[1:].astype("datetime64[Y]").astype(int) + 1970
    found = []
    for one in np.unique(year).tolist():
        (inside,) = np.nonzero(year == one)
        start, end = inside[0], inside[-1] + 1
        found.append(
            YearReturns(
                year=one,
                net=float(net[end] / net[start] - 1),
                gross=float(gross[end] / gross[start] - 1),
                equal_weight=float(alike[end] / alike[start] - 1),
                index=None if index is None else float(index[end] / index[start] - 1),
            )
        )
    return tuple(found)


def _rounded(value: Floats) -> tuple[float, ...]:
    return tuple(np.round(value, _DIGITS).tolist())
