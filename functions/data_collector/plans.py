"""Which plans of collection there are. How one is worked off is in `planned`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from functions.data_collector.ports import Ports
from functions.data_collector.request import Wanted
from functions.data_collector.symbols import resolved
from stock_ai.errors import InvalidInputError
from stock_ai.market.calendar import exchange_date
from stock_ai.market.trading_calendar import TradingCalendar
from stock_ai.models.base import Interval, digest
from stock_ai.ports.collection import CollectionPlan
from stock_ai.ports.sources import PriceSource
from stock_ai.sources.registry import is_live

OVERLAP_SESSIONS = 10
"""Sessions that are asked for again after the close: a correction or an adjustment of the last days shows in them."""
HISTORY = dt.timedelta(days=3 * 365)
"""What is collected of a symbol of which nothing is stored."""
INTRADAY = (Interval.HOUR, Interval.MINUTES_15, Interval.MINUTES_5, Interval.MINUTE)
INTRADAY_SESSIONS = 3
"""Sessions of which bars within the day are asked for each evening: two may fail before one is lost."""


def backfill_plan(wanted: Wanted, source: PriceSource, now: dt.datetime) -> CollectionPlan:
    """The plan of a backfill; asking for the same again names the same plan, which then goes on.

    Raises:
        InvalidInputError: a symbol is wrong or the first trading date is missing.
        RateLimitedError, RetryableError: a group cannot be listed now.
    """
    settings = wanted.settings
    if settings.since is None:
        raise InvalidInputError("since: a backfill needs its first trading date")
    names = settings.symbols
    symbols = resolved(source, names) if is_live(source) else list(names or source.symbols())
    source.check(symbols)
    until = settings.until or exchange_date(now)
    return CollectionPlan(
        backfill_id(wanted), source.name, wanted.interval, dict.fromkeys(symbols, settings.since), until
    )


def backfill_id(wanted: Wanted) -> str:
    """The name of the plan of a backfill."""
    settings = wanted.settings
    parts = (settings.source, wanted.interval, settings.since, settings.until, *sorted(settings.symbols))
    return digest("backfill", *parts)


def catch_up_plan(source: str, ports: Ports, symbols: Iterable[str], first: dt.date | None) -> CollectionPlan:
    """The daily bars that are missing or may have changed: from some sessions before the last stored one of each.

    `first` is the first trading date of a symbol of which nothing is stored, by default three years ago.
    """
    today = exchange_date(ports.clock())
    stored = {info.symbol: info.last for info in ports.store.symbols()}

    def since(symbol: str) -> dt.date:
        if symbol not in stored:
            return first or today - HISTORY
        return _sessions_before(stored[symbol], OVERLAP_SESSIONS, ports.calendar)

    starts = {symbol: since(symbol) for symbol in symbols}
    return CollectionPlan(digest("catch-up", source), source, Interval.DAY, starts, today)


def intraday_plans(source: str, ports: Ports, symbols: Sequence[str]) -> list[CollectionPlan]:
    """The bars within the last few sessions, one plan for each interval."""
    today = exchange_date(ports.clock())
    since = _sessions_before(today, INTRADAY_SESSIONS - 1, ports.calendar)
    return [
        CollectionPlan(digest("intraday", source, interval), source, interval, dict.fromkeys(symbols, since), today)
        for interval in INTRADAY
    ]


def _sessions_before(date: dt.date, count: int, calendar: TradingCalendar) -> dt.date:
    for _ in range(count):
        date = calendar.previous_session(date)
    return date
