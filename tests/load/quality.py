"""Quality of the whole market: from a warm panel to the report that is kept for the API."""

from __future__ import annotations

import datetime as dt
import statistics
import tempfile
from pathlib import Path

from pymongo import MongoClient

from local.embedded.mongodb import MongoServer
from stock_ai.market.trading_calendar import default_calendar
from stock_ai.quality.assessment import assess
from stock_ai.storage.quality import MongoQualityStore
from tests.fakes.clock import FixedClock
from tests.load import market
from tests.load.result import Result, seconds

LIMIT_SECONDS = 10.0
ROUNDS = 3


def bench() -> Result:
    """Seconds, as a share of the ten that are allowed."""
    with tempfile.TemporaryDirectory() as folder, MongoServer(Path(folder) / "mongo") as server:
        panel, aside = market.split(Path(folder))
        clock = FixedClock(dt.datetime.combine(max(bars.last_date for bars in panel), dt.time(10), dt.UTC))
        with MongoClient(server.address, tz_aware=True) as client:
            store = MongoQualityStore(client["quality"])

            def work() -> None:
                assert store.replace(assess(panel, aside, default_calendar(), clock))

            measured = statistics.median(seconds(work) for _ in range(ROUNDS))
    return Result("quality", measured / LIMIT_SECONDS, 1.0, "s", LIMIT_SECONDS, measured, higher_is_better=False)
