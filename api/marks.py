"""Which stores an answer had to do without, from where that is noticed to the header of the answer."""

from __future__ import annotations

import contextvars
from typing import Final

HEADER: Final = "X-Degraded"
_marks: contextvars.ContextVar[set[str] | None] = contextvars.ContextVar("degraded", default=None)


def begin() -> set[str]:
    """Collect the marks of one request, also of the threads it works in."""
    marks: set[str] = set()
    _marks.set(marks)
    return marks


def mark(store: str) -> None:
    """The answer to this request is made without a store."""
    if (marks := _marks.get()) is not None:
        marks.add(store)


def marked() -> tuple[str, ...] | None:
    """The stores that the answer to this request is made without, so far; None where it is made with all."""
    marks = _marks.get()
    return tuple(sorted(marks)) if marks else None
