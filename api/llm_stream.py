"""The making of a text as server-sent events.

Format: HTML standard, "Server-sent events". An event's id is that of its entry in the flight's stream, so that a client
that was cut off goes on where it was (`Last-Event-ID`).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from api.explanations import Explanations, Writing, answerable, is_end
from api.kept_texts import Question
from stock_ai.errors import InvalidInputError, StockAIError
from stock_ai.models.llm import Explained, LlmAnalysis, Served

if TYPE_CHECKING:
    from stock_ai.storage.flights import FlightEvent

KEPT_ID = "kept"
"""Id of the one event that tells of a kept text."""
_ENTRY_ID = re.compile(r"\d{1,20}-\d{1,20}")
_RETRY_MS = 2_000
_HEARTBEAT_SECONDS = 5.0
_BEGIN_SECONDS = 0.1
"""How often one looks whether the making has begun."""
_UNTOLD = "A service this answer needs is away or busy. The same request may succeed later."


def entry_id(last_event_id: str | None) -> str | None:
    """The entry after which a client wants to go on; None where it names none of ours."""
    return last_event_id if last_event_id and _ENTRY_ID.fullmatch(last_event_id) else None


def is_after(one: str, other: str) -> bool:
    """Whether entry `one` comes after entry `other`."""
    return _order(one) > _order(other)


def kept_events(text: bytes) -> Iterator[bytes]:
    """The events of a text, as JSON, that is there already."""
    yield _head()
    explained = Explained(analysis=LlmAnalysis.model_validate_json(text), served=Served.CACHED)
    yield _event(KEPT_ID, "done", explained.model_dump(mode="json"))


def past_events(events: list[FlightEvent], after: str | None) -> Iterator[bytes]:
    """The events of a making that is over, those after the entry `after`."""
    yield _head()
    for event in events:
        if after is None or is_after(event.id, after):
            yield _event(event.id, event.event, event.data)


async def live_events(
    explanations: Explanations, question: Question, text_id: str, writing: Writing, after: str | None
) -> AsyncIterator[bytes]:
    """The events of a making under way, after the entry `after`, until its end."""
    yield _head()
    loop = asyncio.get_running_loop()
    while True:
        over = writing.done()
        events = _quiet(explanations, text_id, after)
        try:
            while (event := await loop.run_in_executor(explanations.listeners, next, events, None)) is not None:
                after = event.id
                yield _event(event.id, event.event, _shown(event, question))
                if is_end(event):
                    return
        except StockAIError as error:
            yield _failed(answerable(error, question))
            return
        if over:
            # It has ended without having begun, or told its end to nobody.
            outcome = writing.result()
            if isinstance(outcome, Explained):
                yield _event(None, "done", outcome.model_dump(mode="json"))
            elif outcome is not None:
                yield _failed(answerable(outcome, question))
            return
        await asyncio.wait({asyncio.wrap_future(writing)}, timeout=_BEGIN_SECONDS)
        yield b":\n\n"


def _quiet(explanations: Explanations, text_id: str, after: str | None) -> Iterator[FlightEvent]:
    """What comes within a heartbeat; nothing where nobody has begun."""
    from stock_ai.storage.flights import LeadGoneError

    try:
        yield from explanations.services.llm_flights.follow(text_id, _HEARTBEAT_SECONDS, after)
    except LeadGoneError:
        return


def _shown(event: FlightEvent, question: Question) -> dict[str, Any]:
    if event.event != "failed":
        return event.data
    from stock_ai.storage.flights import told_error

    return _failure(answerable(told_error(event.data), question))


def _failed(error: Exception) -> bytes:
    return _event(None, "failed", _failure(error))


def _failure(error: Exception) -> dict[str, Any]:
    """As a problem document would tell it: nothing of the insides of an error that nobody is meant to read."""
    from api.problems import LlmMisconfiguredError
    from stock_ai.errors import BudgetSpentError

    told = isinstance(error, (InvalidInputError, LlmMisconfiguredError, BudgetSpentError))
    return {
        "kind": type(error).__name__ if isinstance(error, StockAIError) else "RetryableError",
        "message": str(error) if told else _UNTOLD,
        "retry_after": getattr(error, "retry_after", None),
    }


def _head() -> bytes:
    return f"retry: {_RETRY_MS}\n\n".encode()


def _event(identity: str | None, name: str, data: object) -> bytes:
    # JSON has no line break outside its escapes, so the data is one line.
    first = "" if identity is None else f"id: {identity}\n"
    return f"{first}event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def _order(identity: str) -> tuple[int, int]:
    time, _, count = identity.partition("-")
    return int(time), int(count)
