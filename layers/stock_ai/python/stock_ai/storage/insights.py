"""Current insights, their history and the market's rows, in Redis. It can be rebuilt from the analyses in MongoDB."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import redis

from stock_ai.errors import RetryableError
from stock_ai.merging import (
    HISTORY_LENGTH,
    history_members,
    history_page,
    merge,
    milliseconds,
    restated,
    to_millisecond,
)
from stock_ai.models import keys
from stock_ai.models.analysis import AiAnalysis
from stock_ai.models.insight import HistoryPage, HistoryPosition, Insight
from stock_ai.models.llm import LlmAnalysis
from stock_ai.storage.market_views import RedisMarketViews
from stock_ai.storage.redis_errors import translated

_BATCH = 500
_ATTEMPTS = 20
_SCAN_COUNT = 1_000

# Two mappings write the same insight at once, one its AI part and one its text. A missing insight is expected as "".
_COMPARE_AND_SET = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""


class RedisInsightStore:
    """Implements `stock_ai.ports.InsightStore`. Keys are those of `stock_ai.models.keys`."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._views = RedisMarketViews(client)
        self._compare_and_set = client.register_script(_COMPARE_AND_SET)

    def apply(self, analyses: Iterable[AiAnalysis | LlmAnalysis]) -> int:
        """See `InsightStore.apply`. Idempotent, in any order, beside other writers.

        Raises:
            RetryableError: Redis is away, or others changed the same insights again and again.
        """
        return self._apply(analyses, announce=True)

    def rebuild(self, analyses: Iterable[AiAnalysis | LlmAnalysis]) -> int:
        """See `InsightStore.rebuild`.

        Raises:
            RetryableError: as `apply`; what there was is gone, and doing it again is safe.
        """
        with translated():
            for pattern in (keys.insight("*"), keys.history("*")):
                found = self._redis.scan_iter(match=pattern, count=_SCAN_COUNT)
                while names := list(itertools.islice(found, _SCAN_COUNT)):
                    self._each("UNLINK", names)
        self._views.clear()
        return self._apply(analyses, announce=False)

    def get(self, symbol: str) -> Insight | None:
        """See `InsightReader.get`."""
        return self.get_many([symbol]).get(symbol)

    def get_many(self, symbols: Sequence[str]) -> dict[str, Insight]:
        """See `InsightReader.get_many`."""
        with translated():
            return {symbol: _parsed(value) for symbol, value in self._read(symbols).items() if value is not None}

    def history(self, symbol: str, limit: int, before: HistoryPosition | None = None) -> HistoryPage:
        """See `InsightReader.history`."""
        newest = "+inf" if before is None else milliseconds(before.event_time)
        with translated():
            found = cast(
                "list[tuple[bytes, float]]",
                self._redis.zrevrangebyscore(keys.history(symbol), newest, "-inf", withscores=True),
            )
        return history_page({member: int(score) for member, score in found}, limit, before)

    def count(self) -> int:
        """Symbols with a current insight."""
        with translated():
            return sum(1 for _ in self._redis.scan_iter(match=keys.insight("*"), count=_SCAN_COUNT))

    def _apply(self, analyses: Iterable[AiAnalysis | LlmAnalysis], *, announce: bool) -> int:
        pending = iter(analyses)
        changed: set[str] = set()
        while batch := [to_millisecond(analysis) for analysis in itertools.islice(pending, _BATCH)]:
            by_symbol: dict[str, list[AiAnalysis | LlmAnalysis]] = {}
            for analysis in batch:
                by_symbol.setdefault(analysis.symbol, []).append(analysis)
            with translated():
                self._record_history(by_symbol)
                current, written = self._merge(by_symbol)
            changed |= written
            # Also the rows of what did not change: whoever wrote that may have died before its row.
            self._views.update(list(current.values()), announce)
        return len(changed)

    def _read(self, symbols: Sequence[str]) -> Mapping[str, bytes | None]:
        values = self._each("GET", [keys.insight(symbol) for symbol in symbols])
        return dict(zip(symbols, values, strict=True))

    def _each(self, command: str, names: Sequence[str | bytes]) -> list[Any]:
        """One command per key: a cluster, as ElastiCache Serverless is one, refuses several keys in one."""
        with self._redis.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.execute_command(command, name)  # type: ignore[no-untyped-call]
            return pipeline.execute()

    def _record_history(self, by_symbol: Mapping[str, Sequence[AiAnalysis | LlmAnalysis]]) -> None:
        with self._redis.pipeline(transaction=False) as pipeline:
            for symbol, analyses in by_symbol.items():
                # LT: an analysis that is made again keeps the time at which it was first made.
                pipeline.zadd(keys.history(symbol), history_members(analyses), lt=True)
                pipeline.zremrangebyrank(keys.history(symbol), 0, -HISTORY_LENGTH - 1)
            pipeline.execute()

    def _merge(
        self, by_symbol: Mapping[str, Sequence[AiAnalysis | LlmAnalysis]]
    ) -> tuple[dict[str, Insight], set[str]]:
        """Merge into the insights, again for those that another writer changed meanwhile.

        Returns the insights as they then are, and the symbols whose insight was changed.
        """
        waiting = dict(by_symbol)
        insights: dict[str, Insight] = {}
        changed: set[str] = set()
        for _ in range(_ATTEMPTS):
            current = self._read(list(waiting))
            writes: dict[str, bytes] = {}
            for symbol, analyses in waiting.items():
                insights[symbol], value = _merged(current[symbol], analyses)
                if value != current[symbol]:
                    writes[symbol] = value
            with self._redis.pipeline(transaction=False) as pipeline:
                for symbol, value in writes.items():
                    self._compare_and_set([keys.insight(symbol)], [current[symbol] or b"", value], client=pipeline)
                results = dict(zip(writes, pipeline.execute(), strict=True))
            changed |= {symbol for symbol, done in results.items() if done}
            waiting = {symbol: waiting[symbol] for symbol, done in results.items() if not done}
            if not waiting:
                return insights, changed
        raise RetryableError(f"Redis: {len(waiting)} insights, {next(iter(waiting))} first, changed at every attempt")


def _parsed(value: bytes) -> Insight:
    return restated(Insight.model_validate_json(value))


def _merged(current: bytes | None, analyses: Iterable[AiAnalysis | LlmAnalysis]) -> tuple[Insight, bytes]:
    before = None if current is None else Insight.model_validate_json(current)
    insight = None if before is None else restated(before)
    for analysis in analyses:
        insight = merge(insight, analysis)
    assert insight is not None  # noqa: S101 - there is at least one analysis
    # What did not change keeps its bytes.
    return insight, current if insight is before and current is not None else insight.wire()
