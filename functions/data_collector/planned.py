"""Working off a plan of collection, in as many runs as it takes, beside any number of other collectors."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from functions.data_collector.messages import publish_bars
from functions.data_collector.ports import Ports
from functions.data_collector.readjusting import begun_anew
from functions.data_collector.service import RESERVE_MS
from stock_ai.clock import Clock
from stock_ai.errors import InvalidInputError, RateLimitedError, RetryableError
from stock_ai.models.base import Interval
from stock_ai.observability import logger
from stock_ai.ports.collection import CollectionPlans, CollectionTask
from stock_ai.ports.sources import PriceSource, SourceBar
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
"""A page of this length or more without a bar lies before the first session of the symbol, as far as a live source is
concerned, of which each question costs time. Files are read to the end: VPL has a hole of thirteen years."""


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
    ports: Ports,
    remaining_ms: Callable[[], int],
    owner: str,
    hold_seconds: float = HOLD_SECONDS,
) -> PlanReport:
    """Collect what is left of a plan until it is done, others hold the rest, or the time is nearly over.

    Each page is acknowledged by the broker before it is remembered: after a kill only the page that was on its way is
    asked for again. A symbol the source does not know, or whose data cannot be read, is given up with the reason. One
    whose history the source has adjusted again is collected from its first stored session on (`readjusting`).

    Raises:
        RateLimitedError, RetryableError: the source, the broker or the store is away; what is done stays done.
    """
    return _Run(plan_id, source, ports, remaining_ms, owner, dt.timedelta(seconds=hold_seconds)).report()


@dataclass
class _Run:
    plan_id: str
    source: PriceSource
    ports: Ports
    remaining_ms: Callable[[], int]
    owner: str
    hold: dt.timedelta
    pages: int = 0
    bars: int = 0
    done: int = 0
    failed: int = 0
    in_a_row: int = 0

    def report(self) -> PlanReport:
        plans, clock = self.ports.plans, self.ports.clock
        while self.remaining_ms() > RESERVE_MS:
            now = clock()
            task = plans.claim(self.plan_id, self.owner, now, now + self.hold)
            if task is None:
                break
            with _held(task, plans, self.owner, clock, self.hold) as lost:
                self._attempt(task, lost)
        progress = plans.progress(self.plan_id)
        return PlanReport(self.plan_id, self.pages, self.bars, self.done, self.failed, progress.finished)

    def _attempt(self, task: CollectionTask, lost: threading.Event) -> None:
        plans = self.ports.plans
        try:
            self._collect(task, lost)
        except InvalidInputError as error:
            plans.give_up(task, self.owner, str(error))
            self.failed += 1
            logger.warning("given up", symbol=task.symbol, plan=self.plan_id, reason=str(error))
        except RateLimitedError:
            raise
        except RetryableError as error:
            self.in_a_row += 1
            plans.postpone(task, self.owner, self.ports.clock() + POSTPONED, str(error))
            logger.warning("failed for now", symbol=task.symbol, plan=self.plan_id, reason=str(error))
            if self.in_a_row >= FAILURES_IN_A_ROW:
                raise

    def _collect(self, task: CollectionTask, lost: threading.Event) -> None:
        ports, source = self.ports, self.source
        left_until = task.until
        while left_until >= task.since:
            if self.remaining_ms() < RESERVE_MS or lost.is_set():
                return
            start = max(task.since, left_until - PAGES[task.interval] + _DAY)
            bars = _page(source, task, start, left_until)
            self.in_a_row = 0
            if (anew := begun_anew(task, bars, source.name, ports, self.owner)) is not None:
                task, left_until = anew, anew.until
                continue
            publish_bars(ports.publisher, bars, task.interval, source.name, ports.clock())
            earlier = start - _DAY
            if not bars and is_live(source) and left_until - start + _DAY >= _NOTHING_EARLIER:
                earlier = task.since - _DAY
            if not ports.plans.advance(task, self.owner, earlier, len(bars)):
                return
            self.pages += 1
            self.bars += len(bars)
            left_until = earlier
        self.done += 1
        logger.info("collected", symbol=task.symbol, source=source.name, interval=task.interval, bars=self.bars)


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
