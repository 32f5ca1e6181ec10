"""Both collection logs: the one in memory that unit tests use and the one in MongoDB."""

from __future__ import annotations

import datetime as dt

import pytest
from pymongo import MongoClient

from stock_ai.errors import RetryableError
from stock_ai.storage.collection_log import MongoCollectionLog
from tests.fakes.collection import MemoryCollectionLog

FIRST = dt.datetime(2026, 11, 25, 8, 10, 0, 123_000, tzinfo=dt.UTC)
LATER = FIRST + dt.timedelta(hours=1)


@pytest.fixture(params=["memory", "mongo"])
def log(request):
    if request.param == "memory":
        return MemoryCollectionLog()
    return MongoCollectionLog(request.getfixturevalue("mongo_database"))


def test_what_was_recorded_is_read_back_by_source(log):
    assert log.last("csv") == {}
    log.record("csv", {"FPT": ("a", FIRST), "VNM": ("b", FIRST)})
    log.record("simulated", {"FPT": ("c", LATER)})
    assert log.last("csv") == {"FPT": ("a", FIRST), "VNM": ("b", FIRST)}
    assert log.last("simulated") == {"FPT": ("c", LATER)}
    assert log.last("csv")["FPT"][1].tzinfo is dt.UTC


def test_the_newest_record_counts_and_others_stay(log):
    log.record("csv", {"FPT": ("a", FIRST), "VNM": ("b", FIRST)})
    log.record("csv", {"FPT": ("a2", LATER)})
    log.record("csv", {})
    assert log.last("csv") == {"FPT": ("a2", LATER), "VNM": ("b", FIRST)}


def test_an_absent_server_is_retryable():
    with MongoClient("mongodb://127.0.0.1:1", serverSelectionTimeoutMS=50) as client:
        log = MongoCollectionLog(client["nowhere"])
        with pytest.raises(RetryableError):
            log.last("csv")
        with pytest.raises(RetryableError):
            log.record("csv", {"FPT": ("a", FIRST)})
