"""Explains the current analysis of one symbol in words."""

from __future__ import annotations

from typing import Protocol

from functions.llm_analysis import phrases
from functions.llm_analysis.facts import FactSheet, fact_sheet
from functions.llm_analysis.provider import Draft, Provider
from stock_ai.clock import Clock
from stock_ai.errors import InvalidInputError, NotFoundError, RetryableError
from stock_ai.market.symbols import is_symbol
from stock_ai.models import Language, LlmAnalysis, topics
from stock_ai.observability import logger
from stock_ai.ports import InsightStore, Publisher

_TRIES = 2


class AnswerCache(Protocol):
    """Answers kept for a while."""

    def get(self, symbol: str, fingerprint: str) -> LlmAnalysis | None:
        """The kept answer, or None.

        Raises:
            RetryableError: the cache is away.
        """

    def put(self, fingerprint: str, answer: LlmAnalysis) -> None:
        """Keep an answer.

        Raises:
            RetryableError: the cache is away.
        """


class Explainer:
    """Finds or makes the text about one symbol; a new one is published before it is kept and returned.

    `fallback` writes when `provider` gives no usable answer twice. It must always give one.
    """

    def __init__(
        self,
        insights: InsightStore,
        provider: Provider,
        fallback: Provider,
        cache: AnswerCache,
        publisher: Publisher,
        clock: Clock,
    ) -> None:
        self._insights = insights
        self._provider = provider
        self._fallback = fallback
        self._cache = cache
        self._publisher = publisher
        self._clock = clock

    def explain(self, symbol: str, language: Language) -> LlmAnalysis:
        """The text about the current analysis of `symbol`.

        Raises:
            NotFoundError: the symbol has not been analysed.
            RetryableError: the provider, Redis or Kafka is away.
            RunAbortedError: the provider refuses this installation.
        """
        insight = self._insights.get(symbol)
        if insight is None or insight.ai is None:
            raise NotFoundError(f"symbol {symbol} has no analysis to explain")
        sheet = fact_sheet(insight.ai)
        answer = self._answer(self._provider, sheet, language, _TRIES)
        if answer is None:
            logger.warning("no usable answer, the template writes", extra={"provider": self._provider.name})
            answer = self._answer(self._fallback, sheet, language, 1)
        if answer is None:
            raise RetryableError(f"provider {self._fallback.name} gave no usable answer about {symbol}")
        return answer

    def _answer(self, provider: Provider, sheet: FactSheet, language: Language, tries: int) -> LlmAnalysis | None:
        fingerprint = sheet.fingerprint(provider.prompt_version, provider.name, provider.model, language.value)
        kept = self._cache.get(sheet.symbol, fingerprint)
        if kept is not None:
            return kept
        for _ in range(tries):
            draft = provider.write(sheet, language)
            if draft is not None:
                answer = self._analysis(draft, provider, sheet, language, fingerprint)
                # Published first: an answer that is kept has surely been sent.
                self._publisher.publish(topics.LLM_ANALYSIS_RESULTS, sheet.symbol, answer.wire())
                self._publisher.flush()
                self._cache.put(fingerprint, answer)
                return answer
        return None

    def _analysis(
        self, draft: Draft, provider: Provider, sheet: FactSheet, language: Language, fingerprint: str
    ) -> LlmAnalysis:
        # Said by rule and not left to the provider.
        note = f"{phrases.SIMULATED[language]} " if sheet.simulated else ""
        return LlmAnalysis(
            analysis_id=fingerprint,
            symbol=sheet.symbol,
            event_time=self._clock(),
            as_of=sheet.as_of,
            ai_analysis_id=sheet.analysis_id,
            provider=provider.name,
            model=provider.model,
            prompt_version=provider.prompt_version,
            language=language,
            summary=note + draft.summary,
            drivers=draft.drivers,
            risks=draft.risks,
            stance=draft.stance,
            disclaimer=phrases.disclaimer(provider.name, language, sheet.simulated),
            simulated=sheet.simulated,
        )


def parse_symbol(value: object) -> str:
    """The symbol named by `value`, in upper case.

    Raises:
        InvalidInputError: it has not the form of a symbol.
    """
    symbol = value.upper() if isinstance(value, str) and value.isascii() else ""
    if not is_symbol(symbol):
        raise InvalidInputError(f"symbol {value!r} is not a symbol such as FPT or VNINDEX")
    return symbol


def parse_language(value: object) -> Language:
    """The language named by `value`.

    Raises:
        InvalidInputError: it is none of ours.
    """
    try:
        return Language(str(value))
    except ValueError:
        choices = ", ".join(sorted(Language))
        raise InvalidInputError(f"language {value!r} is not one of {choices}") from None
