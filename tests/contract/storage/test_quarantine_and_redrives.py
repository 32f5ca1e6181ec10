"""`MongoQuarantine` and `MongoRedriveLog` over a real server."""

import datetime as dt

import pymongo
import pytest

from stock_ai.errors import RetryableError
from stock_ai.settings import MongoSettings
from stock_ai.storage.mongo import database
from stock_ai.storage.quality import read_set_aside
from stock_ai.storage.quarantine import MongoQuarantine
from stock_ai.storage.redrives import MongoRedriveLog
from tests.fakes.messages import NOW
from tests.fakes.quarantine import quarantined


def kept(record_id, *reasons, **changes):
    fields = {"key": None, "headers": (("redriven_from", b"x"),)}
    return quarantined(b"\x00\xff", *reasons, record_id=record_id, **fields | changes)


def test_quarantine_keeps_the_first_of_a_record_and_knows_it(mongo_database):
    store = MongoQuarantine(mongo_database)
    store.add([])
    store.add([kept("a"), kept("b", "bad_symbol", "negative_volume")])
    store.add([kept("a", offset=99), kept("c", "bad_symbol")])
    assert store.known(["a", "c", "z"]) == {"a", "c"}
    assert store.known([]) == set()
    assert store.counts_by_reason() == {"bad_symbol": 2, "undecodable": 1}
    document = mongo_database["quarantine"].find_one({"_id": "a"})
    assert (document["offset"], document["value"], document["headers"]) == (2, b"\x00\xff", [["redriven_from", b"x"]])
    assert mongo_database["quarantine"].find_one({"_id": "b"})["reasons"] == ["bad_symbol", "negative_volume"]


def test_an_empty_quarantine_counts_nothing(mongo_database):
    assert MongoQuarantine(mongo_database).counts_by_reason() == {}


def test_redrives_are_remembered_once(mongo_database):
    log = MongoRedriveLog(mongo_database)
    log.record([], NOW)
    log.record(["t:0:1", "t:0:2"], NOW)
    log.record(["t:0:2", "t:0:3"], NOW + dt.timedelta(days=1))
    assert log.known() == {"t:0:1", "t:0:2", "t:0:3"}
    assert mongo_database["redrives"].find_one({"_id": "t:0:2"})["redriven_at"] == NOW


def test_what_was_let_through_quarantine_settles_dead_letters(mongo_database):
    quarantine, log = MongoQuarantine(mongo_database), MongoRedriveLog(mongo_database)
    quarantine.add([kept("a"), quarantined(b"{}", record_id="b"), quarantined(b"{}", record_id="c", topic="other")])
    assert log.settled() == set()
    quarantine.mark_released("a", NOW)
    quarantine.mark_released("c", NOW)
    assert log.settled() == {("stock_prices_raw", b"\x00\xff"), ("other", b"{}")}


def test_what_was_accepted_from_a_redrive_counts_no_more(mongo_database):
    quarantine, log = MongoQuarantine(mongo_database), MongoRedriveLog(mongo_database)
    quarantine.add([kept("a"), quarantined(b"{}", record_id="b"), quarantined(b"[]", record_id="c")])
    quarantine.mark_released("b", NOW)
    quarantine.let_through(["a", "b", "unknown"], NOW + dt.timedelta(days=1))
    assert [quarantine.get(name).released_at for name in "abc"] == [NOW + dt.timedelta(days=1), NOW, None]
    assert quarantine.counts_by_reason() == {"undecodable": 1}
    assert len(read_set_aside(mongo_database)) == 1
    assert log.settled() == {("stock_prices_raw", b"\x00\xff"), ("stock_prices_raw", b"{}")}


@pytest.mark.parametrize("symbol", ["\\ud800", "F\\u0000T", "\\u001b[31m", "", "X" * 65])
def test_a_symbol_that_cannot_be_stored_or_searched_for_is_left_out(mongo_database, symbol):
    store = MongoQuarantine(mongo_database)
    value = f'{{"symbol": "{symbol}", "source": "{symbol}"}}'.encode()
    store.add([quarantined(value, record_id="a", key=None)])
    assert (store.get("a").symbol, store.get("a").source) == (None, None)
    assert store.get("a").record.value == value


def test_an_absent_server_is_retryable():
    away = database(MongoSettings.model_validate({"MONGODB_URI": "mongodb://127.0.0.1:1"}))
    quarantine, log = MongoQuarantine(away), MongoRedriveLog(away)
    reads = (lambda: quarantine.known(["a"]), quarantine.counts_by_reason, log.known, log.settled)
    for call in (*reads, lambda: quarantine.add([kept("a")])):
        with pymongo.timeout(0.3), pytest.raises(RetryableError):
            call()
