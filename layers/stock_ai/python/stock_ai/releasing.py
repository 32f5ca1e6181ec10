"""Letting quarantined bars through: corrected by hand, or as they are where the reason is gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final, Protocol

from stock_ai.errors import InvalidInputError, PoisonRecordError
from stock_ai.models import StockPrice
from stock_ai.models.topics import STOCK_PRICES_RAW
from stock_ai.ports import Publisher, QuarantinedRecord
from stock_ai.quality.corrections import corrected, described, must_keep_hard_rules
from stock_ai.quality.explanations import explain
from stock_ai.storage.quarantine import KeptRecord, Release
from stock_ai.streaming.dead_letters import REDRIVEN_FROM
from stock_ai.streaming.records import KafkaRecord, decode

_LONGEST: Final = 500


class ReleaseStore(Protocol):
    """Quarantined records, and the log of what was decided about them."""

    def get(self, record_id: str) -> KeptRecord:
        """One record; NotFoundError when there is none."""

    def record_release(self, release: Release) -> None:
        """Write down a decision, before it is carried out."""

    def mark_released(self, record_id: str, at: dt.datetime) -> None:
        """Count the record as quarantined no more."""


def bar_of(record: QuarantinedRecord) -> StockPrice | None:
    """The bar of a record; None where it cannot be read as one."""
    try:
        return _decoded(record)
    except PoisonRecordError:
        return None


def explanations(record: QuarantinedRecord) -> dict[str, str]:
    """Each reason of a record, in order, in plain words."""
    bar = bar_of(record) if record.topic == STOCK_PRICES_RAW else None
    return {reason: explain(reason, bar, record.detail) for reason in record.reasons}


class Releases:
    """What an operator does about quarantined bars.

    A bar goes to the topic of raw prices again, so the consumer stays the only way into the store. The decision is
    written down first: after a crash in between it is there, the record counts as quarantined still, and doing it
    again changes nothing else.
    """

    def __init__(self, store: ReleaseStore, publisher: Publisher) -> None:
        self._store = store
        self._publisher = publisher

    def correct(self, record_id: str, changes: Mapping[str, Any], by: str, note: str, now: dt.datetime) -> Release:
        """Publish the bar of a record with `changes` (field to JSON value) made, received at `now` (aware).

        A record that was corrected before can be corrected again: the changes apply to what the source sent.

        Raises:
            NotFoundError: there is no such record.
            InvalidInputError: it holds no bar, a change is not possible, or the result still breaks a hard rule.
            RetryableError: broker or store is away.
        """
        record = self._bar_record(record_id).record
        if not changes:
            raise InvalidInputError("changes: name at least one field to correct")
        bar = corrected(record.value, changes, now)
        release = _release(record_id, by, note, now, bar, described(record.value, changes))
        self._carry_out(release, bar.symbol, bar.wire())
        return release

    def release(self, record_id: str, by: str, note: str, now: dt.datetime) -> Release:
        """Publish a record as it is: the rule that set it aside has changed, or its time has come since.

        It keeps the instant at which it was received, so it replaces no newer version of the bar.

        Raises:
            NotFoundError: there is no such record.
            InvalidInputError: it was released already, holds no bar, or still breaks a hard rule at `now` (aware).
            RetryableError: broker or store is away.
        """
        kept = self._bar_record(record_id)
        if kept.released_at is not None:
            raise InvalidInputError(f"id: {record_id} was released at {kept.released_at.isoformat()}")
        try:
            bar = _decoded(kept.record)
        except PoisonRecordError as error:
            raise InvalidInputError(f"still {error}") from None
        must_keep_hard_rules(bar, now)
        release = _release(record_id, by, note, now, bar, {})
        self._carry_out(release, bar.symbol, kept.record.value)
        return release

    def _bar_record(self, record_id: str) -> KeptRecord:
        kept = self._store.get(record_id)
        topic = kept.record.topic
        if topic != STOCK_PRICES_RAW:
            raise InvalidInputError(f"id: {record_id} came from {topic} and is no bar; redrive its dead letter")
        return kept

    def _carry_out(self, release: Release, symbol: str, message: bytes) -> None:
        self._store.record_release(release)
        # With this header the consumer makes a new dead letter of a known record that it refuses again.
        header = (REDRIVEN_FROM, f"quarantine:{release.record_id}".encode())
        self._publisher.publish(STOCK_PRICES_RAW, symbol, message, [header])
        self._publisher.flush()
        self._store.mark_released(release.record_id, release.at)


def _decoded(record: QuarantinedRecord) -> StockPrice:
    return decode(KafkaRecord(record.topic, record.partition, record.offset, record.value, record.key), StockPrice)


def _release(
    record_id: str, by: str, note: str, now: dt.datetime, bar: StockPrice, changes: Mapping[str, tuple[str, str]]
) -> Release:
    for name, text in (("by", by), ("note", note)):
        if not 0 < len(text.strip()) <= _LONGEST:
            raise InvalidInputError(f"{name}: must have 1 to {_LONGEST} characters")
    return Release(record_id, by.strip(), note.strip(), now, bar.event_id, changes)
