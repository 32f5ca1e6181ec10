"""Corporate actions seen in the ratio of adjusted to traded close, and adjusted histories that a source gives anew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np

from stock_ai.models import Price
from stock_ai.quality.columns import DailyBars, factor_changes
from stock_ai.quality.report import ActionKind, CorporateAction, Readjustment

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


def readjustment(
    symbol: str,
    stored: Mapping[dt.date, Price],
    fetched: Mapping[dt.date, Price],
    source: str,
    detected_at: dt.datetime,
    unit: float = 1,
) -> Readjustment | None:
    """How the adjusted prices of the dates in both differ, as one event; None where they are equal within rounding.

    After a corporate action all earlier adjusted prices are multiplied by one factor, so the event reaches from the
    oldest common date to the newest that changed. `consistent` says that one factor, other than 1, leads from every
    stored price in that range to the fetched one when both are rounded to `unit` (VND; points for an index).
    """
    dates = sorted(
        date
        for date in stored.keys() & fetched.keys()
        # A price that is not above its own rounding tells no factor.
        if min(stored[date], fetched[date]) > unit
    )
    old = np.array([float(stored[date]) for date in dates])
    new = np.array([float(fetched[date]) for date in dates])
    changed = np.flatnonzero(np.abs(new - old) > unit)
    if not changed.size:
        return None
    count = int(changed[-1]) + 1
    old, new = old[:count], new[:count]
    half = unit / 2
    # Each bar allows the factors from `least` to `most`; one factor has to lie within all of these.
    least, most = ((new - half) / (old + half)).max(), ((new + half) / (old - half)).min()
    consistent = bool(least <= most)
    estimate = new.sum() / old.sum()
    return Readjustment(
        symbol=symbol,
        factor=float(np.clip(estimate, least, most) if consistent else estimate),
        first=dates[0],
        last=dates[count - 1],
        bars=count,
        source=source,
        detected_at=detected_at,
        consistent=consistent,
    )
