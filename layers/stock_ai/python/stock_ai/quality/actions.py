"""Corporate actions seen in the ratio of adjusted to traded close."""

from __future__ import annotations

import numpy as np

from stock_ai.quality.columns import DailyBars, factor_changes
from stock_ai.quality.report import ActionKind, CorporateAction

_LARGEST_CASH_DIVIDEND = 0.09
"""Share of the price: few companies pay more in cash at once, and one new share for ten takes more."""
_NOISE = 1e-3
"""Changes below this are no action, whatever the rounding: the smallest dividends are some tenths of a percent."""


def corporate_actions(bars: DailyBars) -> list[CorporateAction]:
    """The changes of the ratio that the rounding of VND does not explain, oldest first.

    A bar without a positive close and adjusted close hides a change next to it.
    """
    factor, slack = factor_changes(bars)
    found = np.flatnonzero(np.abs(factor - 1) > slack + _NOISE)
    return [
        CorporateAction(
            symbol=bars.symbol,
            date=bars.dates[at + 1].item(),
            factor=round(float(factor[at]), 6),
            kind=_kind(factor[at]),
        )
        for at in found
    ]


def _kind(factor: float) -> ActionKind:
    if factor > 1:
        return ActionKind.CONSOLIDATION
    return ActionKind.CASH_DIVIDEND if factor >= 1 - _LARGEST_CASH_DIVIDEND else ActionKind.STOCK
