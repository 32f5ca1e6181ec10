"""The daily bars of one symbol as the checks see them: columns of float64, oldest first."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stock_ai.models.base import PriceBasis

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]
Mask = NDArray[np.bool_]

_COARSE = 10.0
"""Sources that speak of thousand VND with two decimals give multiples of 10 VND."""


class DailyBars(Protocol):
    """What a check reads of a symbol; `stock_ai.indicators.Bars` has it. Missing numbers are NaN."""

    @property
    def symbol(self) -> str:
        """E.g. FPT."""

    @property
    def dates(self) -> Dates:
        """Trading dates, strictly increasing."""

    @property
    def open(self) -> Floats:
        """VND, or points."""

    @property
    def high(self) -> Floats:
        """VND, or points."""

    @property
    def low(self) -> Floats:
        """VND, or points."""

    @property
    def close(self) -> Floats:
        """VND, or points."""

    @property
    def adjusted_close(self) -> Floats:
        """Close back-adjusted for corporate actions."""

    @property
    def volume(self) -> Floats:
        """Shares."""

    @property
    def source(self) -> str:
        """Where the last bar came from."""

    @property
    def provisional(self) -> bool:
        """Whether the session of the last bar still runs."""

    @property
    def basis(self) -> PriceBasis:
        """RAW where all prices are as traded."""

    def __len__(self) -> int:
        """How many bars."""


def rounding(adjusted_close: Floats) -> Floats:
    """How far each adjusted close may be from the exact one: half a VND, or 5 VND where it is a multiple of 10."""
    return np.where(adjusted_close % _COARSE == 0, _COARSE / 2, 0.5)


def factor_changes(bars: DailyBars) -> tuple[Floats, Floats]:
    """What multiplies the prices before each bar, from the second on, and how far rounding may have moved that.

    The factor is the ratio adjusted / close of the bar before by that of the bar itself: 1 on most days, 0.5 on the
    first day after a split in two. NaN where either bar has no positive close or adjusted close. Shape (bars - 1,).
    """
    close, adjusted = bars.close, bars.adjusted_close
    sound = (close > 0) & (adjusted > 0)
    with np.errstate(all="ignore"):
        ratio = np.where(sound, adjusted / close, np.nan)
        error = np.where(sound, rounding(adjusted) / adjusted, np.nan)
        factor = ratio[:-1] / ratio[1:]
        slack = factor * (error[:-1] + error[1:]) / (1 - error[1:])
    # Where an adjusted close is below its own rounding, nothing can be said.
    return factor, np.where(error[1:] < 1, slack, np.inf)
