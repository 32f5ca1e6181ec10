"""How many stocks take part: advances and declines, shares above averages, new highs and lows, per session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stock_ai.indicators.panel import Bars, Dates, Flags, Floats, Panel
from stock_ai.indicators.series import Counts, priced, runs
from stock_ai.indicators.studies import YEAR
from stock_ai.indicators.ta import ta
from stock_ai.market.symbols import is_index

_AVERAGES = (20, 50, 200)
_UNCHANGED = 1e-6
"""Smaller moves are rounding of the adjustment; a tick is more."""
_FAST, _SLOW = 19, 39
_PER_MILLE = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Breadth:
    """The stocks of each session together, each array of shape (sessions,). Every session knows only bars up to it.

    Attributes:
        dates: every date on which a stock of the panel has a bar with sound prices.
        stocks: stocks with such a bar.
        advancers: stocks whose adjusted close is above that of their bar before.
        decliners: stocks whose adjusted close is below it.
        unchanged: stocks whose adjusted close equals it.
        above_sma_20: share (0 to 1) of stocks above their mean of 20 sessions; NaN while no stock has one.
        above_sma_50: the same of 50 sessions.
        above_sma_200: the same of 200 sessions.
        new_highs: stocks whose high is above those of the 251 sessions before.
        new_lows: stocks whose low is below those of the 251 sessions before.
        year_stocks: stocks with 252 sessions, of which `new_highs` and `new_lows` are counted.
        advance_decline_line: sum of advancers less decliners since the first session: only its changes mean something.
        mcclellan_oscillator: EMA(19) - EMA(39) of advancers less decliners per 1,000 of both; NaN for 38 sessions.
    """

    dates: Dates
    stocks: Counts
    advancers: Counts
    decliners: Counts
    unchanged: Counts
    above_sma_20: Floats
    above_sma_50: Floats
    above_sma_200: Floats
    new_highs: Counts
    new_lows: Counts
    year_stocks: Counts
    advance_decline_line: Counts
    mcclellan_oscillator: Floats


def breadth(panel: Panel) -> Breadth:
    """The breadth of the stocks in the panel; indices are left out. Give it `panel.final()` for finished sessions only.

    As in `compute`, the history of a stock starts anew after a bar without sound prices.
    """
    stocks = [bars for bars in panel if not is_index(bars.symbol)]
    parts = [part for bars in stocks for part in _facts(bars)]
    days = np.concatenate([np.empty(0, dtype=np.int64), *(days for days, _ in parts)])
    moves, above_20, above_50, above_200, highs, lows = np.concatenate(
        [np.empty((6, 0)), *(facts for _, facts in parts)], axis=1
    )
    sessions, where = np.unique(days, return_inverse=True)

    def count(flags: Flags) -> Counts:
        return np.bincount(where[flags], minlength=len(sessions))

    def share(flags: Floats) -> Floats:
        # A session on which nothing is known divides zero by zero.
        with np.errstate(invalid="ignore"):
            return count(flags == 1) / count(np.isfinite(flags))

    up, down = count(moves > 0), count(moves < 0)
    return Breadth(
        dates=sessions.astype("datetime64[D]"),
        stocks=np.bincount(where, minlength=len(sessions)),
        advancers=up,
        decliners=down,
        unchanged=count(moves == 0),
        above_sma_20=share(above_20),
        above_sma_50=share(above_50),
        above_sma_200=share(above_200),
        new_highs=count(highs == 1),
        new_lows=count(lows == 1),
        year_stocks=count(np.isfinite(highs)),
        advance_decline_line=np.cumsum(up - down),
        mcclellan_oscillator=_mcclellan(up, down),
    )


def _facts(bars: Bars) -> Iterator[tuple[Counts, Floats]]:
    """Days since 1970 and six rows of what is counted, per run of bars with sound prices; NaN where unknown."""
    prices = bars.adjusted_prices()
    for run in runs(priced(bars)):
        high, low, close = prices.high[run], prices.low[run], prices.close[run]
        facts = np.full((6, len(close)), np.nan)
        change = close[1:] / close[:-1] - 1
        facts[0, 1:] = np.where(np.abs(change) <= _UNCHANGED, 0, np.sign(change))
        for row, period in enumerate(_AVERAGES, 1):
            if len(close) >= period:
                facts[row, period - 1 :] = close[period - 1 :] > ta.SMA(close, period)[period - 1 :]
        if len(close) >= YEAR:
            facts[4, YEAR - 1 :] = high[YEAR - 1 :] > ta.MAX(high, YEAR - 1)[YEAR - 2 : -1]
            facts[5, YEAR - 1 :] = low[YEAR - 1 :] < ta.MIN(low, YEAR - 1)[YEAR - 2 : -1]
        yield bars.dates[run].astype(np.int64), facts


def _mcclellan(up: Counts, down: Counts) -> Floats:
    """The oscillator, adjusted for the number of stocks; a session without a move counts as balanced."""
    net = _PER_MILLE * (up - down) / np.maximum(up + down, 1)
    if len(net) < _SLOW:
        return np.full(len(net), np.nan)
    oscillator: Floats = ta.EMA(net, _FAST) - ta.EMA(net, _SLOW)
    return oscillator
