"""Errors of Redis as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis

from stock_ai.errors import RetryableError


@contextmanager
def translated() -> Iterator[None]:
    """Turn any error of Redis inside into one of ours, which never shows the URL.

    Raises:
        RetryableError: Redis is away, busy or refused the command.
    """
    try:
        yield
    except redis.RedisError as error:
        raise RetryableError(f"Redis: {type(error).__name__}") from error
