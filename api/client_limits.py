"""How often one client may have a text written, counted in Redis for all processes of the API together."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from api.problems import ClientLimitError

if TYPE_CHECKING:
    import redis

_KEYS = "llm:asked"


class ClientLimit:
    """Implements `api.services.LlmLimit`: at most `per_minute` (0: no limit) within any sixty seconds."""

    def __init__(self, client: redis.Redis, per_minute: int) -> None:
        self._per_minute = per_minute
        if per_minute:
            # 30 ms that only a text that is still to be written should pay.
            from limits import RateLimitItemPerMinute
            from limits.storage import RedisStorage
            from limits.strategies import MovingWindowRateLimiter

            storage = RedisStorage("redis://", connection_pool=client.connection_pool, key_prefix=_KEYS)
            self._window = MovingWindowRateLimiter(storage)
            self._item = RateLimitItemPerMinute(per_minute)

    def admit(self, client: str) -> None:
        """See `LlmLimit.admit`."""
        if not self._per_minute:
            return
        from stock_ai.storage.redis_errors import translated

        with translated():
            if self._window.hit(self._item, client):
                return
            reset = self._window.get_window_stats(self._item, client).reset_time
        raise ClientLimitError(
            f"at most {self._per_minute} new explanations a minute; those that are written already are free",
            math.ceil(max(reset - time.time(), 1)),
        )
