"""`MongoQualityStore` and what a report is made of, over a real server."""

import datetime as dt

import pymongo
import pytest

from stock_ai.errors import RetryableError
from stock_ai.market.sessions import Exchange
from stock_ai.models.base import Interval
from stock_ai.ports.prices import QuarantinedRecord
from stock_ai.quality.assessment import assess
from stock_ai.quality.report import Background, CrossCheck, Readjustment, SetAside
from stock_ai.storage.quality import MongoQualityStore, read_set_aside
from stock_ai.storage.quarantine import MongoQuarantine
from tests.fakes.clock import FixedClock
from tests.fakes.daily_bars import EVERY_WEEKDAY, daily_bars
from tests.fakes.messages import NOW, bar

LATER = NOW + dt.timedelta(minutes=1)


def report(now, *symbols, count=40):
    return assess([daily_bars([20_000.0] * count, name) for name in symbols], [], EVERY_WEEKDAY, FixedClock(now))


def event(symbol="FPT", **changes):
    fields = {
        "symbol": symbol,
        "factor": 0.5,
        "first": dt.date(2020, 1, 2),
        "last": dt.date(2025, 6, 11),
        "bars": 1_300,
        "source": "vnstock",
        "detected_at": NOW,
        "consistent": True,
    }
    return Readjustment(**(fields | changes))


def test_the_newest_report_is_kept_symbol_by_symbol(mongo_database):
    store = MongoQualityStore(mongo_database)
    assert (store.market(), store.symbol("FPT")) == (None, None)
    first = report(NOW, "FPT", "VCB")
    assert store.replace(first)
    assert (store.market(), store.symbol("FPT")) == (first.market, first.symbol("FPT"))
    second = report(LATER, "FPT", "HPG")
    assert store.replace(second)
    assert store.replace(second)
    assert store.market() == second.market
    assert (store.symbol("FPT"), store.symbol("HPG")) == (second.symbol("FPT"), second.symbol("HPG"))
    assert store.symbol("VCB") is None


def test_an_older_report_changes_nothing(mongo_database):
    store = MongoQualityStore(mongo_database)
    newer = report(LATER, "FPT")
    store.replace(newer)
    assert not store.replace(report(NOW, "FPT", "VCB", count=3))
    assert (store.market(), store.symbol("FPT"), store.symbol("VCB")) == (newer.market, newer.symbol("FPT"), None)


def test_readjustments_are_only_ever_added(mongo_database):
    store = MongoQualityStore(mongo_database)
    conflict = event("VCB", consistent=False, detected_at=LATER)
    store.log([])
    store.log([conflict, event()])
    # Found again after a run that died: still one event.
    store.log([event(detected_at=LATER), event(factor=0.25, detected_at=LATER)])
    assert store.readjustments() == [event(), event(factor=0.25, detected_at=LATER), conflict]
    assert store.readjustments("VCB") == [conflict]


def check(symbol, agreeing):
    fields = {"one": "KBS", "other": "VCI", "differences": (), "only_one": (dt.date(2025, 8, 1),), "only_other": ()}
    return CrossCheck(symbol=symbol, checked_at=NOW, agreeing=agreeing, **fields)


def test_the_latest_crosscheck_of_a_symbol_and_all_events_are_the_background(mongo_database):
    store = MongoQualityStore(mongo_database)
    assert store.background({}) == Background()
    store.record_crosscheck(check("FPT", 20))
    store.record_crosscheck(check("VCB", 18))
    store.record_crosscheck(check("FPT", 19))
    store.log([event()])
    exchanges = {"FPT": Exchange.HOSE}
    checks = {"FPT": check("FPT", 19), "VCB": check("VCB", 18)}
    assert store.background(exchanges) == Background(exchanges, (event(),), checks)


def record(record_id, reason, value, key=b"FPT"):
    return QuarantinedRecord(record_id, (reason,), "why", "stock_prices_raw", 0, 1, NOW, value, key)


def test_what_is_quarantined_still_is_read_with_its_trading_date(mongo_database):
    quarantine = MongoQuarantine(mongo_database)
    hour = bar(time=dt.datetime(2025, 8, 22, 3, tzinfo=dt.UTC), interval=Interval.HOUR)
    quarantine.add(
        [
            record("a", "negative_volume", bar(volume=-1).wire()),
            record("b", "undecodable", b"{", None),
            record("c", "undecodable", b'["1D"]', b"\xff"),
            record("d", "low_above_body", hour.wire(), b"VCB"),
            record("e", "undecodable", b'{"interval":"1D","time":7}', b"VCB"),
            record("f", "bad_symbol", bar("??").wire(), b"??"),
        ]
    )
    quarantine.mark_released("f", NOW)
    assert sorted(read_set_aside(mongo_database), key=str) == [
        SetAside("", None, "undecodable"),
        SetAside("FPT", dt.date(2025, 8, 22), "negative_volume"),
        SetAside("VCB", None, "low_above_body"),
        SetAside("VCB", None, "undecodable"),
        SetAside("\ufffd", None, "undecodable"),
    ]


def test_an_absent_server_is_retryable():
    with pymongo.MongoClient("mongodb://127.0.0.1:1", serverSelectionTimeoutMS=50) as client:
        away = client["quality"]
        store = MongoQualityStore(away)
        for ask in (
            store.market,
            store.readjustments,
            lambda: store.background({}),
            lambda: store.record_crosscheck(check("FPT", 1)),
            lambda: store.replace(report(NOW, "FPT")),
            lambda: store.log([event()]),
            lambda: read_set_aside(away),
        ):
            with pytest.raises(RetryableError):
                ask()
