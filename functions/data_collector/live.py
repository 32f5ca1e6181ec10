"""A live market: today's bars by the price board, and what history lacks by a plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from functions.data_collector.messages import publish_bars
from functions.data_collector.planned import PlanReport, run_plan
from stock_ai.clock import Clock
from stock_ai.market.calendar import exchange_date
from stock_ai.market.symbols import is_index
from stock_ai.market.trading_calendar import Exchange, TradingCalendar
from stock_ai.models import Interval, digest
from stock_ai.observability import logger
from stock_ai.ports import CollectionPlan, CollectionPlans, MarketSource, PriceStore, Publisher, SourceBar

BOARD_SIZE = 500
"""Symbols asked for in one price board."""
OVERLAP_SESSIONS = 10
"""Sessions that are asked for again after the close: a correction or an adjustment of the last days shows in them."""
HISTORY = dt.timedelta(days=3 * 365)
"""What is collected of a symbol of which nothing is stored."""


@dataclass(frozen=True, slots=True)
class Collector:
    """What collecting a live market needs."""

    source: MarketSource
    store: PriceStore
    plans: CollectionPlans
    publisher: Publisher
    calendar: TradingCalendar
    clock: Clock


def publish_today(collector: Collector, symbols: Sequence[str]) -> int:
    """Publish today's bars of `symbols` so far; how many there are. On a day without a session there are none.

    Raises:
        RateLimitedError, RetryableError: source or broker is away.
    """
    source, today = collector.source, exchange_date(collector.clock())
    stocks = [symbol for symbol in symbols if not is_index(symbol)]
    bars: list[SourceBar] = []
    for start in range(0, len(stocks), BOARD_SIZE):
        # Until the next corporate action the adjusted close of the newest session is its close.
        bars += (bar._replace(adjusted_close=bar.close) for bar in source.board(stocks[start : start + BOARD_SIZE]))
    for index in (symbol for symbol in symbols if is_index(symbol)):
        bars += source.bars(index, today, today)
    if bars and not collector.calendar.is_session(today):
        logger.warning("unexpected session", date=today.isoformat(), reason=collector.calendar.closure_reason(today))
    publish_bars(collector.publisher, bars, Interval.DAY, source.name, collector.clock())
    return len(bars)


def catch_up_plan(collector: Collector, symbols: Iterable[str], first: dt.date | None) -> CollectionPlan:
    """The daily bars that are missing or may have changed: from some sessions before the last stored one of each.

    `first` is the first trading date of a symbol of which nothing is stored, by default three years ago.
    """
    today = exchange_date(collector.clock())
    stored = {info.symbol: info.last for info in collector.store.symbols()}

    def since(symbol: str) -> dt.date:
        if symbol not in stored:
            return first or today - HISTORY
        start = stored[symbol]
        for _ in range(OVERLAP_SESSIONS):
            start = collector.calendar.previous_session(start)
        return start

    plan_id = digest("catch-up", collector.source.name)
    return CollectionPlan(
        plan_id, collector.source.name, Interval.DAY, {symbol: since(symbol) for symbol in symbols}, today
    )


def work_off(collector: Collector, remaining_ms: Callable[[], int], owner: str) -> list[PlanReport]:
    """Go on with every unfinished plan of the source, oldest first, as long as there is time.

    Raises:
        RateLimitedError, RetryableError: as `run_plan`.
    """
    return [
        run_plan(plan_id, collector.source, collector.plans, collector.publisher, collector.clock, remaining_ms, owner)
        for plan_id in collector.plans.unfinished(collector.source.name)
    ]


def is_trading(calendar: TradingCalendar, now: dt.datetime) -> bool:
    """Whether any exchange trades at `now` (aware)."""
    return any(calendar.is_open(exchange, now) for exchange in Exchange)
