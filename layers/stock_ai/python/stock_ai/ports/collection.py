"""What a collector has done and has yet to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stock_ai.models.base import Interval


class CollectionLog(Protocol):
    """Remembers what was last collected, so that unchanged data keeps its first `ingested_at`."""

    def last(self, source: str) -> dict[str, tuple[str, dt.datetime]]:
        """For each symbol of `source`: the fingerprint of its bars at the last collection and their `ingested_at`."""

    def record(self, source: str, seen: dict[str, tuple[str, dt.datetime]]) -> None:
        """Remember fingerprints and instants, before the bars are published."""


@dataclass(frozen=True, slots=True)
class CollectionPlan:
    """What is to be collected in any number of runs: one task for each symbol."""

    plan_id: str
    source: str
    interval: Interval
    since: Mapping[str, dt.date]
    """By symbol, the first trading date that is wanted."""
    until: dt.date


@dataclass(frozen=True, slots=True)
class CollectionTask:
    """What is left of one symbol of a plan: the trading dates from `since` to `until`, to be collected newest first."""

    task_id: str
    symbol: str
    interval: Interval
    since: dt.date
    until: dt.date
    anew: bool = False
    """Whether the whole history is collected anew, since the source has adjusted it again."""


@dataclass(frozen=True, slots=True)
class PlanProgress:
    """How far a plan is. Days are calendar days of all its symbols together."""

    symbols: int
    symbols_done: int
    days: int
    days_left: int
    bars: int
    failed: Mapping[str, str]
    """Symbols that were given up, with the reason."""
    postponed: Mapping[str, str]
    """Symbols that failed at their last attempt and will be tried again, with the reason."""

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.symbols_done == self.symbols


class CollectionPlans(Protocol):
    """Plans with their progress, shared by every collector: a task is held by one of them at a time, for a while.

    Every call raises `RetryableError` when the store is away.
    """

    def begin(self, plan: CollectionPlan, now: dt.datetime) -> None:
        """Make the plan and its tasks. One that is not finished goes on as it is, one that is starts anew."""

    def claim(self, plan_id: str, owner: str, now: dt.datetime, until: dt.datetime) -> CollectionTask | None:
        """Hold the next task until `until`; None when nothing is left, or others hold all that is."""

    def extend(self, task: CollectionTask, owner: str, until: dt.datetime) -> bool:
        """Hold a task for longer; False when another has taken it."""

    def advance(self, task: CollectionTask, owner: str, left_until: dt.date, bars: int) -> bool:
        """Remember that everything after `left_until` is collected, `bars` more bars; False when another has the task.

        With `left_until` before the first date of the task it is done.
        """

    def anew(self, task: CollectionTask, owner: str, since: dt.date, until: dt.date) -> CollectionTask | None:
        """Let the task begin again with the dates from `since` to `until`; None when another has it."""

    def give_up(self, task: CollectionTask, owner: str, reason: str) -> None:
        """End the task as failed."""

    def postpone(self, task: CollectionTask, owner: str, until: dt.datetime, reason: str) -> None:
        """Let nobody have the task before `until`: it has failed for now."""

    def release(self, task: CollectionTask, owner: str) -> None:
        """Let others have the task at once."""

    def progress(self, plan_id: str) -> PlanProgress:
        """How far the plan is.

        Raises:
            NotFoundError: there is no such plan.
        """

    def unfinished(self, source: str) -> Sequence[str]:
        """Plans of `source` with tasks left: those of daily bars first, of each kind the oldest first."""
