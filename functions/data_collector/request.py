"""What a schedule event may ask for beyond the function's own settings."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from stock_ai.errors import InvalidInputError
from stock_ai.event_detail import detail_of
from stock_ai.models.base import Interval
from stock_ai.settings import SourceSettings

Symbol = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, min_length=1)]


class Do(StrEnum):
    """What one run is for."""

    COLLECT = "collect"
    """All there is now, whatever the calendar says."""
    TICK = "tick"
    """Today's bars while the session runs."""
    CLOSE = "close"
    """Today's final bars, and what the history lacks."""
    INTRADAY = "intraday"
    """The bars within the last few sessions, of a live source."""
    BACKFILL = "backfill"
    """A span of history, in as many runs as it takes."""


class Detail(BaseModel):
    """The `detail` of the event: each key of a setting that is given takes the place of that setting."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    do: Do = Do.COLLECT
    interval: Interval = Interval.DAY
    source: str = ""
    data: Path | None = None
    symbols: tuple[Symbol, ...] = ()
    since: dt.date | None = None
    until: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run is to do."""

    do: Do
    interval: Interval
    """Of a backfill; everything else is about daily bars."""
    settings: SourceSettings


def requested(event: dict[str, Any], settings: SourceSettings) -> Wanted:
    """What the EventBridge event's `detail` asks for, with the settings that it overrides.

    Raises:
        InvalidInputError: a key of `detail` is unknown or has a wrong value; the message names both.
    """
    detail = detail_of(event, Detail)
    wanted = settings.model_copy(update=detail.model_dump(exclude_unset=True, exclude={"do", "interval"}))
    if wanted.since and wanted.until and wanted.since > wanted.until:
        raise InvalidInputError(f"since {wanted.since} is after until {wanted.until}")
    if detail.do is Do.BACKFILL and wanted.since is None:
        raise InvalidInputError("since: a backfill needs its first trading date")
    return Wanted(detail.do, detail.interval, wanted)
