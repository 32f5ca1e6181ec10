"""Soft rules: what is odd about a bar without being wrong. They warn and never quarantine.

Every rule judges a bar by itself and the bars before it, so that a later bar never changes a warning. Limits, ticks and
lots are those of the trading regulations of HOSE and of HNX (which runs UPCOM), and hold on prices as traded only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stock_ai.market.symbols import is_index
from stock_ai.market.trading_calendar import Exchange
from stock_ai.models.base import PriceBasis
from stock_ai.quality.columns import DailyBars, Dates, Floats, Mask, factor_changes
from stock_ai.quality.report import SoftWarning, WarningKind
from stock_ai.quality.trading_rules import LIMITS, STOCK_LETTERS, TICK, finest_tick

LARGEST_MOVE = 0.15
"""Of a close against the one before, corporate actions taken out."""
REPEATS = 3
"""Equal bars in a row, with volume, from which on they look copied."""
SPIKE = 10
"""Times the median volume of the `SPIKE_WINDOW` bars before."""
SPIKE_WINDOW = 60
IDLE = 25
"""Sessions without a trade after which the wide limit holds for one day."""

_DIGITS = 6
_LOT = 100
_OLD_HOSE_LOT = 10
_HOSE_LOT_OF_100 = np.datetime64("2021-01-04")


@dataclass(frozen=True, slots=True, eq=False)
class Flags:
    """The bars of one symbol that one rule warns of: their positions, ascending, and a value and a bound for each."""

    kind: WarningKind
    at: NDArray[np.intp]
    value: Floats
    expected: Floats
    """NaN where there is no bound."""

    def __len__(self) -> int:
        return len(self.at)


def flags(bars: DailyBars, sessions: Dates, exchange: Exchange | None = None) -> list[Flags]:
    """What every rule finds in a symbol's final bars; a rule that finds nothing is left out.

    Args:
        bars: at least one.
        sessions: ascending, all from the first bar to the last.
        exchange: None where it is not known: then the widest limit and the finest grid hold.
    """
    rules = [_jump(bars), _stale_repeat(bars), _volume_spike(bars), _zero_volume(bars)]
    if bars.basis is PriceBasis.RAW and not is_index(bars.symbol):
        rules += [_price_limit(bars, sessions, exchange), _tick(bars, exchange), _lot(bars, exchange)]
    # The values of a running session still change.
    final = len(bars) - bars.provisional
    kept = (_head(found, final) for found in rules)
    return [found for found in kept if len(found)]


def warnings(bars: DailyBars, found: list[Flags], newest: int | None = None) -> list[SoftWarning]:
    """The flags one by one, newest first, at most `newest` of them."""
    told = [
        SoftWarning(
            kind=one.kind,
            symbol=bars.symbol,
            date=bars.dates[at].item(),
            value=round(float(value), _DIGITS),
            expected=None if np.isnan(bound) else round(float(bound), _DIGITS),
        )
        for one in found
        for at, value, bound in _last(one, newest)
    ]
    return sorted(told, key=lambda warning: warning.date, reverse=True)[:newest]


def _last(found: Flags, count: int | None) -> Iterator[tuple[int, float, float]]:
    start = 0 if count is None else max(0, len(found) - count)
    return zip(found.at[start:].tolist(), found.value[start:], found.expected[start:], strict=True)


def _head(found: Flags, count: int) -> Flags:
    inside = found.at < count
    return Flags(found.kind, found.at[inside], found.value[inside], found.expected[inside])


def _flagged(kind: WarningKind, where: Mask, value: Floats, expected: Floats | float, first: int = 0) -> Flags:
    """Flags of the bars from position `first` on that `where` chooses; all arrays begin there."""
    at = np.flatnonzero(where)
    return Flags(kind, at + first, value[at], np.broadcast_to(np.asarray(expected, dtype=np.float64), value.shape)[at])


def _price_limit(bars: DailyBars, sessions: Dates, exchange: Exchange | None) -> Flags:
    """High or low beyond the limit around the close before, which an ex-date lowers.

    Not judged: the very first bar, one after a gap, which hides the close that counts, and covered warrants, whose
    limit is that of another price. Exchanges round a limit to the grid but leave one step at least.
    """
    usual, wide = LIMITS[exchange]
    judged, paused = _pauses(bars, sessions)
    limit = np.where(paused, wide, usual)
    factor, slack = factor_changes(bars)
    acted = np.abs(factor - 1) > slack
    with np.errstate(all="ignore"):
        reference = np.where(acted, bars.close[:-1] * factor, bars.close[:-1])
        step = finest_tick(reference, bars.symbol, exchange) if exchange is Exchange.HOSE else TICK
        # The reference of an ex-date is known to the rounding of the adjusted prices, and lies on the grid itself.
        room = np.where(acted, reference * slack + step, 0.5)
        ceiling = np.maximum(reference * (1 + limit), reference + step)
        floor = np.minimum(reference * (1 - limit), reference - step)
        high, low = bars.high[1:], bars.low[1:]
        above, below = judged & (high > ceiling + room), judged & (low < floor - room)
    return _flagged(
        WarningKind.PRICE_LIMIT, above | below, np.where(above, high, low), np.where(above, ceiling, floor), first=1
    )


def _pauses(bars: DailyBars, sessions: Dates) -> tuple[Mask, Mask]:
    """For each bar from the second on: whether its limit can be judged, and whether it is the wide one.

    The wide one follows `IDLE` sessions without a trade, by a gap or by bars without volume; unknown volume is a trade.
    """
    position = np.searchsorted(sessions, bars.dates)
    traded = np.where(bars.volume == 0, -np.inf, position)
    paused = position[1:] - np.maximum.accumulate(traded)[:-1] > IDLE
    warrant = len(bars.symbol) > STOCK_LETTERS and bars.symbol.startswith("C")
    return ((np.diff(position) <= 1) | paused) & (not warrant), paused


def _tick(bars: DailyBars, exchange: Exchange | None) -> Flags:
    prices = np.stack([bars.open, bars.high, bars.low, bars.close])
    step = finest_tick(prices, bars.symbol, exchange)
    with np.errstate(invalid="ignore"):
        off = prices % step > 0
    somewhere: Mask = np.logical_or.reduce(off)
    worst = off.argmax(axis=0), np.arange(prices.shape[1])
    return _flagged(WarningKind.TICK, somewhere, prices[worst], (np.rint(prices / step) * step)[worst])


def _lot(bars: DailyBars, exchange: Exchange | None) -> Flags:
    lot = np.full(len(bars), _LOT)
    if exchange in (Exchange.HOSE, None):
        lot[bars.dates < _HOSE_LOT_OF_100] = _OLD_HOSE_LOT
    with np.errstate(invalid="ignore"):
        left = bars.volume % lot
    return _flagged(WarningKind.LOT, left > 0, bars.volume, bars.volume - left)


def _jump(bars: DailyBars) -> Flags:
    """A close far from the one before, both adjusted where both are, so that no corporate action explains it."""
    factor, slack = factor_changes(bars)
    known = np.isfinite(factor)
    with np.errstate(all="ignore"):
        raw = bars.close[1:] / bars.close[:-1]
        move = np.where(known, raw / factor, raw) - 1
        room = np.where(known, (1 + move) * slack / factor, 0)
        move = np.where(bars.close[1:] * bars.close[:-1] > 0, move, np.nan)
        found = np.abs(move) > LARGEST_MOVE + room
    return _flagged(WarningKind.JUMP, found, move, np.copysign(LARGEST_MOVE, move), first=1)


def _stale_repeat(bars: DailyBars) -> Flags:
    same = bars.volume[1:] == bars.volume[:-1]
    for column in (bars.open, bars.high, bars.low, bars.close):
        same = same & (column[1:] == column[:-1])
    at = np.arange(len(bars))
    begins = np.maximum.accumulate(np.where(np.concatenate(([False], same)), 0, at))
    length = (at - begins + 1).astype(np.float64)
    return _flagged(WarningKind.STALE_REPEAT, (length >= REPEATS) & (bars.volume > 0), length, REPEATS - 1)


def _volume_spike(bars: DailyBars) -> Flags:
    if len(bars) <= SPIKE_WINDOW:
        return _flagged(WarningKind.VOLUME_SPIKE, np.zeros(0, dtype=bool), np.zeros(0), 0)
    windows = np.lib.stride_tricks.sliding_window_view(bars.volume[:-1], SPIKE_WINDOW)
    bound = SPIKE * np.median(windows, axis=1)
    volume = bars.volume[SPIKE_WINDOW:]
    return _flagged(WarningKind.VOLUME_SPIKE, (bound > 0) & (volume > bound), volume, bound, first=SPIKE_WINDOW)


def _zero_volume(bars: DailyBars) -> Flags:
    return _flagged(WarningKind.ZERO_VOLUME, bars.volume == 0, bars.volume, np.nan)
