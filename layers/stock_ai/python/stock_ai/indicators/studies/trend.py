"""Whether there is a trend, which way it goes, and where the price stands in its year."""

from __future__ import annotations

import numpy as np

from stock_ai.indicators.indicator import Family, Row, row
from stock_ai.indicators.panel import Floats
from stock_ai.indicators.series import Series
from stock_ai.indicators.studies import YEAR
from stock_ai.indicators.ta import ta

_SESSIONS_VARIANCE = (20**2 - 1) / 12
"""Population variance of 20 consecutive whole numbers."""


def directional(series: Series) -> tuple[Floats, ...]:
    """Wilder's average directional index and +DI, -DI over 14 sessions; without any movement 0, which is no trend."""
    arrays = series.high, series.low, series.close
    return ta.ADX(*arrays, 14), ta.PLUS_DI(*arrays, 14), ta.MINUS_DI(*arrays, 14)


def aroon(series: Series) -> tuple[Floats, ...]:
    """How lately the high and the low of 26 sessions were: 100 today, 0 25 sessions ago; and up - down."""
    down, up = ta.AROON(series.high, series.low, 25)
    frozen = series.frozen >= 26
    if frozen.any():
        down[frozen] = up[frozen] = np.nan
    return up, down, up - down


def regression(series: Series) -> tuple[Floats, ...]:
    """Slope of the line fitted to the logarithms of 20 closes, in percent per session, and its r squared."""
    slope = ta.LINEARREG_SLOPE(series.logs, 20)
    variance = ta.VAR(series.logs, 20)
    explained = np.minimum(slope**2 * _SESSIONS_VARIANCE / variance, 1)
    explained[(series.unmoved >= 19) | (variance <= 0)] = np.nan
    return 100 * slope, explained


def year_range(series: Series) -> tuple[Floats, ...]:
    """Where the close lies in the range of 252 sessions (0 low, 1 high), and its distance to either end in percent."""
    lowest, highest = ta.MIN(series.low, YEAR), ta.MAX(series.high, YEAR)
    span = highest - lowest
    span[span == 0] = np.nan
    span[series.frozen >= YEAR] = np.nan
    position = (series.close - lowest) / span
    return position, 100 * (series.close / highest - 1), 100 * (series.close / lowest - 1)


ROWS: tuple[Row, ...] = (
    row(
        Family.TREND,
        directional,
        ("adx_14", 28, "0..100", "Average directional index, 14 sessions: strength of the trend"),
        ("plus_di_14", 15, "0..100", "Upward movement over the true range, 14 sessions"),
        ("minus_di_14", 15, "0..100", "Downward movement over the true range, 14 sessions"),
        remembers=True,
    ),
    row(
        Family.TREND,
        aroon,
        ("aroon_up_25", 26, "0..100", "How lately the highest high of 26 sessions was"),
        ("aroon_down_25", 26, "0..100", "How lately the lowest low of 26 sessions was"),
        ("aroon_oscillator_25", 26, "-100..100", "aroon_up_25 - aroon_down_25"),
    ),
    row(
        Family.TREND,
        regression,
        ("trend_slope_20", 20, "percent per session", "Slope of the line fitted to 20 closes"),
        ("trend_r2_20", 20, "0..1", "Share of the variance of 20 closes that the line explains"),
    ),
    row(
        Family.TREND,
        year_range,
        ("position_52w", YEAR, "ratio", "The close between low and high of 252 sessions"),
        ("distance_high_52w", YEAR, "percent", "The close over the high of 252 sessions, at most 0"),
        ("distance_low_52w", YEAR, "percent", "The close over the low of 252 sessions, at least 0"),
    ),
)
"""The trend indicators."""
