"""Lines drawn over the price: averages, bands, channels and stops."""

from __future__ import annotations

import numpy as np

from stock_ai.indicators.indicator import Family, Row, Study, row
from stock_ai.indicators.panel import Floats
from stock_ai.indicators.series import Series
from stock_ai.indicators.ta import ta

# Rounding leaves a band of about 1e-8 of the price on a flat window; one tick gives at least 1e-5.
_FLAT_BAND = 1e-6


def simple_average(period: int) -> Study:
    """Mean of the last `period` closes."""
    return lambda series: (ta.SMA(series.close, period),)


def exponential_average(period: int) -> Study:
    """EMA of the close with weight 2 / (period + 1), started from the simple average of the first `period` closes."""
    return lambda series: (ta.EMA(series.close, period),)


def bollinger(series: Series) -> tuple[Floats, ...]:
    """SMA(20) with 2 population standard deviations above and below, and where the close lies between them (%b)."""
    upper, middle, lower = ta.BBANDS(series.close, 20, 2, 2)
    width = upper - lower
    percent = (series.close - lower) / width
    percent[width <= _FLAT_BAND * middle] = np.nan
    return upper, middle, lower, percent


def keltner(series: Series) -> tuple[Floats, ...]:
    """Keltner: EMA(20) of the typical price with twice the average true range of 10 sessions above and below."""
    upper, _, lower = ta.KC(series.high, series.low, series.close, 20, 10, 2)
    return upper, lower


def donchian(series: Series) -> tuple[Floats, ...]:
    """Highest high and lowest low of 20 sessions, this one included."""
    upper, _, lower = ta.DONCHIAN(series.high, series.low, 20)
    return upper, lower


def parabolic_sar(series: Series) -> tuple[Floats, ...]:
    """Wilder's parabolic stop and reverse, acceleration 0.02 a step up to 0.2."""
    return (ta.SAR(series.high, series.low, 0.02, 0.2),)


def supertrend(series: Series) -> tuple[Floats, ...]:
    """A stop 3 average true ranges (10 sessions) from the middle of the bar; the trend is up (1) or down (-1)."""
    line, trend = ta.SUPERTREND(series.high, series.low, series.close, 10, 3)
    return line, np.where(np.isnan(line), np.nan, trend)


def ichimoku(series: Series) -> tuple[Floats, ...]:
    """Middles of the ranges of 9 and 26 sessions, their mean, and the middle of 52: all as of their own session.

    A chart draws the last two 26 sessions ahead. The line that is drawn 26 sessions back is left out: it is the close.
    """
    tenkan, kijun = ta.MIDPRICE(series.high, series.low, 9), ta.MIDPRICE(series.high, series.low, 26)
    return tenkan, kijun, (tenkan + kijun) / 2, ta.MIDPRICE(series.high, series.low, 52)


def rolling_vwap(series: Series) -> tuple[Floats, ...]:
    """Typical price of 20 sessions weighted by volume; volumes are as traded, not adjusted."""
    average = ta.VWMA(series.typical, series.volume, 20)
    average[(series.idle >= 20) | np.isinf(average)] = np.nan
    return (average,)


_MEAN, _EXPONENTIAL = "Mean close of {} sessions", "Exponential average of the close, {} sessions"

ROWS: tuple[Row, ...] = (
    *(
        row(Family.OVERLAY, simple_average(period), (f"sma_{period}", period, "price", _MEAN.format(period)))
        for period in (5, 10, 20, 50, 100, 200)
    ),
    *(
        row(
            Family.OVERLAY,
            exponential_average(period),
            (f"ema_{period}", period, "price", _EXPONENTIAL.format(period)),
            remembers=True,
        )
        for period in (5, 12, 26, 50, 200)
    ),
    row(
        Family.OVERLAY,
        bollinger,
        ("bollinger_upper", 20, "price", "Mean of 20 sessions + 2 standard deviations"),
        ("bollinger_middle", 20, "price", "Mean of 20 sessions"),
        ("bollinger_lower", 20, "price", "Mean of 20 sessions - 2 standard deviations"),
        ("bollinger_percent_b", 20, "ratio", "The close between the bands: 0 at the lower, 1 at the upper"),
    ),
    row(
        Family.OVERLAY,
        keltner,
        ("keltner_upper", 20, "price", "Exponential average of 20 sessions + 2 average true ranges of 10"),
        ("keltner_lower", 20, "price", "Exponential average of 20 sessions - 2 average true ranges of 10"),
        remembers=True,
    ),
    row(
        Family.OVERLAY,
        donchian,
        ("donchian_upper", 20, "price", "Highest high of 20 sessions"),
        ("donchian_lower", 20, "price", "Lowest low of 20 sessions"),
    ),
    row(
        Family.OVERLAY,
        parabolic_sar,
        ("parabolic_sar", 2, "price", "Parabolic stop and reverse, 0.02 to 0.2"),
        remembers=True,
    ),
    row(
        Family.OVERLAY,
        supertrend,
        ("supertrend", 11, "price", "Stop 3 average true ranges (10 sessions) away from the price"),
        ("supertrend_direction", 11, "-1..1", "1 while the price is above supertrend, -1 while below"),
        remembers=True,
    ),
    row(
        Family.OVERLAY,
        ichimoku,
        ("ichimoku_tenkan", 9, "price", "Middle of the range of 9 sessions"),
        ("ichimoku_kijun", 26, "price", "Middle of the range of 26 sessions"),
        ("ichimoku_senkou_a", 26, "price", "Mean of tenkan and kijun, not drawn ahead"),
        ("ichimoku_senkou_b", 52, "price", "Middle of the range of 52 sessions, not drawn ahead"),
    ),
    row(
        Family.OVERLAY,
        rolling_vwap,
        ("vwap_20", 20, "price", "Mean typical price of 20 sessions, weighted by volume"),
        needs_volume=True,
    ),
)
"""The overlays."""
