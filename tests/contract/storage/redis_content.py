"""What Redis holds of the market, byte for byte."""

from __future__ import annotations

from typing import Any

import redis

from stock_ai.models import keys

_COUNTS = {keys.MARKET_VERSION.encode(), keys.MARKET_CHANGES.encode()}
"""They tell when and how often something changed, and so differ by the order of arrival."""


def content(client: redis.Redis) -> dict[bytes, Any]:
    """Every key with its bytes, but for those that count changes."""
    return {key: _value(client, key) for key in sorted(client.keys("*")) if key not in _COUNTS}


def _value(client: redis.Redis, key: bytes) -> Any:
    kind = client.type(key)
    if kind == b"string":
        return client.get(key)
    if kind == b"hash":
        return client.hgetall(key)
    return client.zrange(key, 0, -1, withscores=True)
