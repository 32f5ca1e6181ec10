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

from stock_ai.indicators.panel import AdjustedPrices, Bars, Floats
from stock_ai.indicators.ta import ta
from stock_ai.ml.cross_section import Integers

Given = Mapping[str, Floats]
"""The series that features are computed from, by name, each of shape (rows,)."""


@dataclass(frozen=True, slots=True)
class Own:
    """A feature: a function of `Given` that looks at no other row, and the indicator it reads, if any."""

    function: Callable[[Given], Floats]
    indicator: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """One stock, each array of shape (bars,), but for the indicators, which may be of the newest bars only."""

    bars: Bars
    prices: AdjustedPrices
    indicators: Mapping[str, Floats]
    logs: Floats
    """Natural logarithm of the adjusted close."""
    returns: Floats
    """Log return since the bar before, NaN at the first."""

    @classmethod
    def of(cls, bars: Bars, prices: AdjustedPrices, indicators: Mapping[str, Floats]) -> History:
        """The history of a stock, given all its indicators; divisions by zero are left as they are."""
        logs = np.log(prices.close)
        returns = np.full(len(logs), np.nan)
        np.subtract(logs[1:], logs[:-1], out=returns[1:])
        return cls(bars, prices, indicators, logs, returns)

    def at(self, rows: Integers) -> Floats:
        """(series, rows) the series of `SERIES` at some bars, given by their positions in ascending order.

        The indicators have to reach back to the first of them. A window is a sum that runs from 60 bars before that,
        so that what it gives at a bar depends on which rows are asked for by no more than rounding.
        """
        if not len(rows):
            return np.empty((len(SERIES), 0))
        bars, left = len(self.logs), len(self.logs) - rows[0]
        series = [*self._windows(max(bars - left - _LONGEST, 0)), *(self.indicators[name] for name in _INDICATORS)]
        tails: Floats = np.concatenate([column[-left:] for column in series]).reshape(len(series), -1)
        return np.concatenate((self._changes(rows), tails[:, rows - rows[0]]))

    def _changes(self, rows: Integers) -> Floats:
        """(periods, rows) returns over each of `_PERIODS`, NaN before there are so many bars."""
        padded = np.concatenate((np.full(_PERIODS[-1], np.nan), self.logs))
        changes: Floats = self.logs[rows] - padded[rows + _PERIODS[-1] - _PERIODS[:, None]]
        return changes

    def _windows(self, start: int) -> tuple[Floats, ...]:
        """The series of `_WINDOWS` from bar `start` on."""
        x, logs, volume = self.returns[start:], self.logs[start:], self.bars.volume[start:]
        prices, value = self.prices, self.bars.close[start:] * volume
        gaps = np.full(len(x), np.nan)
        np.subtract(np.log(prices.open[start + 1 :]), logs[:-1], out=gaps[1:])
        # Amihud (2002): |return| per traded value, here per billion VND; the million keeps idle days finite.
        per_value = np.abs(x) / (value + 1e6) * 1e9
        square = x * x
        return (
            prices.high[start:],
            prices.low[start:],
            prices.close[start:],
            gaps,
            ta.SUM(gaps, 20),
            ta.MAX(x, 20),
            ta.MIN(x, 20),
            ta.SMA(x, 20),
            ta.SMA(square, 20),
            ta.SMA(square * x, 20),
            ta.STDDEV(x, 20, 1),
            ta.SMA(per_value, 20),
            ta.SMA(value, 20),
            ta.SMA(volume, 5),
            ta.SMA(volume, 60),
        )


_PERIODS: Final = np.array([1, 2, 3, 5, 10, 20, 60, 120, 250])
_LONGEST: Final = 60
"""Bars before its own that the longest of `_WINDOWS` takes, with one to spare."""
_WINDOWS: Final = (
    "high",
    "low",
    "close",
    "gap",
    "gaps",
    "largest",
    "smallest",
    "mean",
    "square",
    "cube",
    "deviation",
    "per_value",
    "value",
    "volume_5",
    "volume_60",
)
"""Adjusted prices, the log of the open over the close before, then over 20 sessions: the sum of those, extremes of the
returns, means of their first three powers, their deviation, the mean of |return| per traded value and of the traded
value itself; last the mean volume of 5 and of 60 sessions. Values are in VND as traded."""


def own_features(series: Floats) -> Floats:
    """(features, rows) the features of `OWN`, from (series, rows) of `SERIES`; NaN where one is undefined."""
    given = dict(zip(SERIES, series, strict=True))
    own = np.empty((len(OWN), series.shape[1]))
    with np.errstate(divide="ignore", invalid="ignore"):
        for row, (_, _, feature) in zip(own, OWN, strict=True):
            row[:] = feature.function(given)
    own[~np.isfinite(own)] = np.nan
    return own


def _series(name: str) -> Own:
    return Own(lambda given: given[name])


def _distance(level: str) -> Own:
    return Own(lambda given: given["close"] / given[level] - 1, level)


def _percent(name: str) -> Own:
    return Own(lambda given: given[name] / 100, name)


def _as_is(name: str) -> Own:
    return Own(lambda given: given[name], name)


def _per_close(name: str) -> Own:
    return Own(lambda given: given[name] / given["close"], name)


def _close_location(given: Given) -> Floats:
    span = given["high"] - given["low"]
    # A bar without a range closes in the middle of it.
    return np.where(span > 0, (given["close"] - given["low"]) / np.where(span > 0, span, 1), 0.5)


def _skewness(given: Given) -> Floats:
    """Third central moment over the cube of the deviation, from means of powers."""
    mean, square, cube = given["mean"], given["square"], given["cube"]
    variance = np.maximum(square - mean * mean, 0)
    skewness: Floats = (cube - 3 * mean * square + 2 * mean**3) / variance**1.5
    return skewness


def _log_mean(name: str) -> Own:
    return Own(lambda given: np.log1p(np.maximum(given[name], 0)))


def _volume_trend(given: Given) -> Floats:
    trend: Floats = np.log1p(np.maximum(given["volume_5"] / given["volume_60"], 0))
    return trend


OWN: Final[tuple[tuple[str, str, Own], ...]] = (
    ("return_1", "return of the last session", _series("return_1")),
    ("return_2", "return over 2 sessions", _series("return_2")),
    ("return_3", "return over 3 sessions", _series("return_3")),
    ("return_5", "return over 5 sessions", _series("return_5")),
    ("return_10", "return over 10 sessions", _series("return_10")),
    ("return_20", "return over 20 sessions", _series("return_20")),
    ("return_60", "return over 60 sessions", _series("return_60")),
    ("return_120", "return over 120 sessions", _series("return_120")),
    ("return_250", "return over 250 sessions", _series("return_250")),
    (
        "return_250_to_20",
        "return over a year without its last month",
        Own(lambda given: given["return_250"] - given["return_20"]),
    ),
    ("gap", "gap at the open", _series("gap")),
    ("overnight_20", "returns from close to open over 20 sessions", _series("gaps")),
    (
        "within_sessions_20",
        "returns from open to close over 20 sessions",
        Own(lambda given: given["return_20"] - given["gaps"]),
    ),
    ("close_location", "place of the close in the day's range", Own(_close_location)),
    ("largest_return_20", "largest return of 20 sessions", _series("largest")),
    ("smallest_return_20", "smallest return of 20 sessions", _series("smallest")),
    ("steadiness_20", "mean over deviation of 20 returns", Own(lambda given: given["mean"] / given["deviation"])),
    ("skewness_20", "skewness of 20 returns", Own(_skewness)),
    ("illiquidity_20", "price move per traded value over 20 sessions", _log_mean("per_value")),
    ("traded_value_20", "traded value of 20 sessions (log)", _log_mean("value")),
    ("volume_trend", "volume of 5 sessions against 60 (log)", Own(_volume_trend)),
    (
        "volume_ratio_20",
        "volume against its 20-session mean (log)",
        Own(lambda given: np.log1p(given["volume_ratio_20"]), "volume_ratio_20"),
    ),
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

_INDICATORS: Final = tuple(feature.indicator for _, _, feature in OWN if feature.indicator)
SERIES: Final = (*(f"return_{period}" for period in _PERIODS), *_WINDOWS, *_INDICATORS)
"""What `History.at` gives and `own_features` takes."""
