"""What a schedule event may ask for."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from stock_ai.errors import InvalidInputError


class Do(StrEnum):
    """What one run is for."""

    TRAIN = "train"
    """A challenger."""
    EVALUATE = "evaluate"
    """The recipe, walked forward over all that is stored."""


class Detail(BaseModel):
    """The `detail` of the event."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    do: Do = Do.TRAIN


def requested(event: dict[str, Any]) -> Do:
    """What an EventBridge event asks for.

    Raises:
        InvalidInputError: a key of `detail` is unknown or has a wrong value; the message names both.
    """
    try:
        return Detail.model_validate(event.get("detail", {})).do
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, ('detail', *fault['loc'])))} {fault['input']!r}: {fault['msg']}"
            for fault in error.errors(include_url=False)
        )
        raise InvalidInputError(faults) from None
