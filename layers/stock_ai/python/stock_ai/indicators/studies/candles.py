"""Candle patterns by TA-Lib's rules: 100 where one that is read as rising ends, -100 as falling, else 0."""

from __future__ import annotations

import numpy as np

from stock_ai.indicators.indicator import Family, Row, row
from stock_ai.indicators.panel import Floats
from stock_ai.indicators.series import Series
from stock_ai.indicators.ta import ta

_STILL = 11
"""Bars at one price after which there are no candles to speak of: a pattern compares with the 10 bars before."""

_PATTERNS = (
    (ta.CDLDOJI, "doji", 11, "Opened and closed at about the same price: 100 or 0"),
    (ta.CDLHAMMER, "hammer", 12, "Small body, long lower shadow after a fall"),
    (ta.CDLSHOOTINGSTAR, "shooting_star", 12, "Small body, long upper shadow after a rise"),
    (ta.CDLENGULFING, "engulfing", 3, "A body that holds the opposite one before it"),
    (ta.CDLHARAMI, "harami", 12, "A small body within the long one before it"),
    (ta.CDLPIERCING, "piercing", 12, "Opens below a long fall and closes above its middle"),
    (ta.CDLDARKCLOUDCOVER, "dark_cloud", 12, "Opens above a long rise and closes well into it"),
    (ta.CDLMORNINGSTAR, "morning_star", 13, "A long fall, a small body below it, a rise into it"),
    (ta.CDLEVENINGSTAR, "evening_star", 13, "A long rise, a small body above it, a fall into it"),
    (ta.CDL3WHITESOLDIERS, "three_white_soldiers", 13, "Three long rises, each closing higher"),
    (ta.CDL3BLACKCROWS, "three_black_crows", 14, "Three long falls after a rise, each closing lower"),
)


def candles(series: Series) -> tuple[Floats, ...]:
    """All patterns in one go. TA-Lib says 80 where only one end is engulfed; that is a pattern too."""
    arrays = series.open, series.high, series.low, series.close
    found = np.array([pattern(*arrays) for pattern, *_ in _PATTERNS], dtype=np.float64)
    np.copysign(100.0, found, out=found, where=found != 0)
    for values, (_, _, warm_up, _) in zip(found, _PATTERNS, strict=True):
        values[: warm_up - 1] = np.nan
    frozen = series.frozen >= _STILL
    if frozen.any():
        found[:, frozen] = np.nan
    return tuple(found)


ROWS: tuple[Row, ...] = (
    row(
        Family.CANDLE,
        candles,
        *((f"candle_{name}", warm_up, "-100..100", words) for _, name, warm_up, words in _PATTERNS),
    ),
)
"""The candle patterns."""
