"""Sentences told while the answer is being written: each as soon as it is whole, and only if its facts bear it."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any, Final, Protocol

from pydantic import ValidationError
from pydantic_core import from_json

from functions.llm_analysis import grounding
from functions.llm_analysis.draft import Draft, Statement
from functions.llm_analysis.facts import FactSheet
from stock_ai.errors import RetryableError
from stock_ai.observability import logger

_PARTS: Final = ("summary", "drivers", "risks")
_SECONDS_BETWEEN: Final = 0.2


class Teller(Protocol):
    """Where events go; see `stock_ai.storage.flights.Lead`."""

    def emit(self, event: str, data: Mapping[str, object]) -> None:
        """Tell one event."""


class Narrator:
    """Called with the JSON of an answer as it grows; looks at it at most every 0.2 s.

    It never raises: an error here would be taken for one of the provider, whose text can still be had. It is silent
    from then on.
    """

    def __init__(self, teller: Teller, sheet: FactSheet, clock: Callable[[], float] = time.monotonic) -> None:
        self._teller = teller
        self._sheet = sheet
        self._clock = clock
        self._next = clock()
        self._told: dict[str, str] = {}
        self._silent = False

    def __call__(self, text: str) -> None:
        """Tell what has become whole in `text`, the answer from its beginning."""
        now = self._clock()
        if self._silent or now < self._next:
            return
        self._next = now + _SECONDS_BETWEEN
        for at, statement in _whole(text):
            if self._told.get(at) != statement.text and not grounding.check_statement(statement, self._sheet)[1]:
                self._tell(at, statement)

    def finish(self, draft: Draft, faulty: Container[str]) -> None:
        """Tell what of the whole answer has not been told, without the places in `faulty`."""
        for at, statement in draft.statements():
            if at not in faulty and self._told.get(at) != statement.text:
                self._tell(at, statement)

    def _tell(self, at: str, statement: Statement) -> None:
        if self._silent:
            return
        try:
            self._teller.emit("sentence", {"at": at, "text": statement.text})
        except RetryableError as error:
            self._silent = True
            logger.warning("sentences are told no more", extra={"error": type(error).__name__})
        self._told[at] = statement.text


def _whole(text: str) -> Iterator[tuple[str, Statement]]:
    """The statements that can no longer grow: all but the one that is written at the moment."""
    try:
        answer = from_json(text, allow_partial=True)
    except ValueError:
        return
    if not isinstance(answer, dict):
        return
    growing = next(reversed(answer), None)
    for part, values in answer.items():
        if part in _PARTS and isinstance(values, list):
            for at, value in enumerate(values[:-1] if part == growing else values):
                if (statement := _statement(value)) is not None:
                    yield f"{part}.{at}", statement


def _statement(value: Any) -> Statement | None:
    try:
        return Statement.model_validate(value)
    except ValidationError:
        return None
