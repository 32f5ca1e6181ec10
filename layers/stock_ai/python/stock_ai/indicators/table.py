"""THE table of indicators and what it drives: `compute` and `latest`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stock_ai.indicators import studies
from stock_ai.indicators.panel import AdjustedPrices, Bars, Floats
from stock_ai.indicators.studies import YEAR, Series, Study


@dataclass(frozen=True, slots=True)
class Indicator:
    """One output: its name, the bars its first value takes, its unit and what it says.

    Unit `price` is the unit of the adjusted prices (VND or points) and moves with them. All others do not change when
    every price is multiplied by a constant, beyond rounding; but `adx_14` decides by strict comparison of moves that
    may be equal, so that rounding can change it.
    """

    name: str
    warm_up: int
    unit: str
    description: str


@dataclass(frozen=True, slots=True)
class _Row:
    """A study and the indicators it gives, in its order."""

    study: Study
    outputs: tuple[Indicator, ...]
    names: tuple[str, ...]


def _row(study: Study, *outputs: tuple[str, int, str, str]) -> _Row:
    return _Row(study, tuple(Indicator(*output) for output in outputs), tuple(name for name, *_ in outputs))


_PRICE_TABLE: tuple[_Row, ...] = (
    _row(studies.simple_average(20), ("sma_20", 20, "price", "Mean close of 20 sessions")),
    _row(studies.simple_average(50), ("sma_50", 50, "price", "Mean close of 50 sessions")),
    _row(studies.simple_average(200), ("sma_200", 200, "price", "Mean close of 200 sessions")),
    _row(studies.exponential_average(12), ("ema_12", 12, "price", "Exponential average of the close, 12 sessions")),
    _row(studies.exponential_average(26), ("ema_26", 26, "price", "Exponential average of the close, 26 sessions")),
    _row(studies.rsi, ("rsi_14", 15, "0..100", "Relative strength index, 14 sessions")),
    _row(
        studies.macd,
        ("macd", 34, "price", "EMA(12) - EMA(26)"),
        ("macd_signal", 34, "price", "EMA(9) of macd"),
        ("macd_histogram", 34, "price", "macd - macd_signal"),
    ),
    _row(
        studies.bollinger,
        ("bollinger_upper", 20, "price", "Mean of 20 sessions + 2 standard deviations"),
        ("bollinger_middle", 20, "price", "Mean of 20 sessions"),
        ("bollinger_lower", 20, "price", "Mean of 20 sessions - 2 standard deviations"),
        ("bollinger_percent_b", 20, "ratio", "The close between the bands: 0 at the lower, 1 at the upper"),
    ),
    _row(studies.atr, ("atr_14", 15, "price", "Average true range, 14 sessions")),
    _row(
        studies.stochastic,
        ("stochastic_k", 18, "0..100", "The close in the range of 14 sessions, averaged over 3"),
        ("stochastic_d", 18, "0..100", "stochastic_k averaged over 3"),
    ),
    _row(studies.adx, ("adx_14", 28, "0..100", "Average directional index, 14 sessions: strength of the trend")),
    _row(studies.rate_of_change(1), ("roc_1", 2, "percent", "Change of the close since the session before")),
    _row(studies.rate_of_change(10), ("roc_10", 11, "percent", "Change of the close over 10 sessions")),
    _row(studies.volatility, ("volatility_20", 21, "per year", "Deviation of 20 daily log returns x root 250")),
    _row(studies.year_position, ("position_52w", YEAR, "ratio", "The close between low and high of 252 sessions")),
)
_VOLUME_TABLE: tuple[_Row, ...] = (
    _row(studies.on_balance_volume, ("obv", 1, "shares", "On-balance volume since the first bar")),
    _row(studies.money_flow, ("mfi_14", 15, "0..100", "Money flow index, 14 sessions")),
    _row(studies.volume_ratio, ("volume_ratio_20", 20, "ratio", "Volume over its mean of 20 sessions")),
)

INDICATORS: tuple[Indicator, ...] = tuple(
    indicator for row in (*_PRICE_TABLE, *_VOLUME_TABLE) for indicator in row.outputs
)
"""Every indicator, in the order in which `compute` gives them."""


def compute(bars: Bars, prices: AdjustedPrices | None = None) -> dict[str, Floats]:
    """Every indicator of one symbol by name, each of shape (bars,), on adjusted prices.

    NaN before warm-up and where the value is undefined (see `studies`); never infinite. A bar with a missing or
    non-positive price, or for the last three indicators a missing volume, is NaN and the history starts anew after it.

    Args:
        bars: the bars.
        prices: `bars.adjusted_prices()` where the caller has them already.
    """
    prices = prices or bars.adjusted_prices()
    series = Series(prices.high, prices.low, prices.close, bars.volume)
    priced = None if bars.priced else _priced(bars)
    traded = priced
    if not bars.traded:
        traded = np.isfinite(bars.volume) if priced is None else priced & np.isfinite(bars.volume)
    values: dict[str, Floats] = {}
    # The undefined is divided by zero on purpose; each study turns it into NaN.
    with np.errstate(divide="ignore", invalid="ignore"):
        _fill(_PRICE_TABLE, series, priced, values)
        _fill(_VOLUME_TABLE, series, traded, values)
    return values


def latest(values: Mapping[str, Floats]) -> dict[str, float | None]:
    """The last value of each indicator that `compute` gave; None where it is NaN or there are no bars."""
    last = {name: column.item(-1) if len(column) else math.nan for name, column in values.items()}
    return {name: value if math.isfinite(value) else None for name, value in last.items()}


def _fill(table: tuple[_Row, ...], series: Series, usable: NDArray[np.bool_] | None, values: dict[str, Floats]) -> None:
    """Add the outputs of `table` to `values`: in one piece, or run by run of usable bars."""
    if usable is None:
        for row in table:
            values.update(zip(row.names, row.study(series), strict=True))
        return
    for row in table:
        values.update((name, np.full(len(usable), np.nan)) for name in row.names)
    for run in _runs(usable):
        part = Series(series.high[run], series.low[run], series.close[run], series.volume[run])
        for row in table:
            for name, column in zip(row.names, row.study(part), strict=True):
                values[name][run] = column


def _priced(bars: Bars) -> NDArray[np.bool_]:
    """Which bars have four positive prices."""
    prices = np.stack((bars.open, bars.high, bars.low, bars.close))
    usable: NDArray[np.bool_] = np.logical_and.reduce((prices > 0) & np.isfinite(prices))
    return usable


def _runs(usable: NDArray[np.bool_]) -> Iterator[slice]:
    """The stretches of consecutive usable bars."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], usable, [False])).astype(np.int8)))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        yield slice(int(start), int(stop))
