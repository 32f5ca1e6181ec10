"""`Series`: what the studies compute on, and which bars of a symbol can be computed on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from stock_ai.indicators.panel import AdjustedPrices, Bars, Flags, Floats, sound_prices, sound_volumes

Counts = NDArray[np.int64]

# Adjusting rounds equal prices apart by about 1e-16 of themselves; one tick is at least 1e-6 of a price.
_EQUAL = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Consecutive usable bars, each of shape (bars,): adjusted prices in VND or points, volume in shares.

    Attributes:
        turnover: close as traded x volume.
        typical: (high + low + close) / 3.
        logs: natural logarithm of the close over the first close.
        frozen: bars in a row up to each whose highs and lows are one and the same price, this one included.
        still: bars in a row up to each whose true range is zero.
        unmoved: bars in a row up to each whose close is that of the bar before.
        unmoved_typical: the same of the typical price.
        idle: bars in a row up to each without volume.
    """

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    turnover: Floats
    typical: Floats
    logs: Floats
    frozen: Counts
    still: Counts
    unmoved: Counts
    unmoved_typical: Counts
    idle: Counts

    @classmethod
    def of(cls, bars: Bars, prices: AdjustedPrices, run: slice) -> Self:
        """The series of the bars in `run`, none of which may have a missing price."""
        high, low, close, volume = prices.high[run], prices.low[run], prices.close[run], bars.volume[run]
        typical = (high + low + close) / 3
        tolerance = close * _EQUAL
        flat = high - low <= tolerance
        same = _as_before(close, tolerance)
        held = in_a_row(flat & _as_before(high, tolerance))
        return cls(
            open=prices.open[run],
            high=high,
            low=low,
            close=close,
            volume=volume,
            turnover=bars.close[run] * volume,
            typical=typical,
            logs=np.log(close / close[0]),
            # The bar before those that hold its price is one of them when it had no range itself.
            frozen=held + flat[np.arange(len(close)) - held],
            still=in_a_row(flat & same),
            unmoved=in_a_row(same),
            unmoved_typical=in_a_row(_as_before(typical, tolerance)),
            idle=in_a_row(volume == 0),
        )

    def tail(self, count: int) -> Series:
        """The newest `count` bars, or all where there are fewer; counts of bars in a row are those of the whole."""
        if count >= len(self.close):
            return self
        return Series(*[getattr(self, name)[-count:] for name in _COLUMNS])


_COLUMNS = tuple(field.name for field in fields(Series))


def priced(bars: Bars) -> Flags:
    """Which bars have four sound prices."""
    if bars.priced:
        return np.ones(len(bars), dtype=bool)
    prices = (bars.open, bars.high, bars.low, bars.close)
    usable: Flags = np.logical_and.reduce([sound_prices(column) for column in prices])
    return usable


def traded(bars: Bars) -> Flags:
    """Which bars have four sound prices and a volume, which may be zero."""
    return priced(bars) & sound_volumes(bars.volume)


def runs(usable: Flags) -> Iterator[slice]:
    """The stretches of consecutive usable bars."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], usable, [False])).astype(np.int8)))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        yield slice(int(start), int(stop))


def _as_before(values: Floats, tolerance: Floats) -> Flags:
    same = np.zeros(len(values), dtype=bool)
    np.less_equal(np.abs(values[1:] - values[:-1]), tolerance[1:], out=same[1:])
    return same


def in_a_row(flags: Flags) -> Counts:
    """How many flags in a row are set, up to and with each."""
    if not flags.any():
        return np.zeros(len(flags), dtype=np.int64)
    positions = np.arange(1, len(flags) + 1)
    count: Counts = positions - np.maximum.accumulate(np.where(flags, 0, positions))
    return count
