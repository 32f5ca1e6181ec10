"""How a route refuses a field that only its own work can tell to be wrong."""

from __future__ import annotations

from fastapi.exceptions import RequestValidationError


def refused(place: tuple[str | int, ...], message: str, value: object) -> RequestValidationError:
    """The error that answers 422 and names the field at `place`, e.g. `("query", "cursor")`, with its value."""
    return RequestValidationError(
        [{"type": "value_error", "loc": place, "msg": message, "input": value, "ctx": {}}],
    )
