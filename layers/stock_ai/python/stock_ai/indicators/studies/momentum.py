"""How fast and how far the price has moved."""

from __future__ import annotations

import numpy as np

from stock_ai.indicators.indicator import Family, Row, Study, row
from stock_ai.indicators.panel import Flags, Floats
from stock_ai.indicators.series import Series
from stock_ai.indicators.ta import ta

# Where the close stands still RSI moves by rounding only.
_STILL_RSI = 1e-9
_EMA = ta.MA_Type.EMA


def rsi(period: int) -> Study:
    """Wilder's relative strength index, 0 to 100."""

    def study(series: Series) -> tuple[Floats, ...]:
        values = ta.RSI(series.close, period)
        # The averages remember older moves through a still window; only 0 / 0 says nothing.
        values[(values == 0) & (series.unmoved >= period)] = np.nan
        return (values,)

    return study


def stochastic(series: Series) -> tuple[Floats, ...]:
    """Slow stochastic (14, 3, 3): %K is the close in the 14-session range, averaged over 3, %D its average over 3."""
    slow_k, slow_d = ta.STOCH(series.high, series.low, series.close, fastk_period=14, slowk_period=3, slowd_period=3)
    frozen = series.frozen >= 14
    if frozen.any():
        slow_k[_within(frozen, 3)] = np.nan
        slow_d[_within(frozen, 5)] = np.nan
    return slow_k, slow_d


def stochastic_rsi(series: Series) -> tuple[Floats, ...]:
    """Where RSI(14) lies in its own range of 14 sessions, 0 to 100, and the average of that over 3."""
    index = ta.RSI(series.close, 14)
    lowest = ta.MIN(index, 14)
    span = ta.MAX(index, 14) - lowest
    still = span <= _STILL_RSI
    percent = 100 * (index - lowest) / np.where(still, 1, span)
    average = ta.SMA(percent, 3)
    if still.any():
        percent[still] = np.nan
        average[_within(still, 3)] = np.nan
    return percent, average


def williams_r(series: Series) -> tuple[Floats, ...]:
    """The close in the range of 14 sessions, 0 at the high and -100 at the low."""
    values = ta.WILLR(series.high, series.low, series.close, 14)
    values[series.frozen >= 14] = np.nan
    return (values,)


def commodity_channel(series: Series) -> tuple[Floats, ...]:
    """Distance of the typical price from its mean of 20 sessions, in units of 0.015 mean absolute deviations."""
    values = ta.CCI(series.high, series.low, series.close, 20)
    values[series.unmoved_typical >= 19] = np.nan
    return (values,)


def rate_of_change(period: int) -> Study:
    """Change of the close over `period` sessions in percent."""
    return lambda series: (ta.ROC(series.close, period),)


def momentum(series: Series) -> tuple[Floats, ...]:
    """Change of the close over 10 sessions."""
    return (ta.MOM(series.close, 10),)


def macd(series: Series) -> tuple[Floats, ...]:
    """EMA(12) - EMA(26), its EMA(9), and the difference of the two."""
    line, signal, histogram = ta.MACD(series.close, 12, 26, 9)
    return line, signal, histogram


def percentage_price_oscillator(series: Series) -> tuple[Floats, ...]:
    """EMA(12) over EMA(26) - 1 in percent: macd without the price scale, both averages started at bar 26."""
    return (ta.PPO(series.close, 12, 26, _EMA),)


def trix(series: Series) -> tuple[Floats, ...]:
    """Change since the session before of the close averaged three times by EMA(15), in percent."""
    return (ta.TRIX(series.close, 15),)


def ultimate_oscillator(series: Series) -> tuple[Floats, ...]:
    """Buying pressure over true range of 7, 14 and 28 sessions, weighted 4, 2 and 1, 0 to 100."""
    values = ta.ULTOSC(series.high, series.low, series.close, 7, 14, 28)
    values[series.still >= 7] = np.nan
    return (values,)


def _within(flags: Flags, count: int) -> Flags:
    """Where one of the last `count` flags is set."""
    found = flags.copy()
    for back in range(1, count):
        found[back:] |= flags[:-back]
    return found


_CHANGE = "Change of the close over {} sessions"

ROWS: tuple[Row, ...] = (
    row(Family.MOMENTUM, rsi(7), ("rsi_7", 8, "0..100", "Relative strength index, 7 sessions"), remembers=True),
    row(Family.MOMENTUM, rsi(14), ("rsi_14", 15, "0..100", "Relative strength index, 14 sessions"), remembers=True),
    row(
        Family.MOMENTUM,
        stochastic,
        ("stochastic_k", 18, "0..100", "The close in the range of 14 sessions, averaged over 3"),
        ("stochastic_d", 18, "0..100", "stochastic_k averaged over 3"),
    ),
    row(
        Family.MOMENTUM,
        stochastic_rsi,
        ("stochastic_rsi_k", 28, "0..100", "rsi_14 in its range of 14 sessions"),
        ("stochastic_rsi_d", 30, "0..100", "stochastic_rsi_k averaged over 3"),
        remembers=True,
    ),
    row(Family.MOMENTUM, williams_r, ("williams_r_14", 14, "-100..0", "The close below the high, in the range of 14")),
    row(Family.MOMENTUM, commodity_channel, ("cci_20", 20, "ratio", "Commodity channel index, 20 sessions")),
    row(Family.MOMENTUM, rate_of_change(1), ("roc_1", 2, "percent", "Change of the close since the session before")),
    *(
        row(Family.MOMENTUM, rate_of_change(period), (f"roc_{period}", period + 1, "percent", _CHANGE.format(period)))
        for period in (5, 10, 20, 60)
    ),
    row(Family.MOMENTUM, momentum, ("momentum_10", 11, "price", "Close less that of 10 sessions before")),
    row(
        Family.MOMENTUM,
        macd,
        ("macd", 34, "price", "EMA(12) - EMA(26)"),
        ("macd_signal", 34, "price", "EMA(9) of macd"),
        ("macd_histogram", 34, "price", "macd - macd_signal"),
        remembers=True,
    ),
    row(Family.MOMENTUM, percentage_price_oscillator, ("ppo", 26, "percent", "EMA(12) over EMA(26)"), remembers=True),
    row(
        Family.MOMENTUM,
        trix,
        ("trix_15", 44, "percent", "Change of the triple EMA(15) since the session before"),
        remembers=True,
    ),
    row(
        Family.MOMENTUM,
        ultimate_oscillator,
        ("ultimate_oscillator", 29, "0..100", "Buying pressure over 7, 14 and 28 sessions"),
    ),
)
"""The momentum indicators."""
