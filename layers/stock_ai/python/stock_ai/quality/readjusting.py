"""Adjusted histories that a source gives anew. Without numpy: the collector has no other need of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from stock_ai.models.base import Price
from stock_ai.quality.report import Readjustment


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
    pairs = [
        (date, float(stored[date]), float(fetched[date]))
        for date in sorted(stored.keys() & fetched.keys())
        # A price that is not above its own rounding tells no factor.
        if min(stored[date], fetched[date]) > unit
    ]
    changed = [place for place, (_, old, new) in enumerate(pairs) if abs(new - old) > unit]
    if not changed:
        return None
    pairs = pairs[: changed[-1] + 1]
    half = unit / 2
    # Each bar allows the factors from `least` to `most`; one factor has to lie within all of these.
    least = max((new - half) / (old + half) for _, old, new in pairs)
    most = min((new + half) / (old - half) for _, old, new in pairs)
    consistent = least <= most
    estimate = sum(new for _, _, new in pairs) / sum(old for _, old, _ in pairs)
    return Readjustment(
        symbol=symbol,
        factor=min(max(estimate, least), most) if consistent else estimate,
        first=pairs[0][0],
        last=pairs[-1][0],
        bars=len(pairs),
        source=source,
        detected_at=detected_at,
        consistent=consistent,
    )
