"""The market's rows and the stream of changes, in Redis. All but the stream can be rebuilt from MongoDB."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, cast

import redis
from pydantic_core import from_json

from stock_ai.errors import InvalidInputError
from stock_ai.market_view import row
from stock_ai.merging import version
from stock_ai.models import keys
from stock_ai.models.insight import Insight
from stock_ai.models.market_view import InsightChange, MarketRow, MarketRows
from stock_ai.storage.redis_errors import translated

CHANGES_KEPT: Final = 10_000
"""About so many changes are kept, the newest: six times the market."""
FIRST_CHANGE: Final = "0-0"
"""Below every id of a change."""

_CHANGE_ID = re.compile(r"\d{1,19}-\d{1,19}")

# A row never gives way to an earlier version, which a slower writer of the same insight may still hold. Versions are
# compared byte by byte: `<` of Lua goes by the locale of the server. What is equal counts as known.
_UPDATE = """
local function is_newer(one, other)
  for at = 1, math.min(#one, #other) do
    local a, b = one:byte(at), other:byte(at)
    if a ~= b then return a > b end
  end
  return #one > #other
end
local changed = 0
for at = 3, #ARGV, 3 do
  local known = redis.call('HGET', KEYS[1], ARGV[at])
  local row = ARGV[at + 1]
  if not known or is_newer(row:match('^%["([^"]*)"'), known:match('^%["([^"]*)"')) then
    redis.call('HSET', KEYS[1], ARGV[at], row)
    if ARGV[1] == '1' then
      redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[2], '*', 'change', ARGV[at + 2])
    end
    changed = changed + 1
  end
end
if changed > 0 then
  local now = redis.call('TIME')
  local version = math.max(now[1] * 1000000 + now[2], (tonumber(redis.call('GET', KEYS[2]) or '0')) + 1)
  redis.call('SET', KEYS[2], string.format('%.0f', version))
end
return changed
"""

# One string is read sooner than 1,577, and none where the reader has the version.
_READ = """
local version = redis.call('GET', KEYS[2]) or ''
if version == ARGV[1] then return {version} end
return {version, table.concat(redis.call('HVALS', KEYS[1]), ',')}
"""
_FIXED_ARGUMENTS = 2
_KEYS = [keys.MARKET_ROWS, keys.MARKET_VERSION, keys.MARKET_CHANGES]


class Change(NamedTuple):
    """An entry of the stream of changes."""

    id: str
    """To go on from, e.g. as Last-Event-ID."""
    change: InsightChange


class RedisMarketViews:
    """The rows of all symbols, kept beside the insights. Implements `stock_ai.ports.MarketReader`."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._update = client.register_script(_UPDATE)
        self._read = client.register_script(_READ)
        self._last = MarketRows(None, ())

    def update(self, insights: Sequence[Insight], announce: bool) -> int:
        """Write the rows of insights that are newer than those that are there; how many. Idempotent, in any order.

        `announce` adds each of them to the stream of changes.

        Raises:
            RetryableError: Redis is away.
        """
        if not insights:
            return 0
        with translated():
            known = cast(
                "list[bytes | None]", self._redis.hmget(keys.MARKET_ROWS, [insight.symbol for insight in insights])
            )
            arguments: list[bytes | str | int] = [int(announce), CHANGES_KEPT]
            for insight, before in zip(insights, known, strict=True):
                if before is None or not before.startswith(f'["{version(insight)}"'.encode()):
                    arguments += [insight.symbol, row(insight).wire(), _change(insight)]
            return cast("int", self._update(_KEYS, arguments)) if len(arguments) > _FIXED_ARGUMENTS else 0

    def rows(self) -> MarketRows:
        """See `MarketReader.rows`. Those of the version that was read last are given again without being read.

        Raises:
            RetryableError: Redis is away.
        """
        last = self._last
        with translated():
            found, *joined = cast("list[bytes]", self._read(_KEYS[:2], [last.version or "none"]))
        if not joined:
            return last
        rows = sorted(map(MarketRow.of, from_json(b"[" + joined[0] + b"]")), key=lambda row: row.symbol)
        self._last = MarketRows(found.decode() or None, tuple(rows))
        return self._last

    @property
    def last_read(self) -> MarketRows:
        """What `rows` gave last, for when Redis is away; no rows before the first read."""
        return self._last

    def version(self) -> str | None:
        """That of `rows` alone: whether anything has changed, in one small read.

        Raises:
            RetryableError: Redis is away.
        """
        with translated():
            found = cast("bytes | None", self._redis.get(keys.MARKET_VERSION))
        return None if found is None else found.decode()

    def last_change(self) -> str:
        """The id of the newest change, to wait from there; `FIRST_CHANGE` where there is none.

        Raises:
            RetryableError: Redis is away.
        """
        with translated():
            newest = cast("list[tuple[bytes, Any]]", self._redis.xrevrange(keys.MARKET_CHANGES, count=1))
        return newest[0][0].decode() if newest else FIRST_CHANGE

    def changes(self, after: str, limit: int, wait_ms: int) -> list[Change]:
        """The first `limit` changes after the one called `after`, oldest first; of those dropped since nothing is said.

        Where there is none yet it waits for one, `wait_ms` at most and less than the client's timeout of 5 s.

        Raises:
            InvalidInputError: `after` has not the form of an id.
            RetryableError: Redis is away.
        """
        if not _CHANGE_ID.fullmatch(after):
            raise InvalidInputError(f"Last-Event-ID: {after[:40]!r} is no id of a change")
        with translated():
            # To Redis a BLOCK of 0 is for ever.
            answer = self._redis.xread({keys.MARKET_CHANGES: after}, count=limit, block=wait_ms or None)
        # By name under RESP3, pairs of name and entries under RESP2.
        streams = dict(cast("Any", answer or ())).values()
        return [
            Change(entry_id.decode(), InsightChange.model_validate_json(fields[b"change"]))
            for entries in streams
            for entry_id, fields in entries
        ]

    def clear(self) -> None:
        """Remove every row. The stream stays: it tells what has happened.

        Raises:
            RetryableError: Redis is away.
        """
        with translated():
            self._redis.delete(keys.MARKET_ROWS, keys.MARKET_VERSION)


def _change(insight: Insight) -> bytes:
    change = InsightChange(
        symbol=insight.symbol, event_time=insight.event_time, signal=insight.signal, confidence=insight.confidence
    )
    return change.wire()
