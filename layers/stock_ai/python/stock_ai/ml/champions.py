"""The history of champions: which model was put in charge when and why. Entries are only ever added."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from stock_ai.errors import RunAbortedError
from stock_ai.models.base import Message, UtcInstant


class Appointment(Message):
    """A model became champion."""

    version: str
    since: UtcInstant
    reason: str
    withdrawn: str | None = None
    """The version that a rollback took out of service."""


def parse(content: bytes | None) -> tuple[Appointment, ...]:
    """The history from its JSON, oldest first; empty where nothing is kept yet.

    Raises:
        RunAbortedError: it is no such history; says what is wrong.
    """
    if content is None:
        return ()
    try:
        return TypeAdapter(tuple[Appointment, ...]).validate_json(content)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, fault["loc"]))
        raise RunAbortedError(f"the history of champions cannot be read: {where}: {fault['msg']}") from None


def added(history: Sequence[Appointment], appointment: Appointment) -> bytes:
    """The JSON of the history with one more entry."""
    return TypeAdapter(tuple[Appointment, ...]).dump_json((*history, appointment), indent=2)


def succession(history: Sequence[Appointment]) -> list[str]:
    """Versions that may serve, the current champion last and the one to fall back to before it.

    A version that a rollback withdrew is out until it is appointed again.
    """
    line: list[str] = []
    for entry in history:
        line = [version for version in line if version not in (entry.version, entry.withdrawn)]
        line.append(entry.version)
    return line
