"""Current insights and their history, in Redis. All of it can be rebuilt from the analyses in MongoDB."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast

import redis

from stock_ai.errors import RetryableError
from stock_ai.merging import history_entry, merge, to_millisecond
from stock_ai.models import AiAnalysis, HistoryEntry, Insight, LlmAnalysis, keys

HISTORY_LENGTH: Final = 500
"""Entries kept per symbol, the newest."""

_BATCH = 500
_ATTEMPTS = 20
_SCAN_COUNT = 1_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

# Two mappings write the same insight at once, one its AI part and one its text. A missing insight is expected as "".
_COMPARE_AND_SET = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        raise RetryableError(f"Redis: {type(error).__name__}") from error


class RedisInsightStore:
    """Implements `stock_ai.ports.InsightStore`. Keys are those of `stock_ai.models.keys`."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._compare_and_set = client.register_script(_COMPARE_AND_SET)

    def apply(self, analyses: Iterable[AiAnalysis | LlmAnalysis]) -> int:
        """See `InsightStore.apply`. Idempotent, in any order, beside other writers.

        Raises:
            RetryableError: Redis is away, or others changed the same insights again and again.
        """
        pending = iter(analyses)
        changed: set[str] = set()
        with _translated():
            while batch := [to_millisecond(analysis) for analysis in itertools.islice(pending, _BATCH)]:
                self._record_history(batch)
                changed |= self._merge(batch)
        return len(changed)

    def get(self, symbol: str) -> Insight | None:
        """See `InsightStore.get`."""
        return self.get_many([symbol]).get(symbol)

    def get_many(self, symbols: Sequence[str]) -> dict[str, Insight]:
        """See `InsightStore.get_many`."""
        with _translated():
            return {
                symbol: Insight.model_validate_json(value)
                for symbol, value in self._read(symbols).items()
                if value is not None
            }

    def history(self, symbol: str, limit: int) -> Sequence[tuple[dt.datetime, HistoryEntry]]:
        """See `InsightStore.history`."""
        if limit < 1:
            return []
        with _translated():
            found = cast(
                "list[tuple[bytes, float]]", self._redis.zrevrange(keys.history(symbol), 0, limit - 1, withscores=True)
            )
        return [
            (_EPOCH + dt.timedelta(milliseconds=score), HistoryEntry.model_validate_json(member))
            for member, score in found
        ]

    def count(self) -> int:
        """Symbols with a current insight."""
        with _translated():
            return sum(1 for _ in self._redis.scan_iter(match=keys.insight("*"), count=_SCAN_COUNT))

    def clear(self) -> None:
        """See `InsightStore.clear`."""
        with _translated():
            for pattern in (keys.insight("*"), keys.history("*")):
                found = self._redis.scan_iter(match=pattern, count=_SCAN_COUNT)
                while names := list(itertools.islice(found, _SCAN_COUNT)):
                    self._each("UNLINK", names)

    def _read(self, symbols: Sequence[str]) -> Mapping[str, bytes | None]:
        values = self._each("GET", [keys.insight(symbol) for symbol in symbols])
        return dict(zip(symbols, values, strict=True))

    def _each(self, command: str, names: Sequence[str | bytes]) -> list[Any]:
        """One command per key: a cluster, as ElastiCache Serverless is one, refuses several keys in one."""
        with self._redis.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.execute_command(command, name)  # type: ignore[no-untyped-call]
            return pipeline.execute()

    def _record_history(self, analyses: Iterable[AiAnalysis | LlmAnalysis]) -> None:
        entries: dict[str, dict[str, int]] = {}
        for analysis in analyses:
            scores = entries.setdefault(analysis.symbol, {})
            member = history_entry(analysis).model_dump_json()
            score = _milliseconds(analysis.event_time)
            scores[member] = min(score, scores.get(member, score))
        with self._redis.pipeline(transaction=False) as pipeline:
            for symbol, scores in entries.items():
                # LT: an analysis that is made again keeps the time at which it was first made.
                pipeline.zadd(keys.history(symbol), scores, lt=True)
                pipeline.zremrangebyrank(keys.history(symbol), 0, -HISTORY_LENGTH - 1)
            pipeline.execute()

    def _merge(self, analyses: Iterable[AiAnalysis | LlmAnalysis]) -> set[str]:
        """Merge into the insights, again for those that another writer changed meanwhile; the symbols that changed."""
        waiting: dict[str, list[AiAnalysis | LlmAnalysis]] = {}
        for analysis in analyses:
            waiting.setdefault(analysis.symbol, []).append(analysis)
        changed: set[str] = set()
        for _ in range(_ATTEMPTS):
            current = self._read(list(waiting))
            wanted = {symbol: _merged(current[symbol], parts) for symbol, parts in waiting.items()}
            writes = {symbol: value for symbol, value in wanted.items() if value != current[symbol]}
            with self._redis.pipeline(transaction=False) as pipeline:
                for symbol, value in writes.items():
                    self._compare_and_set([keys.insight(symbol)], [current[symbol] or b"", value], client=pipeline)
                results = dict(zip(writes, pipeline.execute(), strict=True))
            changed |= {symbol for symbol, done in results.items() if done}
            waiting = {symbol: waiting[symbol] for symbol, done in results.items() if not done}
            if not waiting:
                return changed
        raise RetryableError(f"Redis: {len(waiting)} insights, {next(iter(waiting))} first, changed at every attempt")


def _merged(current: bytes | None, analyses: Iterable[AiAnalysis | LlmAnalysis]) -> bytes:
    before = None if current is None else Insight.model_validate_json(current)
    insight = before
    for analysis in analyses:
        insight = merge(insight, analysis)
    # What did not change keeps its bytes, also those of an earlier release.
    if insight is before and current is not None:
        return current
    assert insight is not None  # noqa: S101 - there is at least one analysis
    return insight.wire()


def _milliseconds(instant: dt.datetime) -> int:
    return (instant - _EPOCH) // dt.timedelta(milliseconds=1)
