"""Updates that are applied together, over a real server."""

import datetime as dt
import threading

import pytest
from pymongo import UpdateOne
from pymongo.errors import PyMongoError

from stock_ai.models.base import Interval
from stock_ai.ports.prices import StoreCounts
from stock_ai.storage.prices import MongoPriceStore
from stock_ai.storage.transactions import update_together
from tests.fakes.messages import NOW, bar

FIRST = dt.date(2024, 1, 1)


@pytest.fixture
def numbers(mongo_database):
    collection = mongo_database["numbers"]
    collection.insert_many([{"_id": number, "value": 0} for number in range(5)])
    return collection


def values(collection):
    return [document["value"] for document in collection.find().sort("_id")]


def test_updates_are_applied_all_or_none(numbers):
    good = [UpdateOne({"_id": number}, {"$set": {"value": 1}}) for number in range(4)]
    assert update_together(numbers, good).matched_count == 4
    assert values(numbers) == [1, 1, 1, 1, 0]
    with pytest.raises(PyMongoError):
        update_together(numbers, [UpdateOne({"_id": 4}, {"$set": {"value": 2}}), UpdateOne({"_id": 0}, {"$no": {}})])
    assert values(numbers) == [1, 1, 1, 1, 0]


def test_writers_in_each_others_way_both_come_through(numbers):
    def write():
        for _ in range(20):
            update_together(numbers, [UpdateOne({"_id": number}, {"$inc": {"value": 1}}) for number in range(5)])

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert values(numbers) == [60] * 5


def test_short_and_long_series_are_replaced_in_one_batch(mongo_database):
    store = MongoPriceStore(mongo_database)

    def market(**changes):
        long = [bar("FPT", FIRST + dt.timedelta(days=day), **changes) for day in range(30)]
        return long + [bar(f"S{number:02}", FIRST, **changes) for number in range(70)]

    assert store.upsert(market()) == StoreCounts(stored=100)
    newer = market(close=99_500, ingested_at=NOW + dt.timedelta(minutes=1))
    assert store.upsert(newer) == StoreCounts(stored=100)
    assert store.upsert(market()) == StoreCounts(unchanged=100)
    found = [one for info in store.symbols() for one in store.bars(info.symbol, Interval.DAY, None, None, 100)]
    assert found == newer
