"""Setting records aside: first on the dead-letter topic, then in quarantine, each content once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from stock_ai.clock import Clock
from stock_ai.errors import PoisonRecordError
from stock_ai.models import topics
from stock_ai.models.base import digest
from stock_ai.observability import logger
from stock_ai.ports.prices import QuarantinedRecord, QuarantineStore
from stock_ai.ports.streams import Publisher
from stock_ai.streaming.dead_letters import REDRIVEN_FROM, dead_letter_headers
from stock_ai.streaming.records import KafkaRecord

_SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that can never be processed. It counts under the first of its `reasons`."""

    record: KafkaRecord
    record_id: str
    reasons: tuple[str, ...]
    detail: str


def undecodable(record: KafkaRecord, error: PoisonRecordError) -> Reject:
    """The reject of a record that `decode` refused."""
    return Reject(record, undecodable_id(record), (error.reason,), error.detail)


def undecodable_id(record: KafkaRecord) -> str:
    """What names a record that `decode` refuses: its topic and bytes."""
    return digest(record.topic, record.value.hex())


def is_redriven(record: KafkaRecord) -> bool:
    """Whether a record comes from an operator's redrive or release."""
    return REDRIVEN_FROM in record.headers


def set_aside(
    rejects: Sequence[Reject], publisher: Publisher, quarantine: QuarantineStore, clock: Clock
) -> dict[str, int]:
    """Publish and keep what is new among `rejects`; how many there are, by first reason, new or not.

    The dead letter is sure to be on its topic before quarantine knows the record, so a crash in between repeats a
    dead letter and loses none. A redriven record gets a new dead letter though its content is known: the operator
    must see that it failed again.

    Raises:
        RetryableError: broker or store is away; doing all again is safe.
    """
    if not rejects:
        return {}
    now = clock()
    known = quarantine.known([reject.record_id for reject in rejects])
    fresh: dict[str, Reject] = {}
    for reject in rejects:
        seen = reject.record_id in known or reject.record_id in fresh
        if seen and not is_redriven(reject.record):
            continue
        fresh.setdefault(reject.record_id, reject)
        record = reject.record
        publisher.publish(
            topics.dead_letter(record.topic),
            # The port carries text. Our keys are symbols; quarantine keeps the bytes of a key that is not text.
            (record.key or b"").decode(errors="replace"),
            record.value,
            dead_letter_headers(
                reason=reject.reasons[0],
                detail=reject.detail,
                source_topic=record.topic,
                source_partition=record.partition,
                source_offset=record.offset,
                failed_at=now,
            ),
        )
    if fresh:
        publisher.flush()
        quarantine.add(
            [
                QuarantinedRecord(
                    record_id=reject.record_id,
                    reasons=reject.reasons,
                    detail=reject.detail,
                    topic=reject.record.topic,
                    partition=reject.record.partition,
                    offset=reject.record.offset,
                    quarantined_at=now,
                    value=reject.record.value,
                    key=reject.record.key,
                    headers=tuple(reject.record.headers.items()),
                )
                for reject in fresh.values()
            ]
        )
    counts = Counter(str(reject.reasons[0]) for reject in rejects)
    for reason, count in counts.items():
        sample = [reject for reject in rejects if reject.reasons[0] == reason][:_SAMPLES]
        logger.warning(
            "records quarantined",
            extra={
                "reason": reason,
                "count": count,
                "keys": [(reject.record.key or b"").decode(errors="replace") for reject in sample],
                "detail": sample[0].detail,
            },
        )
    return dict(counts)
