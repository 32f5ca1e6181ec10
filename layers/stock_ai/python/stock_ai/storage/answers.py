"""Answers of the language model in Redis, reused while their facts have not changed."""

from __future__ import annotations

import redis

from stock_ai.errors import RetryableError
from stock_ai.models import LlmAnalysis, keys


class RedisAnswerCache:
    """Answers by symbol and fingerprint. Each is forgotten after `expire_seconds`."""

    def __init__(self, client: redis.Redis, expire_seconds: int) -> None:
        self._client = client
        self._expire_seconds = expire_seconds

    def get(self, symbol: str, fingerprint: str) -> LlmAnalysis | None:
        """The kept answer, or None.

        Raises:
            RetryableError: Redis is away.
        """
        try:
            kept = self._client.get(keys.llm_answer(symbol, fingerprint))
        except redis.RedisError as error:
            raise RetryableError(f"redis: {type(error).__name__}") from error
        return None if kept is None else LlmAnalysis.model_validate_json(kept)

    def put(self, fingerprint: str, answer: LlmAnalysis) -> None:
        """Keep `answer`.

        Raises:
            RetryableError: Redis is away.
        """
        try:
            self._client.set(
                keys.llm_answer(answer.symbol, fingerprint), answer.model_dump_json(), ex=self._expire_seconds
            )
        except redis.RedisError as error:
            raise RetryableError(f"redis: {type(error).__name__}") from error
