"""Delivering a batch as AWS Lambda's Kafka event-source mapping does: retries, bisection, item failures, dead letters.

Source of the rules: AWS Lambda developer guide, "Using Lambda with Amazon MSK", error handling in provisioned mode.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from infra.topology import KafkaTrigger
from local.events import Record, kafka_event
from local.function_process import FunctionError
from local.triggers.batching import fits_alone
from stock_ai.clock import Clock
from stock_ai.errors import RetryableError

RETRIES_EXHAUSTED = "retries_exhausted"
RECORD_TOO_OLD = "record_too_old"
RECORD_TOO_LARGE = "record_too_large"


class Stopped(Exception):  # noqa: N818 - no error: somebody asked for it
    """The mapping was told to stop before the whole batch was done; nothing of it may be committed."""


class DeadLetterSink(Protocol):
    """Takes what could not be processed."""

    def put(self, records: Sequence[Record], reason: str, detail: str) -> None:
        """Keep the records; they are safe when this returns."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Doubling waits with a cap, in seconds. As given, ten retries span eight minutes, so that a store which is
    restarted loses nothing to the dead letters, and one that is back is noticed within two minutes."""

    first: float = 1.0
    cap: float = 120.0

    def seconds(self, retry: int) -> float:
        """The wait before retry number `retry`, counted from 0."""
        return min(self.cap, self.first * 2.0**retry)


@dataclass(frozen=True, slots=True)
class _Unit:
    records: list[Record]
    retries: int = 0


class Delivery:
    """Invokes a function with a batch until each of its records is processed or a dead letter.

    - A failed invocation is tried again after a growing wait, `max_retries` times at most.
    - With `bisect_on_error` a failed batch is split in two instead, at once and without counting, until the record at
      fault is alone. A `RetryableError` is nobody's fault: its batch stays whole and waits.
    - With `report_item_failures` an answer may name failed records: of each partition named, all records from the
      lowest one on are tried again. Counting starts anew when some records came through, as it is for those at the
      head.
    - Records older than `max_age_seconds` are never sent, as on AWS.

    Records of a partition are always finished in the order of their offsets.

    Args:
        trigger: the rules of the mapping.
        invoke: runs the function; what it raises is a failed invocation.
        dead_letters: takes the records given up.
        bootstrap_servers: for the event.
        stop: once set, `deliver` gives up at the next chance.
        clock: for the age of records.
        on_response: gets every answer that is well formed.
        on_failure: gets a line about everything that failed.
        backoff: the waits between retries.
    """

    def __init__(
        self,
        trigger: KafkaTrigger,
        invoke: Callable[[dict[str, Any]], Any],
        dead_letters: DeadLetterSink,
        *,
        bootstrap_servers: str,
        stop: threading.Event,
        clock: Clock,
        on_response: Callable[[Any], None],
        on_failure: Callable[[str], None],
        backoff: Backoff,
    ) -> None:
        self._trigger = trigger
        self._invoke = invoke
        self._dead_letters = dead_letters
        self._bootstrap_servers = bootstrap_servers
        self._stop = stop
        self._clock = clock
        self._on_response = on_response
        self._on_failure = on_failure
        self._backoff = backoff

    def deliver(self, batch: Sequence[Record]) -> None:
        """Return when every record is processed or a dead letter.

        Raises:
            Stopped: `stop` was set first; deliver the same batch again later.
        """
        units = [_Unit(list(batch))]
        while units:
            units.extend(reversed(self._attempt(units.pop())))

    def _attempt(self, unit: _Unit) -> list[_Unit]:
        """One invocation; what is left to do, in order."""
        if self._stop.is_set():
            raise Stopped
        records = self._sendable(unit.records)
        if not records:
            return []
        unit = _Unit(records, unit.retries)
        try:
            response = self._invoke(kafka_event(records, self._bootstrap_servers))
        except Exception as error:
            if self._stop.is_set():
                raise Stopped from error  # most likely we ended the worker ourselves
            return self._failed(unit, error)
        try:
            failed = self._item_failures(response, records)
        except ValueError as error:
            return self._failed(unit, error)
        self._on_response(response)
        if not failed:
            return []
        named = ", ".join(str(record) for record in failed.values())
        reported = ValueError(f"the function reported item failures from {named}")
        left = [r for r in records if r.partition in failed and r.offset >= failed[r.partition].offset]
        if len(left) == len(records):
            return self._failed(unit, reported)
        self._on_failure(f"{self._trigger.topic}: {reported}; {len(left)} of {len(records)} records again")
        self._pause(0)
        return [_Unit(left)]

    def _failed(self, unit: _Unit, error: Exception) -> list[_Unit]:
        count = len(unit.records)
        what = f"{self._trigger.topic}: a batch of {count} from {unit.records[0]} failed ({error})"
        if self._trigger.bisect_on_error and count > 1 and not _is_retryable(error):
            self._on_failure(f"{what}; splitting it")
            middle = count // 2
            return [_Unit(unit.records[:middle], unit.retries), _Unit(unit.records[middle:], unit.retries)]
        if unit.retries >= self._trigger.max_retries:
            self._on_failure(f"{what}; {count} records go to {self._trigger.dead_letter_topic}: {RETRIES_EXHAUSTED}")
            self._dead_letters.put(unit.records, RETRIES_EXHAUSTED, str(error))
            return []
        self._on_failure(
            f"{what}; retry {unit.retries + 1} of {self._trigger.max_retries} "
            f"in {self._backoff.seconds(unit.retries):.0f} s"
        )
        self._pause(unit.retries)
        return [_Unit(unit.records, unit.retries + 1)]

    def _sendable(self, records: list[Record]) -> list[Record]:
        """The records without those too old or too large, which become dead letters."""
        oldest = self._clock().timestamp() * 1000 - self._trigger.max_age_seconds * 1000
        old = [record for record in records if 0 <= record.timestamp < oldest]
        if old:
            detail = f"older than {self._trigger.max_age_seconds} s"
            self._on_failure(f"{self._trigger.topic}: {len(old)} records from {old[0]} are {detail}: {RECORD_TOO_OLD}")
            self._dead_letters.put(old, RECORD_TOO_OLD, detail)
            records = [record for record in records if not 0 <= record.timestamp < oldest]
        if len(records) == 1 and not fits_alone(records[0]):  # the buffer gives such a record alone
            detail = "larger than the payload of an invocation"
            self._on_failure(f"{self._trigger.topic}: {records[0]} is {detail}: {RECORD_TOO_LARGE}")
            self._dead_letters.put(records, RECORD_TOO_LARGE, detail)
            return []
        return records

    def _item_failures(self, response: Any, records: Sequence[Record]) -> dict[int, Record]:
        """The first failed record of each partition; empty means success, `ValueError` that the whole batch failed."""
        if not self._trigger.report_item_failures or response is None:
            return {}
        if not isinstance(response, Mapping):
            raise ValueError(f"malformed answer, not an object: {str(response)[:100]}")  # noqa: TRY004
        failures = response.get("batchItemFailures") or []
        known = {(f"{record.topic}-{record.partition}", record.offset): record for record in records}
        lowest: dict[int, Record] = {}
        for failure in failures:
            try:
                identifier = failure["itemIdentifier"]
                record = known[identifier["partition"], identifier["offset"]]
            except (KeyError, TypeError, IndexError):
                raise ValueError(f"malformed item failure: {str(failure)[:100]}") from None
            if record.partition not in lowest or record.offset < lowest[record.partition].offset:
                lowest[record.partition] = record
        return lowest

    def _pause(self, retry: int) -> None:
        if self._stop.wait(self._backoff.seconds(retry)):
            raise Stopped


def _is_retryable(error: Exception) -> bool:
    if isinstance(error, FunctionError):
        return error.error_type == RetryableError.__name__
    return isinstance(error, RetryableError)
