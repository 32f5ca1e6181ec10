"""Working off a plan of collection, in as many runs as it takes, beside any number of other collectors."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from functions.data_collector.messages import publish_bars
from functions.data_collector.request import Wanted
from functions.data_collector.service import RESERVE_MS
from functions.data_collector.symbols import resolved
from stock_ai.clock import Clock
from stock_ai.errors import InvalidInputError, RateLimitedError, RetryableError
from stock_ai.market.calendar import exchange_date
from stock_ai.models import Interval, digest
from stock_ai.observability import logger
from stock_ai.ports import (
    CollectionPlan,
    CollectionPlans,
    CollectionTask,
    PriceSource,
    Publisher,
    SourceBar,
)
from stock_ai.sources.registry import is_live

HOLD_SECONDS = 30.0
"""How long a task of a collector that died stays with it; one that lives holds on."""

PAGES = {
    Interval.DAY: dt.timedelta(days=5 * 365),
    Interval.HOUR: dt.timedelta(days=90),
    Interval.MINUTES_15: dt.timedelta(days=90),
    Interval.MINUTES_5: dt.timedelta(days=30),
    Interval.MINUTE: dt.timedelta(days=10),
}
"""What is asked for, published and remembered at a time: one call of vnstock."""

FAILURES_IN_A_ROW = 5
"""So many symbols failing one after the other mean that the source is away, not that they are odd."""

POSTPONED = dt.timedelta(minutes=2)
"""How long a symbol that failed is left alone, so that the others come first."""

_DAY = dt.timedelta(days=1)
_NOTHING_EARLIER = dt.timedelta(days=365)
"""A page of this length or more without a bar lies before the first session of the symbol."""


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


@dataclass(frozen=True, slots=True)
class PlanReport:
    """What one run did for a plan: `bars` were published in `pages` answers of the source."""

    plan_id: str
    pages: int
    bars: int
    symbols_done: int
    failed: int
    finished: bool
    """Whether nothing is left of the plan, for anybody."""


def run_plan(
    plan_id: str,
    source: PriceSource,
    plans: CollectionPlans,
    publisher: Publisher,
    clock: Clock,
    remaining_ms: Callable[[], int],
    owner: str,
    hold_seconds: float = HOLD_SECONDS,
) -> PlanReport:
    """Collect what is left of a plan until it is done, others hold the rest, or the time is nearly over.

    Each page is acknowledged by the broker before it is remembered: after a kill only the page that was on its way is
    asked for again. A symbol the source does not know, or whose data cannot be read, is given up with the reason.

    Raises:
        RateLimitedError, RetryableError: the source, the broker or the store is away; what is done stays done.
    """
    hold = dt.timedelta(seconds=hold_seconds)
    counts = _Counts()
    while remaining_ms() > RESERVE_MS:
        now = clock()
        task = plans.claim(plan_id, owner, now, now + hold)
        if task is None:
            break
        with _held(task, plans, owner, clock, hold) as lost:
            try:
                _collect(task, source, plans, publisher, clock, remaining_ms, owner, counts, lost)
            except InvalidInputError as error:
                plans.give_up(task, owner, str(error))
                counts.failed += 1
                logger.warning("given up", symbol=task.symbol, plan=plan_id, reason=str(error))
            except RateLimitedError:
                raise
            except RetryableError as error:
                counts.in_a_row += 1
                plans.postpone(task, owner, clock() + POSTPONED, str(error))
                logger.warning("failed for now", symbol=task.symbol, plan=plan_id, reason=str(error))
                if counts.in_a_row >= FAILURES_IN_A_ROW:
                    raise
    progress = plans.progress(plan_id)
    return PlanReport(plan_id, counts.pages, counts.bars, counts.done, counts.failed, progress.finished)


@dataclass
class _Counts:
    pages: int = 0
    bars: int = 0
    done: int = 0
    failed: int = 0
    in_a_row: int = 0


def _collect(
    task: CollectionTask,
    source: PriceSource,
    plans: CollectionPlans,
    publisher: Publisher,
    clock: Clock,
    remaining_ms: Callable[[], int],
    owner: str,
    counts: _Counts,
    lost: threading.Event,
) -> None:
    left_until = task.until
    while left_until >= task.since:
        if remaining_ms() < RESERVE_MS or lost.is_set():
            return
        start = max(task.since, left_until - PAGES[task.interval] + _DAY)
        bars = _page(source, task, start, left_until)
        publish_bars(publisher, bars, task.interval, source.name, clock())
        earlier = start - _DAY
        if not bars and left_until - start + _DAY >= _NOTHING_EARLIER:
            earlier = task.since - _DAY
        if not plans.advance(task, owner, earlier, len(bars)):
            return
        counts.pages += 1
        counts.bars += len(bars)
        counts.in_a_row = 0
        left_until = earlier
    counts.done += 1
    logger.info("collected", symbol=task.symbol, source=source.name, interval=task.interval, bars=counts.bars)


def _page(source: PriceSource, task: CollectionTask, start: dt.date, end: dt.date) -> Sequence[SourceBar]:
    if task.interval is Interval.DAY:
        return source.bars(task.symbol, start, end)
    if not is_live(source):
        raise InvalidInputError(f"interval {task.interval}: {source.name} has daily bars only")
    return source.intraday(task.symbol, task.interval, start, end)


@contextmanager
def _held(
    task: CollectionTask, plans: CollectionPlans, owner: str, clock: Clock, hold: dt.timedelta
) -> Iterator[threading.Event]:
    """Hold on to a task while the body runs, and release it after; the event is set when it was lost to another."""
    ended, lost = threading.Event(), threading.Event()

    def renew() -> None:
        # A third of the time leaves two more attempts.
        while not ended.wait(hold.total_seconds() / 3):
            try:
                kept = plans.extend(task, owner, clock() + hold)
            except RetryableError as error:
                logger.warning("cannot hold on", symbol=task.symbol, reason=str(error))
                continue
            if not kept:
                lost.set()
                return

    thread = threading.Thread(target=renew, name="hold", daemon=True)
    thread.start()
    try:
        yield lost
    finally:
        ended.set()
        thread.join()
        plans.release(task, owner)
