"""Letting quarantined bars through: corrected by hand, or as they are where the reason is gone."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from stock_ai.errors import InvalidInputError, PoisonRecordError
from stock_ai.market.calendar import EXCHANGE_ZONE
from stock_ai.models.base import Interval
from stock_ai.models.price import StockPrice
from stock_ai.models.topics import STOCK_PRICES_RAW
from stock_ai.ports.prices import PriceStore, QuarantinedRecord
from stock_ai.ports.streams import Publisher
from stock_ai.quality.corrections import corrected, described, fields_of, must_keep_hard_rules
from stock_ai.quality.explanations import explain
from stock_ai.storage.quarantine import KeptRecord, Release, released_from
from stock_ai.streaming.dead_letters import REDRIVEN_FROM
from stock_ai.streaming.records import KafkaRecord, decode

_LONGEST: Final = 500
_MINUTES_A_DAY: Final = 24 * 60


class ReleaseStore(Protocol):
    """Quarantined records, and the log of what was decided about them."""

    def get(self, record_id: str) -> KeptRecord:
        """One record; NotFoundError when there is none."""

    def record_release(self, release: Release) -> None:
        """Write down a decision, before it is carried out."""

    def mark_released(self, record_id: str, at: dt.datetime, refusals: int = 0) -> None:
        """Count the record as quarantined no more, unless it was refused more often by now than `refusals` times."""


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


def stored_bar(kept: KeptRecord, releases: Sequence[Release], prices: PriceStore) -> StockPrice | None:
    """The bar that is stored now at the symbol, interval and time of a record, as its last release left them.

    None where nothing is stored there, or the record does not say where that would be.

    Raises:
        RetryableError: the store is away.
    """
    if kept.record.topic != STOCK_PRICES_RAW:
        return None
    try:
        place = _place(kept, releases[-1].changes if releases else {})
    except (ValueError, OverflowError):
        return None
    found = prices.bars(place.symbol, place.interval, place.day, place.day, _MINUTES_A_DAY)
    return next((bar for bar in found if bar.time == place.time), None)


class Releases:
    """What an operator does about quarantined bars.

    A bar goes to the topic of raw prices again, so the consumer stays the only way into the store. The decision is
    written down first: after a crash in between it is there, the record counts as quarantined still, and doing it
    again changes nothing else. Once the record is marked as released, its dead letters are settled.
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
        kept = self._bar_record(record_id)
        if not changes:
            raise InvalidInputError("changes: name at least one field to correct")
        value = kept.record.value
        bar = corrected(value, changes, now)
        release = _release(record_id, by, note, now, bar, described(value, changes))
        self._carry_out(kept, release, bar.symbol, bar.wire())
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
        self._carry_out(kept, release, bar.symbol, kept.record.value)
        return release

    def _bar_record(self, record_id: str) -> KeptRecord:
        kept = self._store.get(record_id)
        topic = kept.record.topic
        if topic != STOCK_PRICES_RAW:
            raise InvalidInputError(f"id: {record_id} came from {topic} and is no bar; redrive its dead letter")
        return kept

    def _carry_out(self, kept: KeptRecord, release: Release, symbol: str, message: bytes) -> None:
        self._store.record_release(release)
        # With this header the consumer makes a new dead letter of a known record that it refuses again, and the
        # record is quarantined again.
        header = (REDRIVEN_FROM, released_from(release.record_id))
        self._publisher.publish(STOCK_PRICES_RAW, symbol, message, [header])
        self._publisher.flush()
        self._store.mark_released(release.record_id, release.at, kept.refusals)


class _Place(NamedTuple):
    symbol: str
    interval: Interval
    time: dt.date | dt.datetime
    day: dt.date
    """The trading date."""


def _place(kept: KeptRecord, changes: Mapping[str, tuple[str, str]]) -> _Place:
    """Where a record's bar belongs, read leniently: a message that cannot be decoded may well say this much.

    Raises:
        ValueError, OverflowError: it does not, or names a time at the edge of the calendar.
    """
    fields = {"interval": Interval.DAY} | (fields_of(kept.record.value) or {}) | {"symbol": kept.symbol}
    fields |= {name: json.loads(changes[name][1]) for name in ("symbol", "interval", "time") if name in changes}
    interval = Interval(fields["interval"])
    time = dt.datetime.fromisoformat(str(fields.get("time")))
    day = (time if time.tzinfo is None else time.astimezone(EXCHANGE_ZONE)).date()
    if fields["symbol"] is None or day == dt.date.max or (interval is not Interval.DAY and time.tzinfo is None):
        raise ValueError
    return _Place(fields["symbol"], interval, day if interval is Interval.DAY else time, day)


def _decoded(record: QuarantinedRecord) -> StockPrice:
    return decode(KafkaRecord(record.topic, record.partition, record.offset, record.value, record.key), StockPrice)


def _release(
    record_id: str, by: str, note: str, now: dt.datetime, bar: StockPrice, changes: Mapping[str, tuple[str, str]]
) -> Release:
    for name, text in (("by", by), ("note", note)):
        if not 0 < len(text.strip()) <= _LONGEST:
            raise InvalidInputError(f"{name}: must have 1 to {_LONGEST} characters")
    return Release(record_id, by.strip(), note.strip(), now, bar.event_id, changes)
