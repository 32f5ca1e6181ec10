"""One run of the collector: which way of collecting an event asks for."""

from __future__ import annotations

from collections.abc import Callable

from functions.data_collector import live
from functions.data_collector.describing import describe
from functions.data_collector.planned import run_plan
from functions.data_collector.plans import backfill_plan, catch_up_plan, intraday_plans
from functions.data_collector.ports import Ports
from functions.data_collector.request import Do, Wanted
from functions.data_collector.service import CollectReport, collect
from functions.data_collector.symbols import resolved
from stock_ai.market.calendar import exchange_date
from stock_ai.observability import logger
from stock_ai.ports.sources import MarketSource, PriceSource
from stock_ai.sources.registry import is_live


def run(
    wanted: Wanted,
    open_source: Callable[[], PriceSource],
    ports: Ports,
    remaining_ms: Callable[[], int],
    owner: str,
) -> CollectReport:
    """Do what is wanted, once.

    On a day without a session a tick asks for nothing. After the close a live source is asked all the same: should
    there be bars, they are collected with a warning.

    Raises:
        InvalidInputError: a symbol, an option or the source's data is wrong.
        RetryableError: a dependency is away; running again goes on from there.
        RunAbortedError: the time was not enough for a source that is read as a whole.
    """
    closed = ports.calendar.closure_reason(exchange_date(ports.clock()))
    if closed and wanted.do in (Do.TICK, Do.INTRADAY):
        return _skipped(wanted, closed)
    source = open_source()
    if wanted.do is Do.BACKFILL:
        return _backfill(wanted, source, ports, remaining_ms, owner)
    if is_live(source):
        return _live(wanted, source, ports, remaining_ms, owner, closed)
    if wanted.do is Do.INTRADAY:
        return _skipped(wanted, f"{source.name} has daily bars only")
    if closed and wanted.do is Do.CLOSE:
        return _skipped(wanted, closed)
    settings = wanted.settings
    report = collect(
        source, settings.symbols, settings.since, settings.until, ports.publisher, ports.log, ports.clock, remaining_ms
    )
    describe(source, ports, remaining_ms)
    return report


def _skipped(wanted: Wanted, reason: str) -> CollectReport:
    logger.info("nothing to collect", do=wanted.do, reason=reason)
    return CollectReport(wanted.settings.source, symbols=0, read=0, published=0, skipped=reason)


def _backfill(
    wanted: Wanted, source: PriceSource, ports: Ports, remaining_ms: Callable[[], int], owner: str
) -> CollectReport:
    plan = backfill_plan(wanted, source, ports.clock())
    ports.plans.begin(plan, ports.clock())
    done = run_plan(plan.plan_id, source, ports, remaining_ms, owner)
    return CollectReport(
        source.name, done.symbols_done, done.bars, done.bars, unfinished_plans=0 if done.finished else 1
    )


def _live(
    wanted: Wanted,
    source: MarketSource,
    ports: Ports,
    remaining_ms: Callable[[], int],
    owner: str,
    closed: str | None,
) -> CollectReport:
    symbols = resolved(source, wanted.settings.symbols)
    if wanted.do is Do.INTRADAY:
        for plan in intraday_plans(source.name, ports, symbols):
            ports.plans.begin(plan, ports.clock())
    published = 0
    if wanted.do is not Do.INTRADAY and (wanted.do is not Do.TICK or live.is_trading(ports.calendar, ports.clock())):
        published = live.publish_today(source, ports, symbols)
    if closed and wanted.do is Do.CLOSE and not published:
        return _skipped(wanted, closed)
    if wanted.do in (Do.CLOSE, Do.COLLECT):
        ports.plans.begin(catch_up_plan(source.name, ports, symbols, wanted.settings.since), ports.clock())
    done = live.work_off(source, ports, remaining_ms, owner)
    if wanted.do is Do.CLOSE:
        live.record_listings(source, ports)
    if wanted.do in (Do.CLOSE, Do.COLLECT):
        describe(source, ports, remaining_ms)
    if wanted.do is Do.CLOSE:
        live.crosscheck_some(source, ports, symbols, remaining_ms)
    bars = published + sum(report.bars for report in done)
    return CollectReport(
        source.name, len(symbols), bars, bars, unfinished_plans=sum(not report.finished for report in done)
    )
