"""How widely the price swings."""

from __future__ import annotations

import math

import numpy as np

from stock_ai.indicators.indicator import Family, Row, Study, row
from stock_ai.indicators.panel import Floats
from stock_ai.indicators.series import Series
from stock_ai.indicators.studies import TRADING_DAYS
from stock_ai.indicators.ta import ta


def atr(series: Series) -> tuple[Floats, ...]:
    """Wilder's average true range over 14 sessions."""
    return (ta.ATR(series.high, series.low, series.close, 14),)


def natr(series: Series) -> tuple[Floats, ...]:
    """Average true range over 14 sessions in percent of the close."""
    return (ta.NATR(series.high, series.low, series.close, 14),)


def true_range(series: Series) -> tuple[Floats, ...]:
    """The range of the session, widened to the close before."""
    return (ta.TRANGE(series.high, series.low, series.close),)


def bollinger_width(series: Series) -> tuple[Floats, ...]:
    """Four population standard deviations of 20 closes in percent of their mean."""
    return (400 * ta.STDDEV(series.close, 20) / ta.SMA(series.close, 20),)


def volatility(period: int) -> Study:
    """Sample standard deviation of the last `period` daily log returns, times the root of 250."""
    # TA-Lib divides by the period; a sample divides by one less.
    factor = math.sqrt(period / (period - 1) * TRADING_DAYS)

    def study(series: Series) -> tuple[Floats, ...]:
        returns = np.full(len(series.logs), np.nan)
        np.subtract(series.logs[1:], series.logs[:-1], out=returns[1:])
        return (ta.STDDEV(returns, period, factor),)

    return study


def parkinson(series: Series) -> tuple[Floats, ...]:
    """Parkinson's estimate from 20 ranges: root of the mean squared log of high over low / (4 ln 2), per year."""
    squares = np.log(series.high / series.low) ** 2
    mean = np.maximum(ta.SMA(squares, 20), 0)
    return (np.sqrt(mean * (TRADING_DAYS / (4 * math.log(2)))),)


ROWS: tuple[Row, ...] = (
    row(Family.VOLATILITY, atr, ("atr_14", 15, "price", "Average true range, 14 sessions"), remembers=True),
    row(
        Family.VOLATILITY,
        natr,
        ("natr_14", 15, "percent", "Average true range, 14 sessions, of the close"),
        remembers=True,
    ),
    row(Family.VOLATILITY, true_range, ("true_range", 2, "price", "Range of the session, widened to the close before")),
    row(Family.VOLATILITY, bollinger_width, ("bollinger_width", 20, "percent", "Width of the bands over their middle")),
    row(Family.VOLATILITY, volatility(20), ("volatility_20", 21, "per year", "Deviation of 20 log returns x root 250")),
    row(Family.VOLATILITY, volatility(60), ("volatility_60", 61, "per year", "Deviation of 60 log returns x root 250")),
    row(Family.VOLATILITY, parkinson, ("parkinson_20", 20, "per year", "Volatility told from 20 daily ranges")),
)
"""The volatility indicators."""
