"""What all messages share."""

from __future__ import annotations

import datetime as dt
import hashlib
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

SCHEMA_VERSION: Final = 1
SIMULATED: Final = "simulated"
"""The `source` of everything that did not come from a real market."""


def _to_utc(value: dt.datetime) -> dt.datetime:
    return value.astimezone(dt.UTC)


UtcInstant = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""An aware instant, normalised to UTC. A naive one is refused."""


def _decimal(value: object) -> object:
    """A JSON number as the Decimal that it spells; anything but a number is left to be refused."""
    return Decimal(repr(value)) if isinstance(value, float) else value


_Points = Annotated[
    Decimal,
    Field(strict=True),
    BeforeValidator(_decimal),
    PlainSerializer(float, return_type=float, when_used="json"),
]
Price = Annotated[Annotated[int, Field(strict=True)] | _Points, Field(union_mode="left_to_right")]
"""Whole VND for stocks (int), index points (Decimal). A JSON number on the wire, exact for up to 15 digits."""


class Interval(StrEnum):
    """The span of one bar."""

    DAY = "1D"
    HOUR = "1H"
    MINUTES_15 = "15m"
    MINUTES_5 = "5m"
    MINUTE = "1m"


class PriceBasis(StrEnum):
    """What open, high, low and close of a bar are."""

    RAW = "raw"
    """As traded on that day."""
    ADJUSTED = "adjusted"
    """Back-adjusted for dividends and splits, where a source gives nothing else."""


class Message(BaseModel):
    """A message between services, frozen. A reader ignores fields it does not know, so adding one keeps the version."""

    # Built at its first use: no function uses every message, and a build takes a part of each cold start.
    model_config = ConfigDict(
        frozen=True, extra="ignore", ser_json_inf_nan="null", validate_default=True, defer_build=True
    )

    def wire(self) -> bytes:
        """The message as it travels: JSON in UTF-8."""
        # What model_dump_json does, without the way through str.
        return self.__pydantic_serializer__.to_json(self)


class VersionedMessage(Message):
    """A message that says which version of itself it is, first of all: a reader refuses others than its own."""

    schema_version: int = Field(default=SCHEMA_VERSION, description="Version of this message; readers refuse others.")


def digest(*parts: object) -> str:
    """A stable 128-bit hex name for the given parts, equal for equal content in every process."""
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).hexdigest()
