"""Explanations as they are answered: a kept text as the bytes it is stored in, with what changes behind them."""

from __future__ import annotations

import datetime as dt
import functools
import json
from typing import NamedTuple

from api.freshness import Gauge
from api.services import Services
from stock_ai.models.llm import Explained, Language, Served

_REMEMBERED = 256


class Question(NamedTuple):
    """Which text is wanted."""

    symbol: str
    language: Language
    provider: str | None = None
    """Who is to write it; None leaves it to the settings."""

    @property
    def request(self) -> dict[str, str]:
        """As the llm_analysis function is asked."""
        asked = {"symbol": self.symbol, "language": self.language.value}
        return asked if self.provider is None else asked | {"provider": self.provider}


class Facts(NamedTuple):
    """What an answer needs of an insight."""

    analysis_id: str | None
    """Its AI analysis: the watermark of the data. None where it has a text only."""
    as_of: dt.date
    source: str | None
    provisional: bool
    simulated: bool


class Found(NamedTuple):
    """What is kept about a question."""

    facts: Facts | None
    """None where there is no insight."""
    text_id: str | None
    """Name of the text that answers it; None without an analysis."""
    text: bytes | None
    """That text, where it is kept."""


class Answer(NamedTuple):
    """An answer from a kept text."""

    content: bytes
    """An `LlmAnswer` as JSON."""
    author: tuple[str, str]
    """Provider and model."""


class KeptTexts:
    """Reads kept texts by one question to Redis, which needs to know the data behind the texts.

    It is taken to be what it was at the last question about the symbol; where it has changed, Redis is asked again.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._watermarks: dict[str, str] = {}

    def answer(self, found: Found) -> Answer | None:
        """The answer from what is kept; None where the text is still to be written."""
        if found.text is None:
            return None
        content = body(self._services, found.text, Served.CACHED, found.facts)
        return Answer(content, author_of(found.text))

    def find(self, question: Question) -> Found:
        """What is kept.

        Raises:
            RetryableError: Redis is away.
        """
        guess = self._watermarks.get(question.symbol)
        while True:
            text_id = None if guess is None else self._text_id(question, guess)
            kept = self._services.llm_texts.current(question.symbol, text_id)
            facts = None if kept.insight is None else facts_of(kept.insight)
            watermark = None if facts is None else facts.analysis_id
            if watermark is None:
                return Found(facts, None, None)
            if watermark == guess:
                return Found(facts, text_id, kept.text)
            guess = self._watermarks[question.symbol] = watermark

    def _text_id(self, question: Question, watermark: str) -> str:
        engine = self._services.llm_engine(question.provider)
        return engine.text_id(question.symbol, watermark, question.language)


def body(services: Services, text: bytes, served: Served, facts: Facts | None) -> bytes:
    """An `LlmAnswer` as JSON around a text as JSON. `facts` are those of the current insight."""
    head = _head(text)
    gauge = Gauge(services)
    age = max(0, int((gauge.now - head.written_at).total_seconds()))
    behind = f',"served":"{served}","age_seconds":{age},"freshness":'.encode()
    return b"".join((text[:-1], behind, _freshness(gauge, head, facts), b"}"))


def explained_body(services: Services, explained: Explained, facts: Facts | None) -> bytes:
    """An `LlmAnswer` as JSON of what llm_analysis has answered."""
    return body(services, explained.analysis.wire(), explained.served, facts)


def author_of(text: bytes) -> tuple[str, str]:
    """Provider and model of a text as JSON."""
    head = _head(text)
    return head.provider, head.model


@functools.lru_cache(_REMEMBERED)
def facts_of(insight: bytes) -> Facts:
    """Of an insight as JSON. Read by hand: its many indicators need not be validated for five fields."""
    content = json.loads(insight)
    ai = content["ai"] or {}
    return Facts(
        analysis_id=ai.get("analysis_id"),
        as_of=dt.date.fromisoformat(content["as_of"]),
        source=ai.get("source"),
        provisional=content["provisional"],
        simulated=content["simulated"],
    )


class _Head(NamedTuple):
    """What an answer needs of a text."""

    provider: str
    model: str
    written_at: dt.datetime
    as_of: dt.date
    ai_analysis_id: str | None
    simulated: bool


@functools.lru_cache(_REMEMBERED)
def _head(text: bytes) -> _Head:
    """Of a text as JSON."""
    content = json.loads(text)
    return _Head(
        provider=content["provider"],
        model=content["model"],
        written_at=dt.datetime.fromisoformat(content["event_time"]),
        as_of=dt.date.fromisoformat(content["as_of"]),
        ai_analysis_id=content["ai_analysis_id"],
        simulated=content["simulated"],
    )


def _freshness(gauge: Gauge, head: _Head, facts: Facts | None) -> bytes:
    if facts is not None and facts.analysis_id == head.ai_analysis_id:
        found = gauge.of(facts.as_of, facts.source, provisional=facts.provisional, simulated=facts.simulated)
    else:
        found = gauge.of(head.as_of, simulated=head.simulated)
    return found.__pydantic_serializer__.to_json(found)
