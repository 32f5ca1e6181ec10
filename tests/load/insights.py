"""A market's insights written and its rows read, on a Redis of its own.

Written: every symbol's new analysis merged, against the same reads and writes of the same bytes without any thought.
Read: all rows, as lists and screens wait for them (6 ms on an idle core), against one HGETALL of the same hash.
"""

from __future__ import annotations

import datetime as dt
import random
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path

import redis

from local.embedded.valkey import ValkeyServer
from stock_ai.merging import history_members, merge
from stock_ai.models import keys
from stock_ai.models.analysis import AiAnalysis, ModelRef
from stock_ai.storage.insights import RedisInsightStore
from stock_ai.storage.market_views import RedisMarketViews
from tests.fakes.messages import NOW, ai_analysis
from tests.load import market
from tests.load.result import Result, paired, seconds

ROUNDS = 7
ROWS_ROUNDS = 20
LIMIT_RATIO = 6.0
LIMIT_ROWS = 4.0
_BATCH = 500


def bench() -> list[Result]:
    """Seconds of an `apply` over those of the bare reads and writes, and those of `rows` over those of an HGETALL."""
    with ExitStack() as stack:
        server = stack.enter_context(ValkeyServer(Path(stack.enter_context(tempfile.TemporaryDirectory()))))
        client = stack.enter_context(redis.Redis.from_url(server.address))
        store = RedisInsightStore(client)
        store.apply(_session(0))
        ours, bare = [], []
        for day in range(1, ROUNDS + 1):
            analyses = _session(day)
            written = [_bytes(analysis) for analysis in analyses]
            ours.append(seconds(lambda analyses=analyses: store.apply(analyses)))
            bare.append(seconds(lambda written=written: _write(client, written)))
        # A view of its own each time, since one reads a version once only.
        rows, bare_rows = paired(
            lambda: seconds(lambda: RedisMarketViews(client).rows()),
            lambda: seconds(lambda: client.hgetall(keys.MARKET_ROWS)),
            ROWS_ROUNDS,
        )
        assert len(RedisMarketViews(client).rows().rows) == market.SYMBOLS
    measured, baseline = statistics.median(ours), statistics.median(bare)
    return [
        Result("insights_apply", measured / baseline, LIMIT_RATIO, "s", baseline, measured, higher_is_better=False),
        Result("market_rows", rows / bare_rows, LIMIT_ROWS, "s", bare_rows, rows, higher_is_better=False),
    ]


def _session(day: int) -> list[AiAnalysis]:
    """An analysis of each symbol, with as many indicators as a real one."""
    chance = random.Random(day)
    indicators = {f"indicator_{number}": chance.uniform(0, 1e5) for number in range(60)}
    figures = {"roc_1": 1.25, "traded_value_20": 1.5e11, "volume_ratio_20": 1.5, "sma_50": 1e5, "position_52w": 0.5}
    model = ModelRef(name="bench", version="1", trained_until=dt.date(2025, 1, 1), proven_skill=False)
    made = NOW + dt.timedelta(days=day)
    return [
        ai_analysis(name, f"{name}-{day:028}", made, indicators=indicators | figures, model=model)
        for name in map(market.name, range(market.SYMBOLS))
    ]


def _bytes(analysis: AiAnalysis) -> tuple[str, bytes, dict[bytes, int]]:
    return analysis.symbol, merge(None, analysis).wire(), history_members([analysis])


def _write(client: redis.Redis, written: list[tuple[str, bytes, dict[bytes, int]]]) -> None:
    for start in range(0, len(written), _BATCH):
        batch = written[start : start + _BATCH]
        with client.pipeline(transaction=False) as pipeline:
            for symbol, _, _ in batch:
                pipeline.get(f"bare:{keys.insight(symbol)}")
            pipeline.execute()
        with client.pipeline(transaction=False) as pipeline:
            for symbol, value, members in batch:
                pipeline.set(f"bare:{keys.insight(symbol)}", value)
                pipeline.zadd(f"bare:{keys.history(symbol)}", members)
            pipeline.execute()
