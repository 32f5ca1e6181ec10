"""Dead letters: the headers that say why a record was set aside, and the operator's reading and redriving of them."""

from __future__ import annotations

import builtins
import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError

from stock_ai.clock import Clock, utc_now
from stock_ai.errors import InvalidInputError, NotFoundError, RetryableError
from stock_ai.models import topics
from stock_ai.ports.streams import Publisher
from stock_ai.settings import KafkaSettings
from stock_ai.streaming.client import client_options

REDRIVEN_FROM: Final = "redriven_from"
"""Header of a record that was sent again: the id of the dead letter it was."""

_CONNECT_MS = 5_000
_POLL_MS = 1_000
_SILENT_POLLS = 10
_SOURCES = {topics.dead_letter(topic): topic for topic in topics.TOPICS}


def dead_letter_headers(
    *,
    reason: str,
    detail: str,
    source_topic: str,
    source_partition: int,
    source_offset: int,
    failed_at: dt.datetime,
) -> list[tuple[str, bytes]]:
    """The headers of a record on a dead-letter topic; its key and value are those of the original.

    `reason` is snake_case and stable, `detail` is for people. `failed_at` is aware and written in ISO 8601.
    """
    return [
        ("reason", reason.encode()),
        ("detail", detail.encode()),
        ("source_topic", source_topic.encode()),
        ("source_partition", str(source_partition).encode()),
        ("source_offset", str(source_offset).encode()),
        ("failed_at", failed_at.isoformat().encode()),
    ]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record on a dead-letter topic. `id` is `topic:partition:offset` there; the rest is from its headers.

    Where a foreign tool wrote the record without our headers, text is empty and a number is None.
    """

    id: str
    source_topic: str
    source_partition: int | None
    source_offset: int | None
    reason: str
    detail: str
    failed_at: str
    key: str | None
    value: bytes
    redriven: bool
    settled: bool
    """Whether its record was let through since, and so must not be sent again."""

    @property
    def open(self) -> bool:
        """Whether an operator has still to do something about it."""
        return not (self.redriven or self.settled)


class RedriveLog(Protocol):
    """Remembers which dead letters were sent again, and which have nothing left to send."""

    def known(self) -> set[str]:
        """The ids of every dead letter that was sent again."""

    def record(self, letter_ids: Sequence[str], redriven_at: dt.datetime) -> None:
        """Remember that these were sent again."""

    def settled(self) -> Collection[tuple[str, bytes]]:
        """Source topic and value of every record that was corrected or released from quarantine, or accepted since.

        Told by the content, since a record that was redriven in vain has a dead letter for each time.
        """


class DeadLetters:
    """The dead-letter topics, for an operator. Reads without a consumer group and commits nothing."""

    def __init__(self, settings: KafkaSettings, redrives: RedriveLog, clock: Clock = utc_now) -> None:
        self._options = client_options(settings)
        self._redrives = redrives
        self._clock = clock

    def list(self, topic: str | None = None, *, include_done: bool = False) -> builtins.list[DeadLetter]:
        """The open dead letters that came from `topic`, else from any, oldest first within each partition.

        `include_done` takes those too that were redriven or are settled.

        Raises:
            InvalidInputError: no records come from `topic`.
            RetryableError: broker or store is away.
        """
        if topic is not None and topic not in topics.TOPICS:
            raise InvalidInputError(f"topic: {topic!r} is not one of {', '.join(topics.TOPICS)}")
        done = self._done()
        letters: builtins.list[DeadLetter] = []
        with self._consumer() as consumer:
            for name in topics.DEAD_LETTER_TOPICS if topic is None else (topics.dead_letter(topic),):
                partitions = [TopicPartition(name, number) for number in consumer.partitions_for_topic(name) or ()]
                starts, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
                for partition in sorted(partitions):
                    records = _read(consumer, partition, starts[partition], ends[partition])
                    letters.extend(_letter(record, done) for record in records)
        return [letter for letter in letters if include_done or letter.open]

    def get(self, letter_id: str) -> DeadLetter:
        """One dead letter.

        Raises:
            InvalidInputError: the id does not have the form `topic:partition:offset`.
            NotFoundError: there is no such record, or no longer.
            RetryableError: broker or store is away.
        """
        return self._get([letter_id])[0]

    def redrive(self, letter_ids: Sequence[str], publisher: Publisher) -> builtins.list[DeadLetter]:
        """Send dead letters to the topics they came from and remember it; the letters as they were.

        They are remembered only once the broker has them all: after a crash in between some may be sent twice, which
        changes nothing, and none is forgotten.

        Raises:
            InvalidInputError, NotFoundError: as `get`, or one is settled; before anything is sent.
            RetryableError: broker or store is away.
        """
        letters = self._get(letter_ids)
        if settled := [letter.id for letter in letters if letter.settled]:
            raise InvalidInputError(
                f"id: {', '.join(settled)}: corrected or released from quarantine or accepted since, so there is"
                " nothing to send again"
            )
        for letter in letters:
            publisher.publish(
                letter.source_topic, letter.key or "", letter.value, [(REDRIVEN_FROM, letter.id.encode())]
            )
        publisher.flush()
        self._redrives.record(letter_ids, self._clock())
        return letters

    def _get(self, letter_ids: Sequence[str]) -> builtins.list[DeadLetter]:
        places = [_parse(letter_id) for letter_id in letter_ids]
        done = self._done()
        letters = []
        with self._consumer() as consumer:
            for letter_id, (partition, offset) in zip(letter_ids, places, strict=True):
                known = partition.partition in (consumer.partitions_for_topic(partition.topic) or ())
                start = consumer.beginning_offsets([partition])[partition] if known else 0
                end = consumer.end_offsets([partition])[partition] if known else 0
                found = list(_read(consumer, partition, offset, offset + 1)) if start <= offset < end else []
                if not found:
                    raise NotFoundError(f"id: there is no dead letter {letter_id!r}")
                letters.append(_letter(found[0], done))
        return letters

    def _done(self) -> _Done:
        return _Done(self._redrives.known(), self._redrives.settled())

    @contextmanager
    def _consumer(self) -> Iterator[KafkaConsumer]:
        try:
            consumer = KafkaConsumer(
                **self._options,
                group_id=None,
                enable_auto_commit=False,
                bootstrap_timeout_ms=_CONNECT_MS,
            )
            try:
                yield consumer
            finally:
                consumer.close()
        except KafkaError as error:
            raise RetryableError(f"Kafka: {type(error).__name__}") from error


def _read(consumer: KafkaConsumer, partition: TopicPartition, start: int, end: int) -> Iterator[ConsumerRecord]:
    """The records of one partition with `start <= offset < end`."""
    if start >= end:
        return
    consumer.assign([partition])
    consumer.seek(partition, start)
    silent = 0
    while (position := consumer.position(partition)) < end:
        for record in consumer.poll(timeout_ms=_POLL_MS).get(partition, ()):
            if record.offset < end:
                yield record
        # Compaction and aborted transactions leave gaps, so progress is told by the position.
        silent = silent + 1 if consumer.position(partition) == position else 0
        if silent == _SILENT_POLLS:
            raise RetryableError(f"Kafka: {partition.topic}:{partition.partition} gives nothing at offset {position}")


def _parse(letter_id: str) -> tuple[TopicPartition, int]:
    parts = letter_id.split(":")
    if len(parts) != 3 or parts[0] not in _SOURCES or not all(part.isdecimal() for part in parts[1:]):
        raise InvalidInputError(
            f"id: {letter_id!r} is not topic:partition:offset of one of {', '.join(topics.DEAD_LETTER_TOPICS)}"
        )
    return TopicPartition(parts[0], int(parts[1])), int(parts[2])


class _Done(NamedTuple):
    redriven: Collection[str]
    settled: Collection[tuple[str, bytes]]


def _letter(record: ConsumerRecord, done: _Done) -> DeadLetter:
    letter_id = f"{record.topic}:{record.partition}:{record.offset}"
    headers = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
    topic, value = headers.get("source_topic") or _SOURCES[record.topic], record.value or b""
    partition, offset = headers.get("source_partition", ""), headers.get("source_offset", "")
    return DeadLetter(
        id=letter_id,
        source_topic=topic,
        source_partition=int(partition) if partition.isdecimal() else None,
        source_offset=int(offset) if offset.isdecimal() else None,
        reason=headers.get("reason", ""),
        detail=headers.get("detail", ""),
        failed_at=headers.get("failed_at", ""),
        key=None if record.key is None else record.key.decode(errors="replace"),
        value=value,
        redriven=letter_id in done.redriven,
        settled=(topic, value) in done.settled,
    )
