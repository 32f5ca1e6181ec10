"""Adapters behind llm_analysis, made once per process at the first event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pybreaker
from pydantic import SecretStr

from functions.llm_analysis.accounts import report
from functions.llm_analysis.anthropic_provider import AnthropicProvider
from functions.llm_analysis.authors import Authors
from functions.llm_analysis.context import Context
from functions.llm_analysis.guarded import Guarded
from functions.llm_analysis.openai_provider import OpenAiProvider
from functions.llm_analysis.provider import Provider
from functions.llm_analysis.service import RETRY_SECONDS, Explainer
from stock_ai.clock import utc_now
from stock_ai.errors import InvalidInputError
from stock_ai.keeping import kept
from stock_ai.llm_engines import engines
from stock_ai.resilience.retrying import Backoff
from stock_ai.settings import (
    CalendarSettings,
    KafkaSettings,
    LlmProviderName,
    LlmSettings,
    MongoSettings,
    RedisSettings,
)
from stock_ai.storage.answers import RedisTexts
from stock_ai.storage.flights import RedisFlights
from stock_ai.storage.insights import RedisInsightStore
from stock_ai.storage.llm_usage import RedisLlmUsage
from stock_ai.storage.mongo import database
from stock_ai.storage.prices import MongoPriceStore
from stock_ai.storage.quality import MongoQualityStore
from stock_ai.storage.recent_outcomes import MongoRecentOutcomes
from stock_ai.storage.redis_client import redis_client
from stock_ai.storage.track_record import MongoTrackRecord
from stock_ai.streaming.publisher import KafkaPublisher

_TRIES: Final = 2
_FAILURES: Final = 3
"""In a row, until a provider is left alone for `_REST_SECONDS`."""
_REST_SECONDS: Final = 60


def providers(settings: LlmSettings) -> Mapping[LlmProviderName, Provider]:
    """The language models whose keys are given. Nothing is connected yet.

    Raises:
        InvalidInputError: one is chosen without its key; the message names both settings.
    """
    for setting, chosen in (("LLM_PROVIDER", settings.provider), ("LLM_FALLBACK", settings.fallback)):
        if chosen is not None and chosen is not LlmProviderName.TEMPLATE and _key(settings, chosen) is None:
            raise InvalidInputError(f"{setting} is {chosen.value}, but {chosen.name}_API_KEY is not set")
    found: dict[LlmProviderName, Provider] = {}
    if (key := settings.anthropic_api_key) is not None:
        found[LlmProviderName.ANTHROPIC] = _guarded(
            AnthropicProvider(key, settings.anthropic_model, settings.anthropic_base_url)
        )
    if (key := settings.openai_api_key) is not None:
        found[LlmProviderName.OPENAI] = _guarded(OpenAiProvider(key, settings.openai_model, settings.openai_base_url))
    return found


@kept
def build() -> Explainer:
    """The service from the environment.

    Raises:
        InvalidInputError: a setting is missing or wrong; the message names it.
        RetryableError: the broker does not answer.
    """
    settings = LlmSettings.load()
    asked = providers(settings)
    client = redis_client(RedisSettings.load())
    stored = database(MongoSettings.load())
    usage = RedisLlmUsage(client, utc_now, settings.daily_budget_usd)
    return Explainer(
        context=Context(
            insights=RedisInsightStore(client),
            bars=MongoPriceStore(stored),
            quality=MongoQualityStore(stored),
            tallies=MongoTrackRecord(stored),
            outcomes=MongoRecentOutcomes(stored),
            calendar=CalendarSettings.load().calendar(),
            clock=utc_now,
        ),
        chain=engines(settings),
        models={name: provider.model for name, provider in asked.items()},
        authors=Authors(asked, usage, _TRIES),
        texts=RedisTexts(client, settings.cache_seconds),
        flights=RedisFlights(client),
        usage=usage,
        publisher=KafkaPublisher(KafkaSettings.load()),
        clock=utc_now,
        report=report,
    )


def _key(settings: LlmSettings, provider: LlmProviderName) -> SecretStr | None:
    return settings.anthropic_api_key if provider is LlmProviderName.ANTHROPIC else settings.openai_api_key


def _guarded(provider: Provider) -> Guarded:
    return Guarded(
        provider,
        Backoff(attempts=_TRIES, longest=RETRY_SECONDS),
        pybreaker.CircuitBreaker(fail_max=_FAILURES, reset_timeout=_REST_SECONDS),
        deadline_seconds=RETRY_SECONDS,
        clock=utc_now,
    )
