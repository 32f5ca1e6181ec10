"""Consumer: decode + validate + upsert of fresh bars against a bare unordered bulk upsert of the same documents."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

from pymongo import MongoClient

from functions.kafka_consumer.service import consume
from local.embedded.mongodb import MongoServer
from local.events import Record, kafka_event
from stock_ai.clock import utc_now
from stock_ai.models import topics
from stock_ai.models.base import Interval
from stock_ai.models.price import StockPrice, price_event_id
from stock_ai.quality.rules import hard_faults
from stock_ai.sources.csv_files import CsvSource
from stock_ai.storage.prices import MongoPriceStore
from stock_ai.storage.quarantine import MongoQuarantine
from stock_ai.streaming.records import records
from tests.fakes.publisher import RecordingPublisher
from tests.load import market
from tests.load.result import Result, paired, seconds
from tests.load.upserts import bulk_upserts

BARS, BATCH, ROUNDS = 10_000, 2_000, 3


def _messages(folder: Path) -> list[bytes]:
    """The first good bars of the market as they lie on the topic."""
    source = CsvSource(market.parquet(folder), utc_now)
    found: list[bytes] = []
    for symbol in source.symbols():
        for bar in source.bars(symbol, None, None):
            content = bar._asdict() | {"interval": Interval.DAY, "source": source.name}
            price = StockPrice(event_id=price_event_id(**content), ingested_at=utc_now(), **content)
            if not hard_faults(price, utc_now()):
                found.append(price.wire())
            if len(found) == BARS:
                return found
    raise AssertionError(f"the market has fewer than {BARS} good bars")


def _batches(rows: list) -> list[list]:
    return [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]


def _event(values: list[bytes]) -> dict:
    rows = [
        Record(
            topic=topics.STOCK_PRICES_RAW,
            partition=0,
            offset=number,
            timestamp=0,
            timestamp_type=0,
            key=None,
            value=value,
            headers=(),
        )
        for number, value in enumerate(values)
    ]
    return kafka_event(rows, "127.0.0.1:9092")


def bench() -> Result:
    """Bars per second, ours over bare."""
    with tempfile.TemporaryDirectory() as folder, MongoServer(Path(folder) / "mongo") as server:
        messages = _messages(Path(folder))
        events = [_event(values) for values in _batches(messages)]
        with MongoClient(server.address, tz_aware=True) as client:
            rounds = itertools.count()

            def ours() -> float:
                database = client[f"ours_{next(rounds)}"]
                store, quarantine = MongoPriceStore(database), MongoQuarantine(database)

                def work() -> None:
                    for event in events:
                        done = consume(records(event), store, quarantine, RecordingPublisher(), utc_now)
                        assert done.stored == BATCH, done

                return BARS / seconds(work)

            ours()
            documents = list(client["ours_0"]["prices"].find())

            def bare() -> float:
                return BARS / bulk_upserts(client[f"bare_{next(rounds)}"], _batches(documents))

            measured, baseline = paired(ours, bare, ROUNDS)
    return Result("consumer", measured / baseline, 0.8, "bars/s", baseline, measured, higher_is_better=True)
