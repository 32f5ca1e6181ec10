"""How many requests one client may make in a minute, whichever processes answer them.

A process counts for itself and tells Redis now and then, in one round trip: at a client's first request of a minute,
after a twentieth of what it may make, and after a second. So most requests wait for nothing, and a client that several
processes serve gets at most a twentieth more from each. While Redis is away each process counts alone.

Told as the fields RateLimit and RateLimit-Policy of the IETF's draft, which since its eighth version stand in the place
of RateLimit-Limit, -Remaining and -Reset: the policy names its window, so that no client has to guess it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from api.services import RequestCounts
from stock_ai.errors import RetryableError
from stock_ai.models import keys

if TYPE_CHECKING:
    import redis

WINDOW_SECONDS: Final = 60
_TELL_SECONDS: Final = 1.0
_TELL_SHARE: Final = 20
_MOST_CLIENTS: Final = 50_000
"""Of one minute, in memory: beyond them the counting begins anew."""


class Usage(NamedTuple):
    """What a client has left of the present minute."""

    left: int
    """Requests after this one; -1 where this one is too many."""
    reset_seconds: int
    """Until the next minute."""
    due: bool
    """Whether the others should be told of the client now."""


@dataclass(slots=True)
class _Client:
    here: int = 0
    """Counted by this process."""
    elsewhere: int = 0
    told: int = 0
    due: float = 0.0


_NOBODY: Final = _Client(due=float("inf"))
"""Whose minute has just ended."""


class RequestLimit:
    """Counts the requests of each client in minutes of the clock. For one event loop."""

    def __init__(
        self, per_minute: int, counts: Callable[[], RequestCounts], now: Callable[[], float] = time.time
    ) -> None:
        self.per_minute = per_minute
        self._counts = counts
        self._now = now
        self._share = max(1, per_minute // _TELL_SHARE)
        self._window = -1
        self._clients: dict[str, _Client] = {}

    def count(self, name: str) -> Usage:
        """Count one request of a client, by what this process knows."""
        now = self._now()
        window = int(now) // WINDOW_SECONDS
        if window != self._window or len(self._clients) > _MOST_CLIENTS:
            self._window = window
            self._clients.clear()
        client = self._clients.get(name)
        if client is None:
            client = self._clients[name] = _Client()
        client.here += 1
        return self._usage(client, now)

    def usage(self, name: str) -> Usage:
        """What a client that was counted has left."""
        return self._usage(self._clients.get(name, _NOBODY), self._now())

    def _usage(self, client: _Client, now: float) -> Usage:
        left = self.per_minute - client.here - client.elsewhere
        # One that is over its limit needs no telling.
        due = (left >= 0 or not client.told) and (client.here - client.told >= self._share or now >= client.due)
        return Usage(max(left, -1), WINDOW_SECONDS - int(now) % WINDOW_SECONDS, due)

    def tell(self, name: str) -> None:
        """Add what is untold of a client to the common count, and learn what the others have counted; may block."""
        window, client = self._window, self._clients.get(name)
        if client is None:
            return
        untold = client.here - client.told
        # At once, so that no other request tells the same.
        client.told += untold
        client.due = self._now() + _TELL_SECONDS
        try:
            total = self._counts().add(f"{window}:{name}", untold, 2 * WINDOW_SECONDS)
        except RetryableError:
            return
        client.elsewhere = max(0, total - client.told)


class RedisRequestCounts:
    """Implements `api.services.RequestCounts`.

    Not by the `limits` library: INCRBY does it, and its import of 30 ms would come at every cold start.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def add(self, name: str, by: int, seconds: int) -> int:
        """See `RequestCounts.add`."""
        from stock_ai.storage.redis_errors import translated

        key = keys.requests(name)
        with translated(), self._redis.pipeline(transaction=False) as pipeline:
            pipeline.incrby(key, by)
            pipeline.expire(key, seconds)
            return cast("int", pipeline.execute()[0])
