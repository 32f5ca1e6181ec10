"""Explanations in Redis: those whose facts may still hold, and the newest of each symbol and language."""

from __future__ import annotations

from typing import Final, NamedTuple, cast

import redis

from stock_ai.models import keys
from stock_ai.models.llm import Language, LlmAnalysis
from stock_ai.storage.redis_errors import translated

LATEST_SECONDS: Final = 7 * 24 * 3600
"""How long the newest text of a symbol is kept: it is served, with its age, while every provider is away."""


class Current(NamedTuple):
    """What is kept about a symbol, as JSON and unread: whoever passes it on need not parse it."""

    insight: bytes | None
    text: bytes | None
    """The text that was asked for."""


class RedisTexts:
    """Texts by symbol and id. A text is forgotten after `expire_seconds`, the newest of a symbol after a week.

    Every call raises `RetryableError` when Redis is away.
    """

    def __init__(self, client: redis.Redis, expire_seconds: int) -> None:
        self._redis = client
        self._expire_seconds = expire_seconds

    def get(self, symbol: str, text_id: str) -> LlmAnalysis | None:
        """The text called `text_id`, or None."""
        return _parsed(*self._read(keys.llm_text(symbol, text_id)))

    def latest(self, symbol: str, language: Language) -> LlmAnalysis | None:
        """The newest text about `symbol` in that language, whatever it was made from, or None."""
        return _parsed(*self._read(keys.llm_latest(symbol, language)))

    def current(self, symbol: str, text_id: str | None = None) -> Current:
        """The insight of `symbol` and its text called `text_id`, by one round trip."""
        names = [keys.insight(symbol)] + ([] if text_id is None else [keys.llm_text(symbol, text_id)])
        insight, text = (*self._read(*names), None)[:2]
        return Current(insight, text)

    def put(self, text: LlmAnalysis, latest: bool) -> None:
        """Keep a text under its `analysis_id`; with `latest` also as the newest of its symbol and language."""
        value = text.wire()
        with translated(), self._redis.pipeline(transaction=False) as pipeline:
            pipeline.set(keys.llm_text(text.symbol, text.analysis_id), value, ex=self._expire_seconds)
            if latest:
                pipeline.set(keys.llm_latest(text.symbol, text.language), value, ex=LATEST_SECONDS)
            pipeline.execute()

    def _read(self, *names: str) -> list[bytes | None]:
        # GET in a pipeline and not MGET: a cluster, as ElastiCache Serverless is one, refuses several keys in one.
        with translated(), self._redis.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.get(name)
            return cast("list[bytes | None]", pipeline.execute())


def _parsed(value: bytes | None) -> LlmAnalysis | None:
    return None if value is None else LlmAnalysis.model_validate_json(value)
