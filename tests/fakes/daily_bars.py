"""Daily bars made of columns, for tests of quality."""

from __future__ import annotations

import datetime as dt

import numpy as np

from stock_ai.indicators import Bars
from stock_ai.market.trading_calendar import TradingCalendar
from stock_ai.models.base import PriceBasis

FIRST = dt.date(2024, 1, 1)
"""A Monday, and a session of `EVERY_WEEKDAY`."""

EVERY_WEEKDAY = TradingCalendar.from_yaml(
    "certain_from: 2024-01-01\ncertain_until: 2025-12-31\nclosures:\n  2025-12-31: the only one\n", "test"
)


def weekdays(count, first=FIRST):
    """The first `count` sessions of `EVERY_WEEKDAY` from `first`."""
    return np.busday_offset(np.datetime64(first), np.arange(count), roll="forward").astype("datetime64[D]")


def daily_bars(close, symbol="FPT", dates=None, source="csv", provisional=False, basis=PriceBasis.RAW, **columns):
    """Bars that no rule minds but for what is given: flat, in whole lots, on the grid, each day another volume."""
    close = np.asarray(close, dtype=float)
    count = len(close)
    given = {
        "open": close,
        "high": close,
        "low": close,
        "close": close,
        "adjusted_close": close,
        "volume": 100_000 + 100.0 * np.arange(count),
    } | {name: np.asarray(column, dtype=float) for name, column in columns.items()}
    return Bars(
        symbol,
        weekdays(count) if dates is None else dates,
        **given,
        source=source,
        provisional=provisional,
        basis=basis,
    )


def without(bars, *positions):
    """The bars but those at `positions`."""
    kept = np.delete(np.arange(len(bars)), positions)
    columns = {name: getattr(bars, name)[kept] for name in ("open", "high", "low", "close", "adjusted_close", "volume")}
    return Bars(bars.symbol, bars.dates[kept], **columns, source=bars.source)
