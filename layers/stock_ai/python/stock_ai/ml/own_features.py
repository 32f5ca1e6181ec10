"""THE list of features of a stock alone: what each is, in plain words, and how it is computed.

Each is free of the price scale. That is no nicety: the level of adjusted prices tells of the dividends and splits
that came later, so a feature that knows it knows the future. Prices and volumes in VND are those as traded. None looks
at a later bar.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import talib

from stock_ai.indicators.panel import AdjustedPrices, Bars, Floats


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """What a feature of the stock alone is computed from, each of shape (bars,)."""

    bars: Bars
    prices: AdjustedPrices
    indicators: Mapping[str, Floats]
    logs: Floats
    """Natural logarithm of the adjusted close."""
    returns: Floats
    """Log return since the bar before, NaN at the first."""
    gaps: Floats
    """Log of the open over the close before, NaN at the first."""
    value: Floats
    """Traded value in VND: close as traded x volume."""


Own = Callable[[Inputs], Floats]


def inputs(bars: Bars, prices: AdjustedPrices, indicators: Mapping[str, Floats]) -> Inputs:
    """What the features need of one stock; divisions by zero are left as they are."""
    logs = np.log(prices.close)
    gaps = np.full(len(logs), np.nan)
    gaps[1:] = np.log(prices.open[1:]) - logs[:-1]
    return Inputs(bars, prices, indicators, logs, change(logs, 1), gaps, bars.close * bars.volume)


def change(logs: Floats, period: int) -> Floats:
    """The difference over `period` bars, NaN before there are so many."""
    changed = np.full(len(logs), np.nan)
    changed[period:] = logs[period:] - logs[:-period]
    return changed


def _log_return(period: int) -> Own:
    return lambda given: change(given.logs, period)


def _distance(level: str) -> Own:
    return lambda given: given.prices.close / given.indicators[level] - 1


def _percent(name: str) -> Own:
    return lambda given: given.indicators[name] / 100


def _as_is(name: str) -> Own:
    return lambda given: given.indicators[name]


def _per_close(name: str) -> Own:
    return lambda given: given.indicators[name] / given.prices.close


def _momentum_without_last_month(given: Inputs) -> Floats:
    return change(given.logs, 250) - change(given.logs, 20)


def _close_location(given: Inputs) -> Floats:
    span = given.prices.high - given.prices.low
    # A bar without a range closes in the middle of it.
    return np.where(span > 0, (given.prices.close - given.prices.low) / np.where(span > 0, span, 1), 0.5)


def _largest(given: Inputs) -> Floats:
    largest: Floats = talib.MAX(given.returns, 20)
    return largest


def _smallest(given: Inputs) -> Floats:
    smallest: Floats = talib.MIN(given.returns, 20)
    return smallest


def _steadiness(given: Inputs) -> Floats:
    mean: Floats = talib.SMA(given.returns, 20)
    return mean / talib.STDDEV(given.returns, 20, 1)


def _skewness(given: Inputs) -> Floats:
    """Third central moment over the cube of the deviation, from running means of powers."""
    x = given.returns
    mean, square, cube = (talib.SMA(power, 20) for power in (x, x * x, x * x * x))
    variance = np.maximum(square - mean * mean, 0)
    skewness: Floats = (cube - 3 * mean * square + 2 * mean**3) / variance**1.5
    return skewness


def _overnight(given: Inputs) -> Floats:
    total: Floats = talib.SUM(given.gaps, 20)
    return total


def _within_sessions(given: Inputs) -> Floats:
    return change(given.logs, 20) - talib.SUM(given.gaps, 20)


def _illiquidity(given: Inputs) -> Floats:
    """Amihud (2002): mean of |return| per traded value, here per billion VND; the million keeps idle days finite."""
    per_value = np.abs(given.returns) / (given.value + 1e6) * 1e9
    return np.log1p(np.maximum(talib.SMA(per_value, 20), 0))


def _traded_value(given: Inputs) -> Floats:
    return np.log1p(np.maximum(talib.SMA(given.value, 20), 0))


def _volume_trend(given: Inputs) -> Floats:
    volume = given.bars.volume
    return np.log1p(np.maximum(talib.SMA(volume, 5) / talib.SMA(volume, 60), 0))


def _volume(given: Inputs) -> Floats:
    return np.log1p(given.indicators["volume_ratio_20"])


OWN: Final[tuple[tuple[str, str, Own], ...]] = (
    ("return_1", "return of the last session", lambda given: given.returns),
    ("return_2", "return over 2 sessions", _log_return(2)),
    ("return_3", "return over 3 sessions", _log_return(3)),
    ("return_5", "return over 5 sessions", _log_return(5)),
    ("return_10", "return over 10 sessions", _log_return(10)),
    ("return_20", "return over 20 sessions", _log_return(20)),
    ("return_60", "return over 60 sessions", _log_return(60)),
    ("return_120", "return over 120 sessions", _log_return(120)),
    ("return_250", "return over 250 sessions", _log_return(250)),
    ("return_250_to_20", "return over a year without its last month", _momentum_without_last_month),
    ("gap", "gap at the open", lambda given: given.gaps),
    ("overnight_20", "returns from close to open over 20 sessions", _overnight),
    ("within_sessions_20", "returns from open to close over 20 sessions", _within_sessions),
    ("close_location", "place of the close in the day's range", _close_location),
    ("largest_return_20", "largest return of 20 sessions", _largest),
    ("smallest_return_20", "smallest return of 20 sessions", _smallest),
    ("steadiness_20", "mean over deviation of 20 returns", _steadiness),
    ("skewness_20", "skewness of 20 returns", _skewness),
    ("illiquidity_20", "price move per traded value over 20 sessions", _illiquidity),
    ("traded_value_20", "traded value of 20 sessions (log)", _traded_value),
    ("volume_trend", "volume of 5 sessions against 60 (log)", _volume_trend),
    ("volume_ratio_20", "volume against its 20-session mean (log)", _volume),
    ("distance_sma_5", "distance from the 5-session mean", _distance("sma_5")),
    ("distance_sma_20", "distance from the 20-session mean", _distance("sma_20")),
    ("distance_sma_50", "distance from the 50-session mean", _distance("sma_50")),
    ("distance_sma_100", "distance from the 100-session mean", _distance("sma_100")),
    ("distance_sma_200", "distance from the 200-session mean", _distance("sma_200")),
    ("distance_vwap_20", "distance from the volume-weighted price of 20 sessions", _distance("vwap_20")),
    ("distance_sar", "distance from the parabolic SAR", _distance("parabolic_sar")),
    ("distance_supertrend", "distance from the supertrend line", _distance("supertrend")),
    ("distance_kijun", "distance from the middle of the 26-session range", _distance("ichimoku_kijun")),
    ("distance_senkou_b", "distance from the middle of the 52-session range", _distance("ichimoku_senkou_b")),
    ("distance_high_52w", "distance from the 52-week high", _percent("distance_high_52w")),
    ("distance_low_52w", "distance from the 52-week low", _percent("distance_low_52w")),
    ("position_52w", "place in the 52-week range", _as_is("position_52w")),
    ("bollinger_percent_b", "place between the Bollinger bands", _as_is("bollinger_percent_b")),
    ("bollinger_width", "width of the Bollinger bands", _percent("bollinger_width")),
    ("natr_14", "average true range over the price", _percent("natr_14")),
    ("true_range", "true range over the price", _per_close("true_range")),
    ("volatility_20", "volatility of 20 sessions", _as_is("volatility_20")),
    ("volatility_60", "volatility of 60 sessions", _as_is("volatility_60")),
    ("parkinson_20", "volatility of the ranges of 20 sessions", _as_is("parkinson_20")),
    ("rsi_7", "relative strength index of 7 sessions", _percent("rsi_7")),
    ("rsi_14", "relative strength index of 14 sessions", _percent("rsi_14")),
    ("stochastic_k", "stochastic %K", _percent("stochastic_k")),
    ("stochastic_rsi_k", "stochastic of the relative strength index", _percent("stochastic_rsi_k")),
    ("cci_20", "commodity channel index", _percent("cci_20")),
    ("ppo", "MACD in percent of the price", _percent("ppo")),
    ("macd_histogram", "MACD histogram over the price", _per_close("macd_histogram")),
    ("trix_15", "change of the triple average", _percent("trix_15")),
    ("ultimate_oscillator", "ultimate oscillator", _percent("ultimate_oscillator")),
    ("aroon_25", "aroon oscillator", _percent("aroon_oscillator_25")),
    ("trend_slope_20", "slope of the trend of 20 sessions", _percent("trend_slope_20")),
    ("trend_r2_20", "straightness of the trend of 20 sessions", _as_is("trend_r2_20")),
    ("mfi_14", "money flow index", _percent("mfi_14")),
    ("cmf_20", "Chaikin money flow", _as_is("cmf_20")),
)
"""Name, plain words, function. Left out on purpose: ADX and the directional indicators, which rounding changes when
prices are adjusted again, and everything in shares or VND of adjusted prices."""
