"""The events that trigger our functions, in the form AWS sends them."""

from __future__ import annotations

import base64
import datetime as dt
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

REGION = "ap-southeast-1"
ACCOUNT = "000000000000"
CLUSTER_ARN = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/local/00000000-0000-0000-0000-000000000000-1"

_TIMESTAMP_TYPES = {0: "CREATE_TIME", 1: "LOG_APPEND_TIME"}


@dataclass(frozen=True, slots=True)
class Record:
    """One Kafka record. `timestamp` is in milliseconds since 1970 in UTC, -1 when the record has none."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()

    @classmethod
    def of(cls, consumed: Any) -> Self:
        """From a kafka-python `ConsumerRecord`."""
        return cls(
            topic=consumed.topic,
            partition=consumed.partition,
            offset=consumed.offset,
            timestamp=consumed.timestamp,
            timestamp_type=consumed.timestamp_type,
            key=consumed.key,
            value=consumed.value,
            headers=tuple(consumed.headers or ()),
        )

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}@{self.offset}"


def record_entry(record: Record) -> dict[str, Any]:
    """A record as it stands in a Lambda Kafka event. What the record has not (key, value) the entry has not."""
    entry: dict[str, Any] = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "timestampType": _TIMESTAMP_TYPES.get(record.timestamp_type, "NO_TIMESTAMP_TYPE"),
        # Lambda writes header bytes as Java does, signed; Powertools' decode_header_bytes expects both forms.
        "headers": [{name: [_signed(byte) for byte in value or b""]} for name, value in record.headers],
    }
    if record.key is not None:
        entry["key"] = base64.b64encode(record.key).decode()
    if record.value is not None:
        entry["value"] = base64.b64encode(record.value).decode()
    return entry


def entry_bytes(record: Record) -> int:
    """How much of Lambda's payload the record takes: the length of its entry as JSON."""
    return len(json.dumps(record_entry(record), separators=(",", ":")))


def kafka_event(records: Sequence[Record], bootstrap_servers: str) -> dict[str, Any]:
    """The event of an Amazon MSK event-source mapping (AWS Lambda developer guide, "Using Lambda with Amazon MSK").

    Records are grouped by `topic-partition` and keep their order within it.
    """
    grouped: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        grouped.setdefault(f"{record.topic}-{record.partition}", []).append(record_entry(record))
    return {
        "eventSource": "aws:kafka",
        "eventSourceArn": CLUSTER_ARN,
        "bootstrapServers": bootstrap_servers,
        "records": grouped,
    }


def schedule_event(name: str, time: dt.datetime, detail: Mapping[str, Any]) -> dict[str, Any]:
    """The event of an EventBridge schedule, as `infra.stacks.schedules` asks for it; `time` is aware."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": time.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{name}"],
        "detail": dict(detail),
    }


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte
