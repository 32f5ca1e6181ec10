"""Has explanations written and waits for them: many requests for one text wait for one writer.

Waiting takes none of the threads that serve other routes. Whoever still waits when the time is over is told where to
ask again, while the writing goes on.
"""

from __future__ import annotations

import asyncio
import functools
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING

from fastapi.concurrency import run_in_threadpool

from api.hits import Hits
from api.kept_texts import KeptTexts, Question
from api.llm_invoker import StillRunningError
from api.problems import LlmMisconfiguredError, NoTextError
from api.services import LlmTerms, Services
from stock_ai.errors import (
    BudgetSpentError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    RunAbortedError,
)
from stock_ai.models.llm import Explained

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from stock_ai.storage.flights import FlightEvent

_WRITERS = 64
"""Texts that one process of the API waits for at once; more wait for a turn."""
_LISTENERS = 128
"""Streams that one process follows at once."""

Outcome = Explained | Exception
Writing = Future[Outcome | None]
"""Of one text; None when whoever wanted it was refused, so that another one may try."""


class Explanations:
    """What the routes of explanations share. Make it once per application."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.kept = KeptTexts(services)
        self.hits = Hits(services, lambda: self.listeners)
        self._writing: dict[str, Writing] = {}

    @property
    def terms(self) -> LlmTerms:
        """How the API explains."""
        return self.services.llm_terms

    @functools.cached_property
    def listeners(self) -> ThreadPoolExecutor:
        """Threads for what may take long, apart from those that serve other routes, and from those that write."""
        return _threads(_LISTENERS, "llm-listener")

    @functools.cached_property
    def _writers(self) -> ThreadPoolExecutor:
        return _threads(_WRITERS, "llm-writer")

    def writing(self, text_id: str) -> Writing | None:
        """The text that is being waited for in this process."""
        return self._writing.get(text_id)

    async def begin(self, question: Question, text_id: str, client: str) -> Writing:
        """Have a text written, or wait with those who wait for it already; only who begins is counted.

        Raises:
            ClientLimitError: the client has begun too many.
            RetryableError: Redis is away.
        """
        if (begun := self._writing.get(text_id)) is not None:
            return begun
        writing: Writing = Future()
        self._writing[text_id] = writing
        try:
            await run_in_threadpool(self._admit, text_id, client)
        except BaseException:
            self._end(text_id, writing, None)
            raise
        self._writers.submit(self._write, question, text_id, writing)
        return writing

    async def written(self, question: Question, text_id: str, client: str) -> Explained:
        """The text, by whoever writes it.

        Raises:
            StillRunningError: it is not there within the time to wait, and the writing goes on.
            ClientLimitError, BudgetSpentError, LlmMisconfiguredError, NotFoundError, InvalidInputError, RetryableError
        """
        deadline = time.monotonic() + self.terms.wait_seconds
        while True:
            writing = await self.begin(question, text_id, client)
            await asyncio.wait({asyncio.wrap_future(writing)}, timeout=max(0.0, deadline - time.monotonic()))
            if not writing.done():
                raise StillRunningError("the text is still being written")
            outcome = writing.result()
            if isinstance(outcome, Explained):
                return outcome
            if outcome is not None:
                raise answerable(outcome, question)

    def flight(self, text_id: str) -> tuple[list[FlightEvent], bool]:
        """What has happened in the newest making of a text, and whether somebody still makes it.

        Raises:
            RetryableError: Redis is away.
        """
        from stock_ai.storage.flights import LeadGoneError

        events: list[FlightEvent] = []
        try:
            events.extend(self.services.llm_flights.follow(text_id, 0))
        except LeadGoneError:
            return events, False
        return events, not (events and is_end(events[-1]))

    def _admit(self, text_id: str, client: str) -> None:
        events, led = self.flight(text_id)
        if not led and not (events and events[-1].event == "done"):
            self.services.llm_limit.admit(client)

    def _write(self, question: Question, text_id: str, writing: Writing) -> None:
        outcome: Outcome
        try:
            outcome = self._obtained(question, text_id)
        except Exception as error:  # noqa: BLE001 - it is raised again where somebody waits for it
            outcome = error
        self._end(text_id, writing, outcome)

    def _end(self, text_id: str, writing: Writing, outcome: Outcome | None) -> None:
        # First, so that nobody joins what is over.
        del self._writing[text_id]
        writing.set_result(outcome)

    def _obtained(self, question: Question, text_id: str) -> Explained:
        """In a thread of the pool: the text of a flight under way, else of a new question to llm_analysis."""
        deadline = time.monotonic() + self.terms.wait_seconds
        if (explained := self._followed(text_id, deadline)) is not None:
            return explained
        try:
            return self.services.llm(question.request)
        except BudgetSpentError:
            raise
        except RateLimitedError:
            # As many functions as may run are running; one of them may write this text.
            if (explained := self._followed(text_id, deadline)) is not None:
                return explained
            raise

    def _followed(self, text_id: str, deadline: float) -> Explained | None:
        """The text of a flight; None where nobody is making it, nor has done so these last minutes."""
        from stock_ai.storage.flights import LeadGoneError, told_error

        events, led = self.flight(text_id)
        if not led and not (events and events[-1].event == "done"):
            return None
        try:
            for event in self.services.llm_flights.follow(text_id, max(0.0, deadline - time.monotonic())):
                if event.event == "done":
                    return Explained.model_validate(event.data)
                if event.event == "failed":
                    raise told_error(event.data)
        except LeadGoneError:
            return None
        raise StillRunningError("the text is still being written")


def _threads(count: int, name: str) -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor  # 1 ms that no other route should pay.

    return ThreadPoolExecutor(count, thread_name_prefix=name)


def is_end(event: FlightEvent) -> bool:
    """Whether nothing comes after the event."""
    return event.event in ("done", "failed")


def answerable(error: Exception, question: Question) -> Exception:
    """An error of llm_analysis as the API answers it."""
    # The question was checked before it was passed on: what is wrong then is a setting, save an author asked by name.
    asked_for = isinstance(error, NotFoundError) or question.provider is not None
    if isinstance(error, RunAbortedError) or (isinstance(error, InvalidInputError) and not asked_for):
        return LlmMisconfiguredError(str(error))
    return error


def no_text(symbol: str) -> NoTextError:
    """For a text that is not there."""
    return NoTextError(f"there is no such text about {symbol}; POST /api/v1/analysis/{symbol}/llm has one written")
