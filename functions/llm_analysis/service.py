"""Explains one symbol in words: finds the text, waits for whoever writes it, or has it written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol

from functions.llm_analysis import grounding, template
from functions.llm_analysis.accounts import Account
from functions.llm_analysis.asking import WHOLE_SECONDS
from functions.llm_analysis.authors import Attempt, Authors, UsageStore
from functions.llm_analysis.facts import FactSheet
from functions.llm_analysis.finishing import Finished, analysis, total
from functions.llm_analysis.narration import Teller
from stock_ai.clock import Clock
from stock_ai.errors import InvalidInputError, RetryableError, RunAbortedError, StockAIError
from stock_ai.llm_engines import TEMPLATE_MODEL, Engine
from stock_ai.models import topics
from stock_ai.models.llm import Explained, Grounding, Language, LlmAnalysis, LlmUsage, Served
from stock_ai.observability import logger
from stock_ai.ports.streams import Publisher
from stock_ai.settings import LlmProviderName
from stock_ai.storage.flights import FlightEvent, LeadGoneError, told_error
from stock_ai.storage.llm_usage import Counter

RETRY_SECONDS = 10.0
"""How long after a question a provider may be asked once more, see `Guarded`."""
_CALL_SECONDS = WHOLE_SECONDS + RETRY_SECONDS
"""The longest that one answer takes."""
_TEMPLATE = Engine(LlmProviderName.TEMPLATE, TEMPLATE_MODEL)


class ContextSource(Protocol):
    """Where facts come from."""

    def sheet(self, symbol: str) -> FactSheet:
        """The facts about a symbol; `NotFoundError` when it has not been analysed."""


class Texts(Protocol):
    """Kept texts; see `stock_ai.storage.answers.RedisTexts`. Every call may raise `RetryableError`."""

    def get(self, symbol: str, text_id: str) -> LlmAnalysis | None:
        """The text called `text_id`."""

    def latest(self, symbol: str, language: Language) -> LlmAnalysis | None:
        """The newest text."""

    def put(self, text: LlmAnalysis, latest: bool) -> None:
        """Keep a text, with `latest` also as the newest."""


class Lead(Teller, Protocol):
    """The right to make a text; see `stock_ai.storage.flights.Lead`."""

    def __enter__(self) -> Lead: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def done(self, explained: Explained) -> None:
        """End the flight with its outcome."""

    def failed(self, error: StockAIError) -> None:
        """End the flight for those who wait."""


class Flights(Protocol):
    """Who makes which text; see `stock_ai.storage.flights.RedisFlights`."""

    def lead(self, text_id: str) -> Lead | None:
        """The right to make the text; None when there is a flight to follow."""

    def follow(self, text_id: str, timeout_seconds: float) -> Iterator[FlightEvent]:
        """Its events; `LeadGoneError` when it is left without an end."""


@dataclass
class _Question:
    symbol: str
    language: Language
    named: LlmProviderName | None
    chain: Sequence[Engine]
    sheet: FactSheet
    deadline: float
    """Monotonic time."""
    attempts: list[Attempt] = field(default_factory=list)
    led: bool = False

    def text_id(self, engine: Engine) -> str:
        return engine.text_id(self.symbol, self.sheet.analysis_id, self.language)

    @property
    def first(self) -> Engine:
        return self.chain[0]

    @property
    def usage(self) -> LlmUsage:
        return total(attempt.usage for attempt in self.attempts)


class Explainer:
    """Answers questions; safe for several threads.

    `chain` is asked in its order; `models` are those of all providers with a key, whether they are in the chain or not.
    """

    def __init__(
        self,
        context: ContextSource,
        chain: Sequence[Engine],
        models: Mapping[LlmProviderName, str],
        authors: Authors,
        texts: Texts,
        flights: Flights,
        usage: UsageStore,
        publisher: Publisher,
        clock: Clock,
        report: Callable[[Account], None],
    ) -> None:
        self._context = context
        self._chain = chain
        self._models = models
        self._authors = authors
        self._texts = texts
        self._flights = flights
        self._usage = usage
        self._publisher = publisher
        self._clock = clock
        self._report = report

    def explain(
        self, symbol: str, language: Language, provider: LlmProviderName | None = None, seconds: float = 55.0
    ) -> Explained:
        """The text about the current analysis of `symbol`, written by `provider` where one is named.

        A named provider is asked alone; that its text has been written by another one meanwhile is not excluded.

        Raises:
            InvalidInputError: `provider` is not configured; the message names the setting.
            NotFoundError: the symbol has not been analysed.
            BudgetSpentError: the day's money is spent.
            RunAbortedError: the providers refuse this installation; the message names the setting.
            RetryableError: a store or Kafka is away, or the text is not written within `seconds`.
        """
        began = time.monotonic()
        chain = self._chain if provider is None else (self._engine(provider),)
        question = _Question(symbol, language, provider, chain, self._context.sheet(symbol), began + seconds)
        explained = self._answer(question)
        faults = sum(each.finished.grounding.faults for each in question.attempts if each.finished is not None)
        self._report(Account(explained, question.usage, faults, question.led, time.monotonic() - began))
        return explained

    def _engine(self, provider: LlmProviderName) -> Engine:
        if provider is LlmProviderName.TEMPLATE:
            return _TEMPLATE
        if provider not in self._models:
            raise InvalidInputError(f"provider {provider.value} is not configured: {provider.name}_API_KEY is not set")
        return Engine(provider, self._models[provider])

    def _answer(self, question: _Question) -> Explained:
        try:
            kept = self._kept(question, question.first)
        except RetryableError as error:
            # Without Redis neither the budget nor a single call can be warranted, so nobody is paid.
            if question.named not in (None, LlmProviderName.TEMPLATE):
                raise
            logger.warning("no paid call without Redis", extra={"fault": str(error)})
            return self._substitute(question)
        if kept is not None:
            return kept
        while (left := question.deadline - time.monotonic()) > 0:
            try:
                lead = self._flights.lead(question.text_id(question.first))
                if lead is not None:
                    with lead:
                        return self._lead(question, lead)
                outcome = self._follow(question, left)
            except LeadGoneError as error:
                logger.info("the text has lost who made it", extra={"fault": str(error)})
            else:
                if outcome is not None:
                    return outcome
        raise RetryableError(f"the text about {question.symbol} is still being written")

    def _kept(self, question: _Question, engine: Engine) -> Explained | None:
        text = self._texts.get(question.symbol, question.text_id(engine))
        if text is None:
            return None
        self._usage.count(engine.provider, engine.model, Counter.CACHED)
        return Explained(analysis=text, served=Served.CACHED)

    def _follow(self, question: _Question, seconds: float) -> Explained | None:
        for event in self._flights.follow(question.text_id(question.first), seconds):
            if event.event == "done":
                return Explained.model_validate(event.data)
            if event.event == "failed":
                raise told_error(event.data)
        return None

    def _lead(self, question: _Question, lead: Lead) -> Explained:
        question.led = True
        try:
            # Another lead may have kept it since we looked.
            explained = self._kept(question, question.first) or self._made(question, lead)
        except LeadGoneError:
            raise
        except Exception as error:
            told = error if isinstance(error, StockAIError) else RetryableError(f"not written: {type(error).__name__}")
            with suppress(RetryableError):
                lead.failed(told)
            raise
        lead.done(explained)
        return explained

    def _made(self, question: _Question, lead: Lead) -> Explained:
        lead.emit("phase", {"phase": "facts"})
        latest_call = question.deadline - _CALL_SECONDS
        for engine in question.chain:
            if engine.provider is LlmProviderName.TEMPLATE:
                text = self._published(question, engine, self._by_rule(question))
                return Explained(analysis=text, served=Served.WRITTEN)
            # What a later one has written is good enough only while those before it are away.
            if question.attempts and (kept := self._kept(question, engine)) is not None:
                return kept
            if question.attempts and time.monotonic() > latest_call:
                break
            attempt = self._authors.ask(engine, question.sheet, question.language, lead, latest_call)
            question.attempts.append(attempt)
            if attempt.finished is not None:
                finished = attempt.finished._replace(usage=question.usage)
                return Explained(analysis=self._published(question, engine, finished), served=Served.WRITTEN)
            self._usage.count(engine.provider, engine.model, Counter.FALLBACKS)
        if not any(attempt.answered for attempt in question.attempts):
            obstacles = [attempt.obstacle for attempt in question.attempts if attempt.obstacle is not None]
            # What an operator has to mend comes first.
            for obstacle in sorted(obstacles, key=lambda each: not isinstance(each, RunAbortedError)):
                raise obstacle
        stale = self._texts.latest(question.symbol, question.language)
        if stale is not None:
            return Explained(analysis=stale, served=Served.STALE)
        return self._substitute(question)

    def _published(self, question: _Question, engine: Engine, finished: Finished) -> LlmAnalysis:
        text = analysis(finished, engine, question.sheet, question.language, self._clock())
        # One that was asked for by name only is no text of this installation.
        ours = engine in self._chain
        if ours:
            # Published first: a text that is kept has surely been sent.
            self._publisher.publish(topics.LLM_ANALYSIS_RESULTS, text.symbol, text.wire())
            self._publisher.flush()
        self._texts.put(text, latest=ours)
        return text

    def _substitute(self, question: _Question) -> Explained:
        text = analysis(self._by_rule(question), _TEMPLATE, question.sheet, question.language, self._clock())
        return Explained(analysis=text, served=Served.SUBSTITUTE)

    def _by_rule(self, question: _Question) -> Finished:
        draft = template.write(question.sheet, question.language)
        findings = grounding.check(draft, question.sheet)
        if findings.faults:
            logger.error("the template has said what no fact bears", extra={"fault": findings.faults[0].message})
        found = Grounding(claims=findings.claims, faults=len(findings.faults))
        return Finished(draft, found, question.usage)
