"""What needs all stocks of a date at once: sessions, ranks and the market as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from stock_ai.indicators.panel import Dates, Floats

MIN_CROSS_SECTION = 10
"""Stocks a date needs to be a session of the market: with fewer, a rank or a mean over stocks says little."""

Integers = NDArray[np.int64]


def sessions(dates: Dates) -> Dates:
    """The dates that occur at least `MIN_CROSS_SECTION` times in `dates`, sorted. Each depends on its own date only."""
    if not len(dates):
        return dates
    days = _days(dates)
    first = days.min()
    found: Dates = (np.flatnonzero(np.bincount(days - first) >= MIN_CROSS_SECTION) + first).astype("datetime64[D]")
    return found


def locate(dates: Dates, among: Dates) -> Integers:
    """The position of each date in `among` (sorted), or -1 where it is not there."""
    if not len(among):
        return np.full(len(dates), -1, dtype=np.int64)
    days, known = _days(dates), _days(among)
    found = np.minimum(np.searchsorted(known, days), len(known) - 1)
    return np.where(known[found] == days, found, -1)


def _days(dates: Dates) -> Integers:
    """Days since 1970, which numpy sorts and counts several times faster than dates."""
    return dates.astype("datetime64[D]", copy=False).view(np.int64)


def ranks(values: Floats, groups: Integers) -> Floats:
    """The rank of each value within its group, from -0.5 (lowest) to 0.5 (highest); equal values share their mean rank.

    NaN where the value is NaN or its group has fewer than `MIN_CROSS_SECTION` values.
    """
    result = np.full(len(values), np.nan)
    (known,) = np.nonzero(np.isfinite(values))
    if not len(known):
        return result
    order = known[np.lexsort((values[known], groups[known]))]
    group, value = groups[order], values[order]
    new_group = np.concatenate(([True], group[1:] != group[:-1]))
    new_value = new_group | np.concatenate(([True], value[1:] != value[:-1]))
    start, size = _spans(new_group)
    tie_start, tie_size = _spans(new_value)
    position = tie_start - start + (tie_size - 1) / 2
    result[order] = np.where(size >= MIN_CROSS_SECTION, position / np.maximum(size - 1, 1) - 0.5, np.nan)
    return result


def _spans(starts: NDArray[np.bool_]) -> tuple[Integers, Integers]:
    """For each element: where its stretch starts, and how long that is."""
    (first,) = np.nonzero(starts)
    size = np.diff(np.append(first, len(starts)))
    return np.repeat(first, size), np.repeat(size, size)


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """The equal-weight market at each of `dates`; columns are `MARKET_NAMES`, NaN before their window is full."""

    dates: Dates
    values: Floats


MARKET_BARS = 20
"""Sessions that the market of a session is made of."""
MARKET_NAMES = ("market_return_5", "market_return_20", "market_volatility_20", "breadth_50")


def market(dates: Dates, returns: Floats, above_average: Floats) -> Market:
    """The market from the stocks' bars, given one row per bar.

    Args:
        dates: trading dates.
        returns: log return from the stock's bar before; NaN where there is none.
        above_average: 1 where the close is above its 50-session mean, 0 where not, NaN where there is no mean.
    """
    days = sessions(dates)
    where = locate(dates, days)
    daily = _means(returns, where, len(days))
    columns = (
        _rolling(daily, 5).sum(axis=1),
        _rolling(daily, MARKET_BARS).sum(axis=1),
        _rolling(daily, MARKET_BARS).std(axis=1, ddof=1),
        _means(above_average, where, len(days)),
    )
    return Market(days, np.column_stack(columns))


def _means(values: Floats, where: Integers, size: int) -> Floats:
    """The mean of the known values at each position, NaN where fewer than `MIN_CROSS_SECTION` are known."""
    use = (where >= 0) & np.isfinite(values)
    count = np.bincount(where[use], minlength=size)
    total = np.bincount(where[use], weights=values[use], minlength=size)
    return np.where(count >= MIN_CROSS_SECTION, total / np.maximum(count, 1), np.nan)


def _rolling(values: Floats, window: int) -> Floats:
    """The last `window` values at each position, shape (len(values), window), NaN before there are so many."""
    if not len(values):
        return np.empty((0, window))
    windows: Floats = sliding_window_view(np.concatenate((np.full(window - 1, np.nan), values)), window)
    return windows
