"""A stock against the index: relative strength, beta and correlation, on the sessions that both have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import talib

from stock_ai.indicators.indicator import Family, Indicator
from stock_ai.indicators.nulls import Null, NullReason
from stock_ai.indicators.panel import Bars, Floats
from stock_ai.indicators.series import Counts, in_a_row, priced

_PERIODS = (20, 60, 120)
_WINDOW = 60
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
    """Adjusted closes at the sessions that both have; `at` are their positions in the stock's bars."""

    at: Counts
    stock: Floats
    index: Floats


def relative_strength(bars: Bars, index: Bars | None) -> dict[str, Floats]:
    """The indicators of `RELATIVE` by name, each of shape (bars,), never infinite.

    NaN at a session that the index does not have, before warm-up, and where stock or index did not move at all.
    Returns are over common sessions; a bar without sound prices is not one of them.
    """
    values: dict[str, Floats] = {indicator.name: np.full(len(bars), np.nan) for indicator in RELATIVE}
    common = _common(bars, index)
    stock, market = common.stock, common.index
    for period, indicator in zip(_PERIODS, RELATIVE, strict=False):
        if len(common.at) >= indicator.warm_up:
            values[indicator.name][common.at] = talib.ROC(stock, period) - talib.ROC(market, period)
    if len(common.at) > _WINDOW:
        own, its = _log_returns(stock), _log_returns(market)
        correlation = talib.CORREL(own, its, _WINDOW)
        deviation = talib.STDDEV(its, _WINDOW)
        still = (_unmoved(own) >= _WINDOW) | (_unmoved(its) >= _WINDOW) | (deviation <= 0)
        correlation[still] = np.nan
        deviation[still] = np.nan
        values["beta_60"][common.at[1:]] = correlation * talib.STDDEV(own, _WINDOW) / deviation
        values["correlation_60"][common.at[1:]] = correlation
    return values


def relative_reasons(bars: Bars, index: Bars | None, values: dict[str, Floats]) -> dict[str, Null]:
    """Why the newest value is null, for each indicator of `RELATIVE` of which it is."""
    common = _common(bars, index)
    nulls: dict[str, Null] = {}
    for indicator in RELATIVE:
        if len(bars) and np.isfinite(values[indicator.name][-1]):
            continue
        if len(bars) and not priced(bars)[-1]:
            nulls[indicator.name] = Null(NullReason.MISSING_PRICE)
        elif index is None or (len(bars) and not (len(common.at) and common.at[-1] == len(bars) - 1)):
            nulls[indicator.name] = Null(NullReason.NO_INDEX)
        elif len(common.at) < indicator.warm_up:
            nulls[indicator.name] = Null(NullReason.WARM_UP, indicator.warm_up, len(common.at))
        else:
            nulls[indicator.name] = Null(NullReason.FLAT)
    return nulls


def _common(bars: Bars, index: Bars | None) -> _Common:
    if index is None:
        return _Common(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0))
    (own,), (its,) = priced(bars).nonzero(), priced(index).nonzero()
    _, first, second = np.intersect1d(bars.dates[own], index.dates[its], assume_unique=True, return_indices=True)
    at, there = own[first], its[second]
    return _Common(at, bars.adjusted_prices().close[at], index.adjusted_prices().close[there])


def _log_returns(closes: Floats) -> Floats:
    """Log returns in percent: of plain ones TA-Lib would take small variances for zero."""
    logs = np.log(closes)
    returns: Floats = 100 * (logs[1:] - logs[:-1])
    return returns


def _unmoved(returns: Floats) -> Counts:
    return in_a_row(np.abs(returns) <= _STILL)
