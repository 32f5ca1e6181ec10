"""What an operator may do about a quarantined bar, and what goes to the topic for it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stock_ai.errors import InvalidInputError, NotFoundError, RetryableError
from stock_ai.models.base import Interval
from stock_ai.models.price import StockPrice
from stock_ai.quality.corrections import CORRECTABLE, corrected
from stock_ai.quality.rules import Reason, hard_faults
from stock_ai.releasing import Releases, bar_of, explanations, stored_bar
from stock_ai.storage.quarantine import KeptRecord, Release
from tests.fakes.messages import NOW, ai_analysis, bar
from tests.fakes.publisher import RecordingPublisher
from tests.fakes.quarantine import MemoryReleases, quarantined
from tests.fakes.stores import MemoryPriceStore

LATER = NOW + dt.timedelta(days=3)
WHO = {"by": "an", "note": "the exchange's own page says so", "now": LATER}


class House:
    def __init__(self, *records, down=False):
        self.store = MemoryReleases().put(*records)
        self.publisher = RecordingPublisher(down=down)
        self.releases = Releases(self.store, self.publisher)

    @property
    def sent(self):
        return [StockPrice.model_validate_json(message.value, strict=True) for message in self.publisher.sent]


def edited(message, **changes):
    """The bytes of a message with fields that a `StockPrice` would not take; None removes one."""
    content = json.loads(message.wire()) | changes
    return json.dumps({name: value for name, value in content.items() if value is not None}).encode()


def test_a_corrected_bar_is_new_content_from_the_same_source():
    bad = bar(close=0, source="csv")
    house = House(quarantined(bad, "non_positive_price"))
    release = house.releases.correct("r1", {"close": 101_500, "volume": None}, **WHO)
    (sent,) = house.sent
    assert sent == bar(close=101_500, volume=None, source="csv", ingested_at=LATER)
    assert sent.event_id not in (bad.event_id, "")
    (message,) = house.publisher.sent
    assert (message.topic, message.key, message.headers) == (
        "stock_prices_raw",
        "FPT",
        {"redriven_from": b"quarantine:r1"},
    )
    assert release.changes == {"close": ("0", "101500"), "volume": ("1000", "null")}
    assert (release.by, release.note, release.at, release.event_id) == (
        "an",
        "the exchange's own page says so",
        LATER,
        sent.event_id,
    )
    assert house.store.decisions == [release]
    assert house.store.get("r1").released_at == LATER


def test_every_field_but_where_and_when_it_came_from_can_be_corrected():
    assert set(CORRECTABLE) == set(StockPrice.model_fields) - {"source", "event_id", "ingested_at", "schema_version"}
    changes = {
        "symbol": "VNINDEX", "interval": "1m", "time": "2025-08-22T02:00:00Z", "open": 1600.5, "high": 1610,
        "low": 1600.25, "close": 1605, "adjusted_close": 1605.0, "volume": 5, "provisional": True, "basis": "adjusted",
    }  # fmt: skip
    fixed = corrected(bar(close=0).wire(), changes, LATER)
    assert (fixed.symbol, fixed.interval, fixed.low) == ("VNINDEX", Interval.MINUTE, Decimal("1600.25"))
    assert fixed.time == dt.datetime(2025, 8, 22, 2, tzinfo=dt.UTC)


def test_what_could_not_be_decoded_is_corrected_field_by_field():
    value = edited(bar(), volume="many", low=None)
    house = House(quarantined(value, "undecodable"))
    with pytest.raises(InvalidInputError, match="low"):
        house.releases.correct("r1", {"volume": 7}, **WHO)
    with pytest.raises(InvalidInputError, match=r"volume: .*'many'"):
        house.releases.correct("r1", {"low": 99_000}, **WHO)
    house.releases.correct("r1", {"volume": 7, "low": 99_000}, **WHO)
    assert house.sent == [bar(volume=7, ingested_at=LATER)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"close": 0}, "still non_positive_price.*close is 0"),
        ({"close": 103_000}, "still high_below_body.*102,000.*103,000"),
        ({"close": 101_000, "volume": -1}, "still negative_volume"),
        ({"close": 101_000, "time": "2025-09-30"}, "still future_time.*2025-09-30"),
        ({"close": 101_000, "symbol": "F-T"}, "still bad_symbol.*'F-T'"),
        ({"close": 100_000.5}, "close: 100000.5 is not whole VND"),
        ({"close": 10**30}, "close: 1000000.* does not fit 64 bits"),
        ({"close": 101_000, "volume": 2**63}, "volume: .* does not fit 64 bits"),
        ({"close": "101000"}, "close: .*'101000'"),
        ({"close": float("nan")}, "close: "),
        ({"close": float("inf")}, "close: "),
        ({"time": "2025-08-22T02:00:00Z"}, "2025-08-22"),
        ({"source": "vnstock"}, "source: cannot be corrected"),
        ({"ingested_at": "2030-01-01T00:00:00Z"}, "ingested_at: cannot be corrected"),
        ({"nonsense": 1}, "nonsense: cannot be corrected"),
        ({"close": -5}, "changes nothing"),
        ({}, "changes: name at least one"),
    ],
)
def test_a_correction_that_is_not_right_is_refused_and_leaves_no_trace(changes, words):
    house = House(quarantined(bar(close=-5), "non_positive_price"))
    with pytest.raises(InvalidInputError, match=words):
        house.releases.correct("r1", changes, **WHO)
    assert (house.publisher.sent, house.store.decisions, house.store.get("r1").released_at) == ([], [], None)


@pytest.mark.parametrize("value", [b"", b"\x00\xff", b"[]", b"null", b"[" * 100_000, edited(bar(), schema_version=2)])
def test_a_record_without_fields_of_ours_cannot_be_corrected(value):
    house = House(quarantined(value))
    with pytest.raises(InvalidInputError, match=r"JSON object|schema_version: 2"):
        house.releases.correct("r1", {"close": 1}, **WHO)
    assert house.publisher.sent == []


def test_a_correction_can_be_corrected():
    house = House(quarantined(bar(close=0), "non_positive_price"))
    house.releases.correct("r1", {"close": 101_500}, **WHO)
    house.releases.correct("r1", {"close": 101_900}, **WHO | {"now": LATER + dt.timedelta(hours=1)})
    first, second = house.sent
    assert second.ingested_at > first.ingested_at
    assert [release.changes["close"][1] for release in house.store.decisions] == ["101500", "101900"]


def test_a_bar_whose_time_has_come_is_released_as_it_is_once():
    early = bar(time=NOW.date() + dt.timedelta(days=2))
    record = quarantined(early, "future_time")
    house = House(record)
    with pytest.raises(InvalidInputError, match="still future_time"):
        house.releases.release("r1", **WHO | {"now": NOW})
    assert (house.publisher.sent, house.store.decisions) == ([], [])
    release = house.releases.release("r1", **WHO)
    assert house.publisher.sent[0].value == record.value
    assert (release.changes, release.event_id) == ({}, early.event_id)
    with pytest.raises(InvalidInputError, match="was released at 2025-08-28"):
        house.releases.release("r1", **WHO)
    assert len(house.publisher.sent) == 1


@pytest.mark.parametrize("value", [b"poison", edited(bar(), schema_version=9), edited(bar(), volume="many")])
def test_what_cannot_be_decoded_still_is_not_released(value):
    house = House(quarantined(value))
    with pytest.raises(InvalidInputError, match=r"still (undecodable|unknown_schema_version)"):
        house.releases.release("r1", **WHO)
    assert house.store.decisions == []


def test_only_bars_are_released_here():
    house = House(quarantined(b"{", topic="ai_analysis_results"))
    for act in (
        lambda: house.releases.release("r1", **WHO),
        lambda: house.releases.correct("r1", {"close": 1}, **WHO),
    ):
        with pytest.raises(InvalidInputError, match="ai_analysis_results"):
            act()


def test_an_unknown_record_is_not_found():
    with pytest.raises(NotFoundError, match="'other'"):
        House().releases.release("other", **WHO)


@pytest.mark.parametrize("name", ["by", "note"])
@pytest.mark.parametrize("text", ["", "  ", "x" * 501])
def test_a_decision_has_a_name_and_a_reason(name, text):
    house = House(quarantined(bar(close=0), "non_positive_price"))
    with pytest.raises(InvalidInputError, match=f"{name}: "):
        house.releases.correct("r1", {"close": 101_000}, **WHO | {name: text})
    assert house.publisher.sent == []


def test_a_decision_is_written_down_before_it_is_sent_and_counts_only_once_it_was():
    house = House(quarantined(bar(close=0), "non_positive_price"), down=True)
    with pytest.raises(RetryableError):
        house.releases.correct("r1", {"close": 101_000}, **WHO)
    assert len(house.store.decisions) == 1
    assert house.store.get("r1").released_at is None


def test_a_record_refused_again_while_it_was_being_released_stays_in_quarantine():
    house = House(quarantined(bar(time=NOW.date() + dt.timedelta(days=2)), "future_time"))

    class Quick(RecordingPublisher):
        """Behind it a consumer refuses the record before the operator's command goes on."""

        def flush(self):
            house.store.kept["r1"] = dataclasses.replace(house.store.kept["r1"], refusals=1)

    Releases(house.store, Quick()).release("r1", **WHO)
    assert house.store.get("r1").released_at is None
    house.releases.release("r1", **WHO)
    assert house.store.get("r1").released_at == LATER


MINUTE = dt.datetime(2025, 8, 22, 2, 15, tzinfo=dt.UTC)
DAILY, OTHER_DAY = bar(close=100_500), bar(time=dt.date(2025, 8, 21))
INTRADAY = bar(time=MINUTE, interval=Interval.MINUTE)
STORED = [DAILY, OTHER_DAY, INTRADAY, bar(time=MINUTE + dt.timedelta(minutes=1), interval=Interval.MINUTE), bar("VCB")]


def released(**changes):
    return [Release("r1", "an", "why", NOW, "e", {name: ("null", json.dumps(to)) for name, to in changes.items()})]


@pytest.mark.parametrize(
    ("value", "releases", "stored"),
    [
        (bar(close=0), [], DAILY),
        (bar(time=dt.date(2025, 8, 20), close=0), [], None),
        (bar(time=MINUTE, interval=Interval.MINUTE, close=0), [], INTRADAY),
        (bar(time=MINUTE, interval=Interval.MINUTES_5, close=0), [], None),
        (edited(bar(), close="much", interval=None), [], DAILY),
        (edited(bar(), time="2025-08-22T07:00:00"), [], DAILY),
        (edited(bar(), time="2025-08-21T17:00:00Z"), [], DAILY),
        (edited(bar(), time="2025-08-22T02:15:00", interval="1m"), [], None),
        (edited(bar(), time=20250822), [], DAILY),
        (edited(bar(), time=1755829800), [], None),
        (edited(bar(), interval=["1D"]), [], None),
        (edited(bar(), interval="2D"), [], None),
        (edited(bar(), time="9999-12-31T23:00:00Z"), [], None),
        (edited(bar(), time="9999-12-31"), [], None),
        (edited(bar(), time="0001-01-01T00:00:00+14:00"), [], None),
        (b"\xff", [], None),
        (b"[" * 100_000, [], None),
        # After a correction the bar is where that put it.
        (bar("fpt"), released(symbol="VCB"), STORED[-1]),
        (bar(time=dt.date(2030, 8, 22)), released(time="2025-08-21"), OTHER_DAY),
        (bar(close=0), released(close=100_500), DAILY),
        (bar(close=0), released(time="2020-01-01") + released(close=1), DAILY),
    ],
)
def test_the_bar_that_is_stored_in_place_of_a_record_is_found(value, releases, stored):
    prices = MemoryPriceStore()
    prices.upsert(STORED)
    assert stored_bar(KeptRecord(quarantined(value), "FPT", "csv", None), releases, prices) == stored


def test_a_record_that_names_no_symbol_or_is_no_bar_has_no_stored_bar():
    prices = MemoryPriceStore()
    prices.upsert(STORED)
    assert stored_bar(KeptRecord(quarantined(bar()), None, None, None), [], prices) is None
    of_analysis = quarantined(bar(), topic="ai_analysis_results")
    assert stored_bar(KeptRecord(of_analysis, "FPT", None, None), [], prices) is None


PRICES = st.none() | st.integers(-5, 200) | st.floats(-5, 200)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("open", "high", "low", "close", "adjusted_close"), PRICES)))
def test_whatever_a_correction_lets_through_the_consumer_takes(changes):
    try:
        fixed = corrected(bar(open=0, high=100, low=1, close=50).wire(), changes, LATER)
    except InvalidInputError:
        return
    assert hard_faults(fixed, LATER) == ()
    assert StockPrice.model_validate_json(fixed.wire(), strict=True) == fixed
    assert all(isinstance(price, int) for price in (fixed.open, fixed.high, fixed.low, fixed.close))


@pytest.mark.parametrize(
    ("value", "reason", "words"),
    [
        (bar(open=None, close=-1), Reason.NON_POSITIVE_PRICE, ["open is missing", "close is -1"]),
        (bar(low=101_500, high=102_000), Reason.LOW_ABOVE_BODY, ["101,500", "100,000", "101,000"]),
        (bar(high=100_500), Reason.HIGH_BELOW_BODY, ["100,500", "101,000"]),
        (bar(volume=-4), Reason.NEGATIVE_VOLUME, ["-4"]),
        (bar(time=dt.date(2031, 1, 2)), Reason.FUTURE_TIME, ["2031-01-02"]),
        (bar("fpt"), Reason.BAD_SYMBOL, ["'fpt'"]),
        (b"{", Reason.UNDECODABLE, ["close: wrong"]),
        (b"{", Reason.UNKNOWN_SCHEMA_VERSION, ["close: wrong", "Upgrade"]),
    ],
)
def test_every_reason_is_explained_with_what_is_wrong(value, reason, words):
    record = quarantined(value, reason, detail="close: wrong")
    assert (bar_of(record) is None) is (value == b"{")
    (text,) = explanations(record).values()
    for word in words:
        assert word in text
    assert text.endswith(".")


def test_every_reason_of_a_record_is_explained_in_its_order():
    record = quarantined(bar(close=0, volume=-1), "non_positive_price", "negative_volume")
    assert list(explanations(record)) == ["non_positive_price", "negative_volume"]
    of_analysis = quarantined(ai_analysis().wire(), "undecodable", topic="ai_analysis_results", detail="signal: x")
    assert "signal: x" in explanations(of_analysis)["undecodable"]


def test_no_reason_is_left_unexplained():
    broken = bar(close=0, volume=-1)
    for reason in Reason:
        assert explanations(quarantined(broken, reason))[reason]
