"""The consumer over fakes: nothing is lost, nothing is stored twice, and the counts add up."""

import datetime as dt
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.kafka_consumer.service import consume
from stock_ai.errors import PoisonRecordError, RetryableError
from stock_ai.streaming.rejects import set_aside, undecodable
from tests.fakes.clock import FixedClock
from tests.fakes.messages import NOW, bar, record
from tests.fakes.publisher import RecordingPublisher
from tests.fakes.stores import MemoryPriceStore, MemoryQuarantine


class House:
    def __init__(self):
        self.store, self.quarantine, self.publisher = MemoryPriceStore(), MemoryQuarantine(), RecordingPublisher()

    def consume(self, records):
        return consume(records, self.store, self.quarantine, self.publisher, FixedClock(NOW))


@pytest.fixture
def house():
    return House()


def days(count):
    return [bar(time=dt.date(2025, 6, 1) + dt.timedelta(days=day)) for day in range(count)]


def test_poison_in_the_middle_stops_no_neighbour(house):
    good = days(4)
    bad = bar(close=0)
    result = house.consume(
        [record(good[0]), record(b"\xff", offset=1), record(good[1]), record(bad, offset=3), *map(record, good[2:])]
    )
    assert (result.stored, result.unchanged) == (4, 0)
    assert result.quarantined == {"undecodable": 1, "non_positive_price": 1}
    assert set(house.store.kept.values()) == set(good)
    first, second = house.publisher.sent
    assert (first.topic, first.value, first.key) == ("stock_prices_raw_dead_letter", b"\xff", "FPT")
    assert first.headers["reason"] == b"undecodable"
    assert (first.headers["source_topic"], first.headers["source_partition"]) == (b"stock_prices_raw", b"0")
    assert first.headers["source_offset"] == b"1"
    assert first.headers["failed_at"] == NOW.isoformat().encode()
    assert second.headers["reason"] == b"non_positive_price"
    assert house.publisher.flushes == 1
    kept = house.quarantine.kept[bad.event_id]
    assert (kept.reasons, kept.value, kept.offset) == (("non_positive_price",), bad.model_dump_json().encode(), 3)


def test_a_bar_counts_once_under_its_first_reason_and_keeps_them_all(house):
    result = house.consume([record(bar(close=0, volume=-1, symbol="bad"))])
    assert result.quarantined == {"non_positive_price": 1}
    (kept,) = house.quarantine.kept.values()
    assert kept.reasons == ("non_positive_price", "negative_volume", "bad_symbol")


def test_a_redelivered_batch_changes_nothing_but_counts_the_same_records(house):
    batch = [record(each) for each in (*days(3), bar(close=0))]
    house.consume(batch)
    again = house.consume(batch)
    assert (again.stored, again.unchanged, again.quarantined) == (0, 3, {"non_positive_price": 1})
    assert len(house.publisher.sent) == 1


def test_a_redriven_record_that_fails_again_is_dead_lettered_again(house):
    house.consume([record(bar(close=0))])
    house.consume([record(bar(close=0), offset=9, headers={"redriven_from": b"stock_prices_raw_dead_letter:0:0"})])
    assert [each.headers["source_offset"] for each in house.publisher.sent] == [b"0", b"9"]
    assert len(house.quarantine.kept) == 1


def test_a_redriven_bar_that_is_good_by_now_is_quarantined_no_more(house):
    early, foreign = bar(time=NOW.date() + dt.timedelta(days=1)), bar("VCB")
    house.consume([record(early)])
    older = PoisonRecordError("unknown_schema_version", "of the consumer before the upgrade")
    set_aside([undecodable(record(foreign), older)], house.publisher, house.quarantine, FixedClock(NOW))
    later = FixedClock(NOW + dt.timedelta(days=1))
    consume([record(early), record(foreign)], house.store, house.quarantine, house.publisher, later)
    assert house.quarantine.released == set()
    again = [record(each, headers={"redriven_from": b"stock_prices_raw_dead_letter:0:0"}) for each in (early, foreign)]
    consume(again, house.store, house.quarantine, house.publisher, later)
    assert house.quarantine.released == set(house.quarantine.kept)


def test_two_faulty_bars_under_one_event_id_are_both_kept(house):
    result = house.consume([record(bar(close=0, event_id="same")), record(bar(volume=-1, event_id="same"), offset=1)])
    assert result.quarantined == {"non_positive_price": 1, "negative_volume": 1}
    assert len(house.publisher.sent) == len(house.quarantine.kept) == 2


@pytest.mark.parametrize("away", ["store", "quarantine", "publisher"])
def test_whatever_is_away_the_batch_comes_again_whole(house, away):
    batch = [record(each) for each in (*days(3), bar(close=0))]
    getattr(house, away).down = True
    with pytest.raises(RetryableError):
        house.consume(batch)
    if away == "publisher":
        assert not house.quarantine.kept, "quarantine must not know what no dead letter tells of"
    getattr(house, away).down = False
    result = house.consume(batch)
    assert (result.stored, result.quarantined) == (3, {"non_positive_price": 1})
    assert len(house.quarantine.kept) == 1
    assert house.publisher.sent


@pytest.mark.parametrize(("name", "digits"), [("volume", 30), ("close", 400), ("adjusted_close", 4_200)])
def test_a_number_beyond_64_bits_is_undecodable(house, name, digits):
    fields = json.loads(bar().model_dump_json()) | {name: 10**digits}
    result = house.consume([record(json.dumps(fields).encode())])
    assert result.quarantined == {"undecodable": 1}
    assert house.publisher.sent[0].headers["detail"].startswith(name.encode())


def test_a_key_that_is_missing_or_no_text_does_no_harm(house):
    house.consume([record(b"a", key=None), record(b"b", key=b"\xff")])
    assert [each.key for each in house.publisher.sent] == ["", "\ufffd"]
    assert {each.key for each in house.quarantine.kept.values()} == {None, b"\xff"}


versions = st.lists(
    st.builds(
        lambda day, minute, close: bar(
            time=dt.date(2025, 8, day), close=close, ingested_at=NOW + dt.timedelta(minutes=minute)
        ),
        st.integers(1, 3),
        st.integers(0, 3),
        st.sampled_from([100_000, 101_000, 0]),
    ),
    max_size=12,
)


@given(versions, st.randoms(use_true_random=False), st.integers(1, 4))
def test_the_counts_add_up_and_the_order_of_arrival_never_matters(bars, shuffler: random.Random, size):
    straight, shuffled = House(), House()
    straight.consume([record(each) for each in bars])
    repeated = bars * 2
    shuffler.shuffle(repeated)
    for start in range(0, len(repeated), size):
        batch = repeated[start : start + size]
        result = shuffled.consume([record(each) for each in batch])
        assert result.stored + result.unchanged + sum(result.quarantined.values()) == len(batch)
    assert shuffled.store.kept == straight.store.kept
    assert set(shuffled.quarantine.kept) == set(straight.quarantine.kept)
