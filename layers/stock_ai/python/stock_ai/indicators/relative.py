"""A stock against the index: relative strength, beta and correlation, on the sessions that both have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stock_ai.indicators.indicator import Family, Indicator
from stock_ai.indicators.nulls import Null
from stock_ai.indicators.panel import AdjustedPrices, Bars, Flags, Floats
from stock_ai.indicators.series import Counts, in_a_row, priced
from stock_ai.indicators.ta import ta
from stock_ai.models.analysis import NullReason

_PERIODS = (20, 60, 120)
_WINDOW = 60
_SPAN = 150
"""Bars of a stock among which there should be as many sessions of the index as the longest window takes."""
_STILL = 1e-9
_UNIT = "percentage points"

RELATIVE: tuple[Indicator, ...] = (
    *(
        Indicator(
            f"relative_strength_{period}",
            period + 1,
            _UNIT,
            f"Return over {period} sessions less that of the index",
            Family.RELATIVE,
        )
        for period in _PERIODS
    ),
    Indicator("beta_60", _WINDOW + 1, "ratio", "Return for each percent of the index, 60 sessions", Family.RELATIVE),
    Indicator("correlation_60", _WINDOW + 1, "-1..1", "Correlation with the index, 60 log returns", Family.RELATIVE),
)
"""What `relative_strength` gives, in its order. Warm-up counts sessions that stock and index have in common."""


@dataclass(frozen=True, slots=True, eq=False)
class _Common:
    """The sessions that both have: their positions in the stock's bars and in the index's."""

    at: Counts
    there: Counts


def relative_strength(
    bars: Bars,
    index: Bars | None,
    prices: AdjustedPrices | None = None,
    levels: AdjustedPrices | None = None,
    newest: int | None = None,
) -> dict[str, Floats]:
    """The indicators of `RELATIVE` by name, each of shape (bars,), never infinite.

    With `newest` only the last so many of each, as `compute` gives them.

    NaN at a session that the index does not have, before warm-up, and where stock or index did not move at all.
    Returns are over common sessions; a bar without sound prices is not one of them.

    Args:
        bars: the stock.
        index: what it is measured against, or None.
        prices: `bars.adjusted_prices()` where the caller has them already.
        levels: the same of the index.
    """
    newest = len(bars) if newest is None else min(newest, len(bars))
    skipped = len(bars) - newest
    values: dict[str, Floats] = {indicator.name: np.full(newest, np.nan) for indicator in RELATIVE}
    common = _common(bars, index, skipped)
    at = common.at
    if index is None or not len(at) or at[-1] < skipped:
        return values
    stock = (prices or bars.adjusted_prices()).close[at]
    market = (levels or index.adjusted_prices()).close[common.there]
    # Common sessions before the ones asked for only fill windows.
    first = int(at.searchsorted(skipped))
    asked = at[first:] - skipped
    for period, indicator in zip(_PERIODS, RELATIVE, strict=False):
        if len(at) >= indicator.warm_up:
            values[indicator.name][asked] = (ta.ROC(stock, period) - ta.ROC(market, period))[first:]
    if len(at) > _WINDOW:
        own, its = _log_returns(stock), _log_returns(market)
        correlation = ta.CORREL(own, its, _WINDOW)
        deviation = ta.STDDEV(its, _WINDOW)
        still = _still(own) | _still(its) | (deviation <= 0)
        correlation[still] = np.nan
        deviation[still] = np.nan
        values["beta_60"][asked] = (correlation * ta.STDDEV(own, _WINDOW) / deviation)[first:]
        values["correlation_60"][asked] = correlation[first:]
    return values


def relative_reasons(bars: Bars, index: Bars | None, values: dict[str, Floats]) -> dict[str, Null]:
    """Why the newest value is null, for each indicator of `RELATIVE` of which it is."""
    unknown = [one for one in RELATIVE if not (len(bars) and np.isfinite(values[one.name][-1]))]
    if not unknown:
        return {}
    at = _common(bars, index, 0).at
    if len(bars) and not priced(bars)[-1]:
        return {one.name: Null(NullReason.MISSING_PRICE) for one in unknown}
    if index is None or (len(bars) and not (len(at) and at[-1] == len(bars) - 1)):
        return {one.name: Null(NullReason.NO_INDEX) for one in unknown}
    return {
        one.name: Null(NullReason.WARM_UP, one.warm_up, len(at)) if len(at) < one.warm_up else Null(NullReason.FLAT)
        for one in unknown
    }


def _common(bars: Bars, index: Bars | None, skipped: int) -> _Common:
    """The common sessions, of those older than the first `skipped` bars only as many as windows take."""
    if index is None or not len(index):
        return _Common(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    # As numbers, since numpy searches and compares those several times faster than dates.
    days, known = bars.dates.view(np.int64), index.dates.view(np.int64)
    sound = priced(bars), priced(index)
    for start in (max(skipped - _SPAN, 0), 0):
        there = np.minimum(known.searchsorted(days[start:]), len(known) - 1)
        (at,) = ((known[there] == days[start:]) & sound[0][start:] & sound[1][there]).nonzero()
        if not start or at.searchsorted(skipped - start) >= _PERIODS[-1]:
            break
    return _Common(at + start, there[at])


def _log_returns(closes: Floats) -> Floats:
    """Log returns in percent, NaN at the first: of plain ones TA-Lib would take small variances for zero."""
    logs = np.log(closes)
    returns = np.full(len(logs), np.nan)
    np.subtract(logs[1:], logs[:-1], out=returns[1:])
    returns *= 100
    return returns


def _still(returns: Floats) -> Flags:
    """Where none of the last `_WINDOW` returns is a move."""
    unmoved: Flags = np.abs(returns) <= _STILL
    return in_a_row(unmoved) >= _WINDOW if np.count_nonzero(unmoved) >= _WINDOW else np.zeros_like(unmoved)
