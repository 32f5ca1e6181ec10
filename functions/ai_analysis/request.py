"""What a schedule event may ask for."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from stock_ai.event_detail import detail_of


class Detail(BaseModel):
    """The `detail` of the event; without symbols all that are stored are analysed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    symbols: tuple[Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, min_length=1)], ...] = ()


def requested(event: dict[str, Any]) -> Detail:
    """The request in an EventBridge event.

    Raises:
        InvalidInputError: a key of `detail` is unknown or has a wrong value; the message names both.
    """
    return detail_of(event, Detail)
