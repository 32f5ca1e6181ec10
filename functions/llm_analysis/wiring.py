"""Adapters behind llm_analysis, made once per process at the first event."""

from __future__ import annotations

from functions.llm_analysis.anthropic_provider import AnthropicProvider
from functions.llm_analysis.provider import Provider
from functions.llm_analysis.service import Explainer
from functions.llm_analysis.template import TemplateProvider
from stock_ai.clock import utc_now
from stock_ai.keeping import kept
from stock_ai.settings import KafkaSettings, LlmSettings, RedisSettings
from stock_ai.storage.answers import RedisAnswerCache
from stock_ai.storage.insights import RedisInsightStore
from stock_ai.storage.redis_client import redis_client
from stock_ai.streaming.publisher import KafkaPublisher


def providers(settings: LlmSettings) -> tuple[Provider, Provider]:
    """Who writes, and who writes when that one fails: a language model where there is a key, else the template."""
    if settings.anthropic_api_key is None:
        return TemplateProvider(), TemplateProvider()
    model = settings.anthropic_model
    return AnthropicProvider(settings.anthropic_api_key, model), TemplateProvider(instead_of=model)


@kept
def build() -> Explainer:
    """The service from the environment.

    Raises:
        InvalidInputError: a setting is missing or wrong; the message names it.
    """
    settings = LlmSettings.load()
    client = redis_client(RedisSettings.load())
    provider, fallback = providers(settings)
    return Explainer(
        insights=RedisInsightStore(client),
        provider=provider,
        fallback=fallback,
        cache=RedisAnswerCache(client, settings.cache_seconds),
        publisher=KafkaPublisher(KafkaSettings.load()),
        clock=utc_now,
    )
