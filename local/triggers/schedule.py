"""The schedules of the topology on this machine: EventBridge's part, in exchange time."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

from apscheduler.triggers.cron import CronTrigger

from infra.topology import ScheduleTrigger
from local.events import schedule_event
from stock_ai.clock import Clock
from stock_ai.errors import InvalidInputError
from stock_ai.market.calendar import EXCHANGE_ZONE

# Often enough that a machine that slept notices at once.
CHECK_SECONDS = 1.0

logger = logging.getLogger(__name__)


def next_fire(trigger: ScheduleTrigger, after: dt.datetime) -> dt.datetime:
    """The first instant strictly after `after` (aware) at which the schedule fires, in UTC.

    Its fields are hours and week days of the exchange, Asia/Ho_Chi_Minh.

    Raises:
        InvalidInputError: a field is no cron expression.
    """
    try:
        cron = CronTrigger(
            day_of_week=trigger.week_day, hour=trigger.hour, minute=trigger.minute, second=0, timezone=EXCHANGE_ZONE
        )
    except ValueError as error:
        raise InvalidInputError(f"schedule {trigger.name}: {error}") from None
    # APScheduler's own answer may be `now` itself.
    found: dt.datetime = cron.get_next_fire_time(None, after.astimezone(EXCHANGE_ZONE) + dt.timedelta(microseconds=1))
    return found.astimezone(dt.UTC)


class ScheduleRunner:
    """Invokes functions at their times, each in a thread of its own.

    An invocation that is due while the last one of its function still runs is skipped with a warning. Times that
    passed while the machine slept are made up for once.

    Args:
        schedules: function names with their schedules; a function may have several.
        invoke: runs a function on an event; what it raises is reported and ends nothing.
        clock: decides what is due.
        on_failure: gets a line about each failed or skipped invocation.
        check_seconds: how often the clock is asked.
    """

    def __init__(
        self,
        schedules: Sequence[tuple[str, ScheduleTrigger]],
        invoke: Callable[[str, dict[str, Any]], None],
        clock: Clock,
        on_failure: Callable[[str], None] = logger.warning,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        self._schedules = tuple(schedules)
        self._invoke = invoke
        self._clock = clock
        self._on_failure = on_failure
        self._check_seconds = check_seconds
        self._stop = threading.Event()
        self._running: dict[str, threading.Thread] = {}
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; what is due before now does not fire.

        Raises:
            InvalidInputError: a schedule is no cron expression.
        """
        now = self._clock()
        due = [next_fire(trigger, now) for _, trigger in self._schedules]
        self._thread = threading.Thread(target=self._run, args=(due,), name="schedules", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait until stopped, at most `seconds`; whether it is stopped."""
        return self._stop.wait(seconds)

    def stop(self) -> None:
        """Fire no more, and wait for the invocations under way. Safe to call twice."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        for running in self._running.values():
            running.join()

    def _run(self, due: list[dt.datetime]) -> None:
        while not self._stop.is_set():
            now = self._clock()
            for index, (function_name, trigger) in enumerate(self._schedules):
                if due[index] <= now:
                    self._fire(function_name, trigger, due[index])
                    due[index] = next_fire(trigger, now)
            left = min((instant - now).total_seconds() for instant in due) if due else self._check_seconds
            self._stop.wait(min(left, self._check_seconds))

    def _fire(self, function_name: str, trigger: ScheduleTrigger, instant: dt.datetime) -> None:
        last = self._running.get(function_name)
        if last is not None and last.is_alive():
            self._on_failure(f"{function_name}: {trigger.name} of {instant:%H:%M} UTC skipped, the last one still runs")
            return
        event = schedule_event(f"{function_name}-{trigger.name}", instant, trigger.detail)
        thread = threading.Thread(
            target=self._guarded, args=(function_name, event), name=f"schedule-{function_name}", daemon=True
        )
        self._running[function_name] = thread
        thread.start()

    def _guarded(self, function_name: str, event: dict[str, Any]) -> None:
        try:
            self._invoke(function_name, event)
        except Exception as error:  # noqa: BLE001 - the next one must fire whatever this one met
            self._on_failure(f"{function_name}: scheduled invocation failed: {error}")
