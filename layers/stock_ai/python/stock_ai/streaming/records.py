"""Records of a Lambda Kafka event, and their decoding into messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aws_lambda_powertools.utilities.data_classes import KafkaEvent
from pydantic import BaseModel, ConfigDict, ValidationError

from stock_ai.errors import PoisonRecordError
from stock_ai.models.base import SCHEMA_VERSION, VersionedMessage
from stock_ai.quality.rules import Reason

Decoded = TypeVar("Decoded", bound=VersionedMessage)


@dataclass(frozen=True, slots=True)
class KafkaRecord:
    """One record as it lay on its topic."""

    topic: str
    partition: int
    offset: int
    value: bytes
    key: bytes | None = None
    headers: Mapping[str, bytes] = field(default_factory=dict)


class _Envelope(BaseModel):
    """The one field that is read before all others."""

    model_config = ConfigDict(extra="ignore", strict=True)

    schema_version: int


def records(event: Mapping[str, Any]) -> Iterator[KafkaRecord]:
    """The records of a Lambda Kafka event, each partition in its order. A record without a value has an empty one."""
    # Powertools' newer kafka utility decodes by one schema per event and gives no way past a bad record; the data
    # class gives the bytes.
    for record in KafkaEvent(dict(event)).records:
        yield KafkaRecord(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            value=record.decoded_value if record.get("value") else b"",
            key=record.decoded_key,
            headers=dict(record.decoded_headers) if record.get("headers") else {},
        )


def decode(record: KafkaRecord, model: type[Decoded]) -> Decoded:
    """Read the value of `record` as JSON of `model`, taking no type for another.

    Raises:
        PoisonRecordError: with `unknown_schema_version` when the version is not ours, whatever else is wrong, since a
            message of another version need not look like ours; with `undecodable` when it is not JSON or a field is
            missing or wrong. The detail names version or fields.
    """
    try:
        message = model.model_validate_json(record.value, strict=True)
    except ValidationError as error:
        _check_version(record.value)
        raise PoisonRecordError(Reason.UNDECODABLE, _faults(error)) from None
    except OverflowError as error:
        # An instant at the edge of the calendar leaves it when it is taken to UTC.
        _check_version(record.value)
        raise PoisonRecordError(Reason.UNDECODABLE, f"an instant is out of range: {error}") from None
    if message.schema_version != SCHEMA_VERSION:
        raise _unknown_version(message.schema_version)
    return message


def _check_version(value: bytes) -> None:
    try:
        envelope = _Envelope.model_validate_json(value)
    except ValidationError:
        return
    if envelope.schema_version != SCHEMA_VERSION:
        raise _unknown_version(envelope.schema_version)


def _unknown_version(version: int) -> PoisonRecordError:
    return PoisonRecordError(
        Reason.UNKNOWN_SCHEMA_VERSION, f"schema_version: {version} is not known here, {SCHEMA_VERSION} is"
    )


def _faults(error: ValidationError) -> str:
    """Each wrong field once, with what is wrong: a union reports one fault for each of its types."""
    faults: dict[str, str] = {}
    for fault in error.errors(include_url=False, include_context=False):
        name = str(fault["loc"][0]) if fault["loc"] else "message"
        given = "" if fault["type"] in {"missing", "json_invalid"} else f", got {str(fault['input'])[:80]!r}"
        faults.setdefault(name, f"{name}: {fault['msg'].removeprefix('Value error, ')}{given}")
    return "; ".join(faults.values())[:1000]
