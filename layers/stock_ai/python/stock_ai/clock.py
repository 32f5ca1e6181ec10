"""The clock as a port: whatever needs the time is given one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

Clock = Callable[[], dt.datetime]
"""Returns the present instant, aware, in UTC."""


def utc_now() -> dt.datetime:
    """The system's present instant in UTC."""
    return dt.datetime.now(dt.UTC)


def to_millisecond(instant: dt.datetime) -> dt.datetime:
    """`instant` (aware) as the stores hold it: UTC, cut to the millisecond."""
    return instant.astimezone(dt.UTC).replace(microsecond=instant.microsecond // 1000 * 1000)
