"""What a schedule event may ask for."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from stock_ai.event_detail import detail_of


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
    return detail_of(event, Detail).do
