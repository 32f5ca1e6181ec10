"""The topology's triggers on one machine: a worker per function, a mapping per Kafka trigger, the schedules."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from infra import topology
from infra.topology import Function, KafkaTrigger
from local.events import schedule_event
from local.function_process import FunctionError, FunctionProcess, Worker
from local.triggers.kafka import KafkaMapping
from local.triggers.schedule import ScheduleRunner
from stock_ai.clock import Clock
from stock_ai.errors import InvalidInputError, RunAbortedError, told
from stock_ai.models import topics

# As for an asynchronous invocation on AWS, which Lambda tries twice more.
ATTEMPTS = 3
_FINAL = (InvalidInputError, RunAbortedError)


def settled(trigger: KafkaTrigger) -> KafkaTrigger:
    """The trigger with BATCH_SIZE and BATCH_TIMEOUT (seconds) applied, which tune the intake of prices.

    Raises:
        InvalidInputError: a variable is not a number within Lambda's limits.
    """
    if trigger.topic != topics.STOCK_PRICES_RAW:
        return trigger
    return trigger.tuned(batch_size=_number("BATCH_SIZE", 1, 10_000), window_seconds=_number("BATCH_TIMEOUT", 0, 300))


def triggered() -> list[Function]:
    """The functions that a topic or a schedule starts."""
    return [function for function in topology.FUNCTIONS if function.kafka or function.schedules]


def processes(env: Mapping[str, str], logs: Path) -> dict[str, FunctionProcess]:
    """Workers that are processes of this machine; the environment gives their settings, each logs to its own file."""
    return {function.name: FunctionProcess(function, env, logs / f"{function.name}.log") for function in triggered()}


class Runtime:
    """Mappings and schedules of one run. Use as a context manager; leaving it closes every worker.

    Args:
        workers: what runs each of `triggered()`, by its name.
        bootstrap_servers: host:port[,host:port] of Kafka.
        clock: for the times of events and schedules.
        on_response: gets each well-formed answer of a Kafka-triggered function, in the mapping's thread.
        report: gets a line about each failure.
        triggers: without them the mappings only observe those of another run.
    """

    def __init__(
        self,
        workers: Mapping[str, Worker],
        bootstrap_servers: str,
        clock: Clock,
        on_response: Callable[[KafkaTrigger, Any], None],
        report: Callable[[str], None],
        triggers: bool = True,
    ) -> None:
        self._clock = clock
        self._report = report
        self._triggers = triggers
        self.workers = workers
        self.mappings = {
            trigger.topic: KafkaMapping(
                function.name,
                settled(trigger),
                self.workers[function.name].invoke,
                bootstrap_servers,
                on_response=functools.partial(on_response, trigger),
                on_failure=report,
            )
            for function in topology.FUNCTIONS
            for trigger in function.kafka
        }

    def __enter__(self) -> Self:
        for mapping in self.mappings.values():
            if self._triggers:
                mapping.start()
            else:
                mapping.observe()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for mapping in self.mappings.values():
            mapping.ask_to_stop()
        if error is not None:
            # Somebody waits for us to end: what is under way comes again at the next start.
            for worker in self.workers.values():
                worker.kill()
        for mapping in self.mappings.values():
            mapping.stop()
        # A process takes half a second to let go of what it imported.
        with ThreadPoolExecutor(len(self.workers)) as pool:
            list(pool.map(lambda worker: worker.close(), self.workers.values()))

    def run(
        self, function: str, detail: Mapping[str, Any] | None = None, before_retry: Callable[[], None] = lambda: None
    ) -> Any:
        """Invoke a scheduled function now, as its schedule would, and again when it fails for a passing reason.

        Raises:
            StockAIError: what the function ended with after the last attempt.
        """
        event = schedule_event("manual", self._clock(), dict(detail or {}))
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self.workers[function].invoke(event)
            except FunctionError as error:
                failure = told(error.error_type, error.message)
            if isinstance(failure, _FINAL) or attempt == ATTEMPTS:
                raise failure
            self._report(f"{function} failed ({failure}); attempt {attempt + 1} of {ATTEMPTS}")
            before_retry()
        raise AssertionError("unreachable")

    def follow_schedules(self, check: Callable[[], None]) -> None:
        """Run every function at its times until interrupted; `check` is asked each second and may raise.

        Raises:
            StockAIError: a mapping or what `check` watches has died.
        """

        def invoke(function: str, event: dict[str, Any]) -> None:
            self.workers[function].invoke(event)

        schedules = [(function.name, schedule) for function in topology.FUNCTIONS for schedule in function.schedules]
        runner = ScheduleRunner(schedules, invoke, self._clock, self._report)
        runner.start()
        try:
            while True:
                check()
                for mapping in self.mappings.values():
                    mapping.check()
                runner.wait(1.0)
        finally:
            runner.stop()


def _number(variable: str, lowest: int, highest: int) -> int | None:
    text = os.environ.get(variable)
    if not text:
        return None
    if not text.isdigit() or not lowest <= int(text) <= highest:
        raise InvalidInputError(f"{variable}: {text!r} is not a whole number from {lowest} to {highest}")
    return int(text)
