"""`MongoPublishedAnalyses` over a real server, and its fake: the same ledger."""

import pymongo
import pytest

from stock_ai.errors import RetryableError
from stock_ai.settings import MongoSettings
from stock_ai.storage.mongo import database
from stock_ai.storage.published import MongoPublishedAnalyses
from tests.fakes.ledger import MemoryLedger


@pytest.fixture(params=["memory", "mongodb"])
def ledger(request):
    if request.param == "memory":
        return MemoryLedger()
    return MongoPublishedAnalyses(request.getfixturevalue("mongo_database"))


def test_the_last_id_of_each_symbol_is_known(ledger):
    assert ledger.last() == {}
    ledger.record({"FPT": "a", "VCB": "b"})
    ledger.record({"FPT": "c"})
    ledger.record({"FPT": "c"})
    ledger.record({})
    assert ledger.last() == {"FPT": "c", "VCB": "b"}


def test_where_a_run_stopped_is_kept_apart_from_what_was_published(ledger):
    assert ledger.stopped_at() is None
    ledger.record({"FPT": "a"})
    ledger.stop_at("HPG")
    ledger.stop_at("VCB")
    assert (ledger.stopped_at(), ledger.last()) == ("VCB", {"FPT": "a"})


@pytest.mark.parametrize(
    "call", [lambda one: one.last(), lambda one: one.record({"FPT": "a"}), lambda one: one.stop_at("FPT")]
)
def test_an_absent_server_is_told(call):
    away = database(MongoSettings.model_validate({"MONGODB_URI": "mongodb://127.0.0.1:1"}))
    with pymongo.timeout(0.3), pytest.raises(RetryableError):
        call(MongoPublishedAnalyses(away))
