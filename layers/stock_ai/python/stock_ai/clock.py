"""The clock as a port: whatever needs the time is given one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

Clock = Callable[[], dt.datetime]
"""Returns the present instant, aware, in UTC."""


def utc_now() -> dt.datetime:
    """The system's present instant in UTC."""
    return dt.datetime.now(dt.UTC)
