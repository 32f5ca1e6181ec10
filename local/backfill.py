"""Running a backfill to its end: the collector again and again, and how far it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from functions.data_collector.planned import HOLD_SECONDS, PAGES, POSTPONED
from stock_ai.errors import NotFoundError, RetryableError
from stock_ai.models.base import Interval
from stock_ai.ports.collection import CollectionPlans, PlanProgress

POLL_SECONDS = 0.5
FRUITLESS_RUNS = 3
"""So many runs in a row without a page, each after the time for which a symbol is left alone, are enough."""


class Collector(Protocol):
    """What runs the data_collector function: `local.runtime.Runtime`."""

    def run(self, function: str, detail: Mapping[str, Any] | None = None) -> Any:
        """Invoke a function and return its answer."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long the rest takes."""

    seconds: float
    pages_per_minute: float


class Backfill:
    """One backfill.

    Args:
        collector: runs the function; one run ends at the function's own time limit.
        plans: where the progress is.
        plan_id: the plan that `detail` asks for.
        detail: of the collector's event.
        interval: of the bars.
        per_second: calls a second that the source allows; None where nothing but the machine sets the pace.
    """

    def __init__(
        self,
        collector: Collector,
        plans: CollectionPlans,
        plan_id: str,
        detail: Mapping[str, Any],
        interval: Interval,
        per_second: float | None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._collector = collector
        self._plans = plans
        self._plan_id = plan_id
        self._detail = detail
        self._interval = interval
        self._per_second = per_second
        self._monotonic = monotonic
        self._began: tuple[float, PlanProgress] | None = None

    def run(self, show: Callable[[PlanProgress, Estimate | None], None]) -> PlanProgress:
        """Collect until nothing is left, and return what became of it; `show` is told how far it is.

        Raises:
            RetryableError: the source is away or some symbols fail again and again; the same backfill goes on later.
            StockAIError: what the function ended with.
        """
        fruitless = 0
        while True:
            before = self._progress()
            self._once(show)
            after = self._plans.progress(self._plan_id)
            if after.finished:
                return after
            fruitless = fruitless + 1 if before is not None and before.days_left == after.days_left else 0
            if fruitless == FRUITLESS_RUNS:
                reasons = "; ".join(f"{symbol}: {why}" for symbol, why in list(after.postponed.items())[:3])
                left = after.symbols - after.symbols_done
                raise RetryableError(f"{left} of {after.symbols} symbols cannot be collected now ({reasons or 'held'})")
            if fruitless:
                self._await_change(after)

    def estimate(self, progress: PlanProgress) -> Estimate | None:
        """How long the rest takes at the pace so far; before the first page, at the pace the source allows."""
        if self._began is None:
            return None
        began, first = self._began
        pages_left = self._pages(progress.days_left, progress.symbols - progress.symbols_done)
        done = self._pages(first.days_left, first.symbols - first.symbols_done) - pages_left
        elapsed = self._monotonic() - began
        if done > 0 and elapsed > 0:
            pace = done / elapsed
        elif self._per_second is not None:
            pace = self._per_second
        else:
            return None
        return Estimate(pages_left / pace, pace * 60)

    def _pages(self, days: int, symbols: int) -> float:
        """Calls of the source: one for each page, and at least one for each symbol."""
        return max(float(symbols), days / PAGES[self._interval].days)

    def _progress(self) -> PlanProgress | None:
        try:
            return self._plans.progress(self._plan_id)
        except NotFoundError:
            return None

    def _once(self, show: Callable[[PlanProgress, Estimate | None], None]) -> None:
        """One run of the function in a thread of its own, while this one shows how far it is."""
        ended: Future[Any] = Future()

        def work() -> None:
            try:
                ended.set_result(self._collector.run("data_collector", self._detail))
            except BaseException as error:  # noqa: BLE001 - it belongs to the thread that waits
                ended.set_exception(error)

        threading.Thread(target=work, name="backfill", daemon=True).start()
        while True:
            over = _done_within(ended, POLL_SECONDS)
            if (progress := self._progress()) is not None:
                self._began = self._began or (self._monotonic(), progress)
                show(progress, self.estimate(progress))
            if over:
                ended.result()
                return

    def _await_change(self, known: PlanProgress) -> None:
        """Others may hold what is left, perhaps one that was killed; or what failed is left alone for a while."""
        deadline = self._monotonic() + (POSTPONED.total_seconds() if known.postponed else HOLD_SECONDS)
        ticking = threading.Event()
        while self._monotonic() < deadline and self._plans.progress(self._plan_id) == known:
            ticking.wait(POLL_SECONDS)


def _done_within(future: Future[Any], seconds: float) -> bool:
    try:
        future.exception(seconds)
    except TimeoutError:
        return False
    return True
