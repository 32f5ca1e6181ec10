"""The Redis client of every adapter."""

from __future__ import annotations

import redis

from stock_ai.secrets import reread
from stock_ai.settings import RedisSettings


def redis_client(settings: RedisSettings) -> redis.Redis:
    """A client with a connection pool, shared between threads; it connects at its first command.

    Timeouts are short: whoever waits for Redis is itself waited for, and every write can safely be done again.
    """
    client: redis.Redis = redis.Redis.from_url(
        settings.url.get_secret_value(),
        **({} if settings.password is None else {"password": settings.password.get_secret_value()}),
        socket_connect_timeout=2,
        socket_timeout=5,
        # Whoever waits for a text holds a connection of its own.
        max_connections=400,
        client_name="stock-ai",
        redis_connect_func=_greet,
    )
    return client


def _greet(connection: redis.Connection) -> None:
    try:
        connection.on_connect()  # type: ignore[no-untyped-call]
    except redis.AuthenticationError:
        reread()
        raise
