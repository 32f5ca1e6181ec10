"""The `freshness` block of an answer, from what the answer is made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from api.marks import marked
from api.schemas import Freshness
from api.services import Services
from stock_ai.market.calendar import exchange_date, last_closed
from stock_ai.models.insight import Insight
from stock_ai.models.price import StockPrice


def trading_date(bar: StockPrice) -> dt.date:
    """The trading date of a bar, whatever its interval."""
    return exchange_date(bar.time) if isinstance(bar.time, dt.datetime) else bar.time


class Gauge:
    """Tells how fresh data is at the instant it is made, by the services' calendar. One serves one request."""

    def __init__(self, services: Services) -> None:
        self.now = services.clock()
        self._services = services
        self._today = exchange_date(self.now)
        self._closed = last_closed(self.now)
        self._behind: dict[dt.date, int] = {}

    def of_insight(self, insight: Insight) -> Freshness:
        """Freshness of an insight."""
        source = insight.ai.source if insight.ai else None
        return self.of(insight.as_of, source, provisional=insight.provisional, simulated=insight.simulated)

    def of_bar(self, bar: StockPrice) -> Freshness:
        """Freshness of a bar."""
        return self.of(trading_date(bar), bar.source, provisional=bar.provisional, simulated=bar.simulated)

    def of(
        self,
        as_of: dt.date | None,
        source: str | None = None,
        *,
        provisional: bool | None = None,
        simulated: bool | None = None,
    ) -> Freshness:
        """Freshness of data of which this is known."""
        return Freshness(
            as_of=as_of,
            age_days=None if as_of is None else (self._today - as_of).days,
            sessions_behind=None if as_of is None else self._sessions_behind(as_of),
            source=source,
            provisional=provisional,
            simulated=simulated,
            degraded=marked(),
        )

    def combined(self, parts: Iterable[Freshness]) -> Freshness:
        """Freshness of an answer made of several: newest date, the only source, a flag if any has it."""
        parts = list(parts)
        sources = {part.source for part in parts if part.source is not None}
        return self.of(
            max((part.as_of for part in parts if part.as_of is not None), default=None),
            sources.pop() if len(sources) == 1 else None,
            provisional=_any(part.provisional for part in parts),
            simulated=_any(part.simulated for part in parts),
        )

    def _sessions_behind(self, as_of: dt.date) -> int:
        # The newest data needs no calendar, which takes 20 ms to load in a new process.
        if as_of >= self._closed:
            return 0
        # Most symbols of a listing share one date.
        if as_of not in self._behind:
            from stock_ai.market.trading_calendar import sessions_behind

            self._behind[as_of] = sessions_behind(as_of, self._services.calendar, self.now)
        return self._behind[as_of]


def _any(values: Iterable[bool | None]) -> bool | None:
    known = [value for value in values if value is not None]
    return any(known) if known else None
