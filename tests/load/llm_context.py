"""The facts about one symbol, gathered from warm stores: an embedded MongoDB and Redis with a year of signals."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from pymongo import MongoClient
from redis import Redis

from local.embedded.mongodb import MongoServer
from local.embedded.valkey import ValkeyServer
from tests.fakes.real_context import SYMBOL, filled
from tests.load import market
from tests.load.result import Result, seconds

LIMIT_SECONDS = 0.030
ROUNDS = 60
WARM_UP = 5


def bench() -> Result:
    """Seconds for one sheet, as a share of the 30 ms that are allowed."""
    with (
        tempfile.TemporaryDirectory() as folder,
        MongoServer(Path(folder) / "mongo") as mongo,
        ValkeyServer(Path(folder) / "redis") as valkey,
        MongoClient(mongo.address, tz_aware=True) as client,
        Redis.from_url(valkey.address) as redis,
    ):
        context = filled(market.SHARED, client["context"], redis).context
        assert len(context.sheet(SYMBOL).facts) > 50
        times = [seconds(lambda: context.sheet(SYMBOL)) for _ in range(WARM_UP + ROUNDS)]
        measured = statistics.median(times[WARM_UP:])
    return Result("llm context", measured / LIMIT_SECONDS, 1.0, "s", LIMIT_SECONDS, measured, higher_is_better=False)
