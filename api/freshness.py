"""The `freshness` block of an answer, from what the answer is made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from api.schemas import Freshness
from stock_ai.market.calendar import exchange_date
from stock_ai.models import Insight, StockPrice


def _age(as_of: dt.date | None, now: dt.datetime) -> int | None:
    return None if as_of is None else (exchange_date(now) - as_of).days


def trading_date(bar: StockPrice) -> dt.date:
    """The trading date of a bar, whatever its interval."""
    return exchange_date(bar.time) if isinstance(bar.time, dt.datetime) else bar.time


def of_insight(insight: Insight, now: dt.datetime) -> Freshness:
    """Freshness of an insight at `now` (aware)."""
    return Freshness(
        as_of=insight.as_of,
        age_days=_age(insight.as_of, now),
        source=insight.ai.source if insight.ai else None,
        provisional=insight.provisional,
        simulated=insight.simulated,
    )


def of_bar(bar: StockPrice, now: dt.datetime) -> Freshness:
    """Freshness of a bar at `now` (aware)."""
    as_of = trading_date(bar)
    return Freshness(
        as_of=as_of, age_days=_age(as_of, now), source=bar.source, provisional=bar.provisional, simulated=bar.simulated
    )


def of_date(as_of: dt.date | None, now: dt.datetime) -> Freshness:
    """Freshness of data of which only the trading date is known."""
    return Freshness(as_of=as_of, age_days=_age(as_of, now), source=None, provisional=None, simulated=None)


def _any(values: Iterable[bool | None]) -> bool | None:
    known = [value for value in values if value is not None]
    return any(known) if known else None


def combined(parts: Iterable[Freshness], now: dt.datetime) -> Freshness:
    """Freshness of an answer made of several: newest date, the only source, a flag if any has it."""
    parts = list(parts)
    as_of = max((part.as_of for part in parts if part.as_of is not None), default=None)
    sources = {part.source for part in parts if part.source is not None}
    return Freshness(
        as_of=as_of,
        age_days=_age(as_of, now),
        source=sources.pop() if len(sources) == 1 else None,
        provisional=_any(part.provisional for part in parts),
        simulated=_any(part.simulated for part in parts),
    )
