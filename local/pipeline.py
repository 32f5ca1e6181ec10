"""One pass of the whole pipeline: collect, store, train where no model serves these bars, analyse, aggregate."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from infra.topology import KafkaTrigger
from local.runtime import Runtime
from local.summary import RunSummary
from stock_ai.errors import RunAbortedError
from stock_ai.models import topics


class Progress(Protocol):
    """Shows a person how far a run is."""

    def stage(self, name: str) -> None:
        """A stage begins."""

    def consumed(self, done: int, total: int | None) -> None:
        """Bars that came through the consumer, of how many when that is known."""


class Pipeline:
    """Runs the stages on a `Runtime` and counts what happens. Give `observe` to the runtime as `on_response`.

    Args:
        source: where the bars come from, for the summary.
        progress: is told how far the run is.
        request: the `detail` of the collector's event.
    """

    def __init__(self, source: str, progress: Progress, request: Mapping[str, Any] | None = None) -> None:
        self.summary = RunSummary(source)
        self._request = request
        self._progress = progress
        self._total: int | None = None
        self._counting = False

    def observe(self, trigger: KafkaTrigger, response: Any) -> None:
        """Count one answer of a Kafka-triggered function."""
        if trigger.topic == topics.STOCK_PRICES_RAW and self._counting:
            self.summary.add_consumed(response)
            self._progress.consumed(self.summary.consumed, self._total)

    def run(self, runtime: Runtime, has_model: Callable[[], bool], insights: Callable[[], int]) -> RunSummary:
        """All stages once, until every topic is drained.

        `has_model` is asked when the bars are stored: False where none serves, or it has expired by now. `insights`
        counts the current ones.

        Raises:
            InvalidInputError: the request or the source's data is wrong; nothing was published.
            RetryableError: a function kept failing.
        """
        summary = self.summary
        prices, results = runtime.mappings[topics.STOCK_PRICES_RAW], runtime.mappings[topics.AI_ANALYSIS_RESULTS]
        with self._timed("recover"):
            # What an earlier, interrupted run left in the topics is processed first and not counted in this run.
            for mapping in runtime.mappings.values():
                mapping.wait_drained()
        self._counting = True

        def start_over() -> None:
            prices.wait_drained()
            summary.forget_consumed()

        with self._timed("collect"):
            report = runtime.run("data_collector", self._request, before_retry=start_over)
            summary.read, summary.published = report["read"], report["published"]
            self._total = summary.published
        with self._timed("store"):
            prices.wait_drained()
        if summary.consumed != summary.read:
            summary.notes.append(f"{summary.read - summary.consumed} bars did not reach the store; see dead-letters")
        if not has_model():
            with self._timed("train"):
                try:
                    runtime.run("model_training")
                except RunAbortedError as error:
                    summary.notes.append(f"No model: {error}")
        with self._timed("analyse"):
            # A run ends at the function's own time limit, and the next goes on.
            while (report := runtime.run("ai_analysis"))["unfinished"]:
                pass
            summary.analyses = report["analyses"]
        with self._timed("aggregate"):
            results.wait_drained()
        summary.insights = insights()
        return summary

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        self._progress.stage(stage)
        started = time.perf_counter()
        try:
            yield
        finally:
            self.summary.seconds[stage] = time.perf_counter() - started
