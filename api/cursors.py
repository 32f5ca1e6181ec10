"""Cursors: where the next page of an answer begins, opaque to the caller.

A cursor holds the place of the last row and not its number, so that rows which come, go or move between two pages leave
out or repeat no other one; and the question it belongs to, since elsewhere that place means nothing.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import functools
import hashlib
from collections.abc import Sequence
from typing import Annotated, Any, Final, TypeVar, cast

from fastapi.exceptions import RequestValidationError
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import to_json

from api.refusals import refused

P = TypeVar("P")

EARLIEST: Final = dt.date(1900, 1, 1)
LATEST: Final = dt.date(2999, 12, 31)
"""Trading dates that can be asked for: day arithmetic on any of them stays within the calendar."""

MAX_LENGTH: Final = 200

CursorText = Annotated[str | None, Field(max_length=MAX_LENGTH, description="`next_cursor` of the page before.")]


def question(route: str, *choices: object) -> str:
    """A short name of a question: the route and whatever decides which rows it has and in which order."""
    chosen = to_json([None if choice is None else str(choice) for choice in choices])
    return f"{route}:{hashlib.blake2b(chosen, digest_size=6).hexdigest()}"


def encode(question: str, place: Sequence[object]) -> str:
    """The cursor of what lies behind `place`, a row of JSON values, dates and aware instants."""
    return base64.urlsafe_b64encode(to_json([question, place])).decode().rstrip("=")


def decode(text: str, question: str, form: type[P]) -> P:
    """The place in the cursor `text`, a named tuple of the given form.

    Raises:
        RequestValidationError: it is no cursor of ours, or one of another question; names `cursor`.
    """
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        content = base64.b64decode(padded, altchars=b"-_", validate=True)
        asked, found = _adapter(cast("Any", form)).validate_json(content)
    except (UnicodeError, binascii.Error, ValidationError, OverflowError):
        raise unknown(text) from None
    if asked != question:
        raise refused(("query", "cursor"), "belongs to another question than this one", text)
    place: P = found
    return place


def unknown(text: str) -> RequestValidationError:
    """The refusal of a text that is no cursor."""
    return refused(("query", "cursor"), "is not a cursor that this API gave", text)


@functools.cache
def _adapter(form: Any) -> TypeAdapter[tuple[str, Any]]:
    return TypeAdapter(tuple[str, form], config=ConfigDict(strict=True, allow_inf_nan=False))
