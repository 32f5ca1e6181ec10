"""What the model learns to foresee: the next five sessions of a stock against the equal-weight market."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stock_ai.indicators.panel import Floats
from stock_ai.ml.cross_section import MIN_CROSS_SECTION

ENTRY = 1
"""Sessions between the bar that is known and the close at which one can enter."""
HORIZON = 5
"""Sessions held."""
REACH = ENTRY + HORIZON
"""Sessions after its own that a label looks at. Spans of data that must not know each other lie further apart."""
BAND: Final = 0.35
"""k of the neutral band: chosen so that each class holds about a third of the rows of 119 stocks, 2016 to 2025."""
DOWN, NEUTRAL, UP = 0, 1, 2
UNKNOWN: Final = -1


def labels(closes: Floats, volatility: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Class and excess return of every stock at every session.

    The return is `closes[t + 6] / closes[t + 1] - 1`, in excess of the mean of all stocks that have one at `t`. It is
    UP above and DOWN below a band of `BAND` x volatility x root 5, else NEUTRAL.

    Args:
        closes: (sessions, stocks) adjusted closes, consecutive sessions of the market; NaN where a stock has no bar.
        volatility: (sessions, stocks) standard deviation of the last 20 daily log returns, per day.

    Returns:
        Classes, `UNKNOWN` where a price is missing, volatility is missing or zero, or fewer than `MIN_CROSS_SECTION`
        stocks have a return; and the excess returns, NaN where a price is missing or the cross-section is too small.
    """
    excess = np.full(closes.shape, np.nan)
    if len(closes) > REACH:
        forward = closes[REACH:] / closes[ENTRY:-HORIZON] - 1
        count = np.isfinite(forward).sum(axis=1, keepdims=True)
        mean = np.nansum(forward, axis=1, keepdims=True) / np.maximum(count, 1)
        excess[:-REACH] = np.where(count >= MIN_CROSS_SECTION, forward - mean, np.nan)
    band = BAND * np.where(volatility > 0, volatility, np.nan) * HORIZON**0.5
    classes = np.full(closes.shape, UNKNOWN, dtype=np.int64)
    known = np.isfinite(excess) & np.isfinite(band)
    classes[known] = NEUTRAL
    classes[known & (excess > band)] = UP
    classes[known & (excess < -band)] = DOWN
    return classes, excess
