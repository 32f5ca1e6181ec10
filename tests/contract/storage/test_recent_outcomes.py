"""The newest outcomes of one symbol."""

import datetime as dt

import pytest
from pymongo import MongoClient

from stock_ai.errors import RetryableError
from stock_ai.storage.recent_outcomes import MongoRecentOutcomes
from stock_ai.storage.track_record import MongoTrackRecord
from tests.fakes.llm_context import make_outcome

SINCE = dt.date(2025, 6, 1)


def test_only_rows_of_the_symbol_since_the_date_are_read(mongo_database):
    wanted = [
        make_outcome("a", as_of=SINCE),
        make_outcome("b", as_of=dt.date(2025, 7, 1)),
        make_outcome("b", as_of=dt.date(2025, 7, 1), revision=2, hit=False),
        make_outcome("b", as_of=dt.date(2025, 7, 1), horizon=20),
    ]
    others = [make_outcome("c", as_of=dt.date(2025, 5, 30)), make_outcome("d", symbol="VCB")]
    MongoTrackRecord(mongo_database).add_outcomes([*others, *wanted])
    found = MongoRecentOutcomes(mongo_database).recent("FPT", SINCE)
    assert sorted(found, key=lambda one: one.outcome_id) == sorted(wanted, key=lambda one: one.outcome_id)


def test_a_symbol_without_signals_has_none(mongo_database):
    assert MongoRecentOutcomes(mongo_database).recent("FPT", SINCE) == []


def test_a_server_that_is_away_is_told():
    with MongoClient("mongodb://127.0.0.1:9", serverSelectionTimeoutMS=50) as client, pytest.raises(RetryableError):
        MongoRecentOutcomes(client["away"]).recent("FPT", SINCE)
