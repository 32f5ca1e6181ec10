"""What a schedule event may ask for beyond the function's own settings."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from stock_ai.errors import InvalidInputError
from stock_ai.settings import SourceSettings

Symbol = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, min_length=1)]


class Detail(BaseModel):
    """The `detail` of the event: each key that is given takes the place of the setting of that name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = ""
    data: Path | None = None
    symbols: tuple[Symbol, ...] = ()
    since: dt.date | None = None
    until: dt.date | None = None


def requested(event: dict[str, Any], settings: SourceSettings) -> SourceSettings:
    """The settings with what the EventBridge event's `detail` overrides.

    Raises:
        InvalidInputError: a key of `detail` is unknown or has a wrong value; the message names both.
    """
    try:
        detail = Detail.model_validate(event.get("detail", {}))
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, ('detail', *fault['loc'])))} {fault['input']!r}: {fault['msg']}"
            for fault in error.errors(include_url=False)
        )
        raise InvalidInputError(faults) from None
    wanted = settings.model_copy(update=detail.model_dump(exclude_unset=True))
    if wanted.since and wanted.until and wanted.since > wanted.until:
        raise InvalidInputError(f"since {wanted.since} is after until {wanted.until}")
    return wanted
