"""A live market: today's bars by the price board, where symbols trade, and whether two providers agree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from functions.data_collector.messages import publish_bars
from functions.data_collector.planned import PlanReport, run_plan
from functions.data_collector.ports import Ports
from functions.data_collector.service import RESERVE_MS
from stock_ai.errors import RateLimitedError, RetryableError
from stock_ai.market.calendar import exchange_date
from stock_ai.market.symbols import is_index
from stock_ai.market.trading_calendar import Exchange, TradingCalendar
from stock_ai.models.base import Interval
from stock_ai.observability import logger
from stock_ai.ports.sources import MarketSource, SourceBar
from stock_ai.quality.crosscheck import crosscheck

BOARD_SIZE = 500
"""Symbols asked for in one price board."""
CROSSCHECKED = 10
"""Symbols of which two providers are compared each evening, others the next: VN30 within a week."""
CROSSCHECKED_DAYS = dt.timedelta(days=30)


def publish_today(source: MarketSource, ports: Ports, symbols: Sequence[str]) -> int:
    """Publish today's bars of `symbols` so far; how many there are. On a day without a session there are none.

    Raises:
        RateLimitedError, RetryableError: source or broker is away.
    """
    today = exchange_date(ports.clock())
    stocks = [symbol for symbol in symbols if not is_index(symbol)]
    bars: list[SourceBar] = []
    for start in range(0, len(stocks), BOARD_SIZE):
        # Until the next corporate action the adjusted close of the newest session is its close.
        bars += (bar._replace(adjusted_close=bar.close) for bar in source.board(stocks[start : start + BOARD_SIZE]))
    for index in (symbol for symbol in symbols if is_index(symbol)):
        bars += source.bars(index, today, today)
    if bars and not ports.calendar.is_session(today):
        logger.warning("unexpected session", date=today.isoformat(), reason=ports.calendar.closure_reason(today))
    publish_bars(ports.publisher, bars, Interval.DAY, source.name, ports.clock())
    return len(bars)


def record_listings(source: MarketSource, ports: Ports) -> None:
    """Remember which exchange lists what. Prices do not hang on it: an exchange that cannot be asked is left for later.

    Raises:
        RetryableError: the store is away.
    """
    today = exchange_date(ports.clock())
    for exchange in Exchange:
        try:
            symbols = source.listing(exchange)
        except RetryableError as error:
            logger.warning("listing not renewed", exchange=exchange, reason=str(error))
            continue
        for move in ports.listings.record(exchange, symbols, today):
            logger.warning("moved to another exchange", symbol=move.symbol, before=move.before, after=move.after)


def crosscheck_some(source: MarketSource, ports: Ports, symbols: Sequence[str], remaining_ms: Callable[[], int]) -> int:
    """Compare the providers' last weeks of some of `symbols`, those whose turn it is; how many were compared.

    It is no more than a check: where a provider is away, it ends without having compared.

    Raises:
        RetryableError: the store is away.
    """
    today = exchange_date(ports.clock())
    first = today.toordinal() * CROSSCHECKED % max(1, len(symbols))
    turn = [*symbols[first:], *symbols[:first]][:CROSSCHECKED]
    checked = 0
    for symbol in turn:
        if remaining_ms() < RESERVE_MS:
            break
        try:
            opinions = source.opinions(symbol, today - CROSSCHECKED_DAYS, today)
        except RateLimitedError as error:
            logger.warning("crosscheck ended early", reason=str(error))
            break
        except RetryableError as error:
            logger.warning("not crosschecked", symbol=symbol, reason=str(error))
            continue
        if len(opinions) < 2:
            continue
        check = crosscheck(symbol, opinions, ports.clock())
        ports.quality.record_crosscheck(check)
        checked += 1
        if check.differences:
            logger.warning("providers differ", symbol=symbol, fields=len(check.differences), agreeing=check.agreeing)
    return checked


def work_off(source: MarketSource, ports: Ports, remaining_ms: Callable[[], int], owner: str) -> list[PlanReport]:
    """Go on with every unfinished plan of the source, as long as there is time: days first, then the oldest.

    Raises:
        RateLimitedError, RetryableError: as `run_plan`.
    """
    return [run_plan(plan_id, source, ports, remaining_ms, owner) for plan_id in ports.plans.unfinished(source.name)]


def is_trading(calendar: TradingCalendar, now: dt.datetime) -> bool:
    """Whether any exchange trades at `now` (aware)."""
    return any(calendar.is_open(exchange, now) for exchange in Exchange)
