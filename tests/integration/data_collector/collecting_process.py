"""Works off one plan over real servers, from a market that takes its time; run as a process, to be killed.

Arguments: Kafka, MongoDB's URI, database, a file for what was asked, the plan's id, the hold in seconds.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from pathlib import Path

from functions.data_collector.planned import run_plan
from functions.data_collector.ports import Ports
from stock_ai.clock import utc_now
from stock_ai.market.trading_calendar import default_calendar
from stock_ai.models.base import Interval
from stock_ai.ports.collection import CollectionPlan
from stock_ai.settings import KafkaSettings, MongoSettings
from stock_ai.storage.collection_log import MongoCollectionLog
from stock_ai.storage.collection_plans import MongoCollectionPlans
from stock_ai.storage.listings import MongoListings
from stock_ai.storage.mongo import database
from stock_ai.storage.prices import MongoPriceStore
from stock_ai.storage.quality import MongoQualityStore
from stock_ai.streaming.publisher import KafkaPublisher
from tests.fakes.collection import FakeMarket

SYMBOLS = tuple(f"K{number:02d}" for number in range(16))
TODAY = dt.date(2026, 11, 25)
SINCE = dt.date(2010, 1, 1)
LATENCY = 0.03


def market() -> FakeMarket:
    """Each symbol has another first session, some within the span and some before it."""
    return FakeMarket({symbol: dt.date(2007 + place, 3, 1) for place, symbol in enumerate(SYMBOLS)}, TODAY)


class SlowMarket(FakeMarket):
    """Writes down what it is asked, before it answers."""

    def __init__(self, asked: Path) -> None:
        super().__init__(market().first, TODAY)
        self._file = asked

    def bars(self, symbol, since, until):
        with self._file.open("a") as file:
            file.write(f"{symbol} {since} {until}\n")
        time.sleep(LATENCY)
        return super().bars(symbol, since, until)


def main(kafka: str, mongodb: str, name: str, asked: str, plan_id: str, hold: str) -> None:
    stored = database(MongoSettings(MONGODB_URI=mongodb, MONGODB_DATABASE=name))
    plans = MongoCollectionPlans(stored)
    publisher = KafkaPublisher(KafkaSettings(KAFKA_BOOTSTRAP_SERVERS=kafka))
    plans.begin(CollectionPlan(plan_id, "vnstock", Interval.DAY, dict.fromkeys(SYMBOLS, SINCE), TODAY), utc_now())
    print("begun", flush=True)
    ports = Ports(
        publisher,
        MongoCollectionLog(stored),
        plans,
        MongoPriceStore(stored),
        MongoQualityStore(stored),
        MongoListings(stored),
        default_calendar(),
        utc_now,
    )
    owner = f"{time.time_ns()}"
    while not plans.progress(plan_id).finished:
        source = SlowMarket(Path(asked))
        run_plan(plan_id, source, ports, lambda: 900_000, owner, hold_seconds=float(hold))
    publisher.close()
    print("finished", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
