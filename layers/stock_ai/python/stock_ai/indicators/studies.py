"""What each indicator is made of. TA-Lib does the windows; here stand the parameters and what is undefined.

Where a formula divides by a range or a flow that is zero, TA-Lib answers 0, which would read as "deeply oversold". Such
a value is NaN here: on a window without movement or without trade there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import talib

from stock_ai.indicators.panel import Floats

TRADING_DAYS = 250
"""Sessions in a Vietnamese year, to annualise volatility."""
YEAR = 252
"""Sessions of the 52-week range, as commonly counted."""

# Rounding leaves a band of about 1e-8 of the price on a flat window; one tick gives at least 1e-5.
_FLAT_BAND = 1e-6
_SAMPLE_20 = (20 / 19) ** 0.5
_STOCHASTIC_WINDOW = 14


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Inputs of the studies, finite, of shape (bars,): adjusted prices in VND or points, volume in shares."""

    high: Floats
    low: Floats
    close: Floats
    volume: Floats


Study = Callable[[Series], tuple[Floats, ...]]
"""Full-length outputs in declared order, NaN before warm-up; looks at no later bar."""


def simple_average(period: int) -> Study:
    """Mean of the last `period` closes."""
    return lambda series: (talib.SMA(series.close, period),)


def exponential_average(period: int) -> Study:
    """EMA of the close with weight 2 / (period + 1), started from the simple average of the first `period` closes."""
    return lambda series: (talib.EMA(series.close, period),)


def rsi(series: Series) -> tuple[Floats, ...]:
    """Wilder's relative strength index over 14 sessions, 0 to 100."""
    values = talib.RSI(series.close, 14)
    if not values.all():
        still = np.zeros(len(values), dtype=bool)
        still[14:] = talib.MAX(np.abs(np.diff(series.close)), 14)[13:] == 0
        values[(values == 0) & still] = np.nan
    return (values,)


def macd(series: Series) -> tuple[Floats, ...]:
    """EMA(12) - EMA(26), its EMA(9), and the difference of the two."""
    line, signal, histogram = talib.MACD(series.close, 12, 26, 9)
    return line, signal, histogram


def bollinger(series: Series) -> tuple[Floats, ...]:
    """SMA(20) with 2 population standard deviations above and below, and where the close lies between them (%b)."""
    upper, middle, lower = talib.BBANDS(series.close, 20, 2, 2)
    width = upper - lower
    percent = (series.close - lower) / width
    percent[width <= _FLAT_BAND * middle] = np.nan
    return upper, middle, lower, percent


def atr(series: Series) -> tuple[Floats, ...]:
    """Wilder's average true range over 14 sessions."""
    return (talib.ATR(series.high, series.low, series.close, 14),)


def stochastic(series: Series) -> tuple[Floats, ...]:
    """Slow stochastic (14, 3, 3): %K is the close in the 14-session range, averaged over 3, %D its average over 3."""
    slow_k, slow_d = talib.STOCH(series.high, series.low, series.close, fastk_period=14, slowk_period=3, slowd_period=3)
    if np.count_nonzero(series.high == series.low) >= _STOCHASTIC_WINDOW:
        flat = (talib.MAX(series.high, 14) == talib.MIN(series.low, 14)).astype(np.float64)
        if flat.any():
            slow_k[talib.MAX(flat, 3) == 1] = np.nan
            slow_d[talib.MAX(flat, 5) == 1] = np.nan
    return slow_k, slow_d


def adx(series: Series) -> tuple[Floats, ...]:
    """Wilder's average directional index over 14 sessions, 0 to 100; without any movement 0, which is no trend."""
    return (talib.ADX(series.high, series.low, series.close, 14),)


def on_balance_volume(series: Series) -> tuple[Floats, ...]:
    """Volume added on a rise and taken off on a fall, from the first bar on: only its changes mean something."""
    return (talib.OBV(series.close, series.volume),)


def money_flow(series: Series) -> tuple[Floats, ...]:
    """Money flow index over 14 sessions, 0 to 100: RSI's idea on typical price x volume."""
    values = talib.MFI(series.high, series.low, series.close, series.volume, 14)
    if not values.all():
        typical = series.high + series.low + series.close
        flow = (typical[1:] != typical[:-1]) * series.volume[1:]
        idle = np.zeros(len(values), dtype=bool)
        idle[14:] = talib.MAX(flow, 14)[13:] == 0
        values[(values == 0) & idle] = np.nan
    return (values,)


def rate_of_change(period: int) -> Study:
    """Change of the close over `period` sessions in percent."""
    return lambda series: (talib.ROC(series.close, period),)


def volume_ratio(series: Series) -> tuple[Floats, ...]:
    """Volume over its 20-session average, this session included."""
    # Without any trade it is 0 / 0, which is NaN; more than nothing over nothing cannot be.
    return (series.volume / talib.SMA(series.volume, 20),)


def volatility(series: Series) -> tuple[Floats, ...]:
    """Sample standard deviation of the last 20 daily log returns, times the root of 250."""
    logs = np.log(series.close)
    returns = np.full(len(logs), np.nan)
    np.subtract(logs[1:], logs[:-1], out=returns[1:])
    # TA-Lib divides by 20; a sample divides by 19.
    return (talib.STDDEV(returns, 20, _SAMPLE_20 * TRADING_DAYS**0.5),)


def year_position(series: Series) -> tuple[Floats, ...]:
    """Where the close lies between the lowest low (0) and the highest high (1) of 252 sessions."""
    lowest = talib.MIN(series.low, YEAR)
    span = talib.MAX(series.high, YEAR) - lowest
    span[span == 0] = np.nan
    return ((series.close - lowest) / span,)
