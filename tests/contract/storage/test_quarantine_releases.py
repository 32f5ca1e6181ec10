"""What an operator does about quarantined bars, over MongoDB and Kafka, up to the store of prices."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pymongo
import pytest
from kafka import KafkaConsumer, TopicPartition

from functions.kafka_consumer.service import ConsumedBars, consume
from infra.topology import Topic
from local.embedded.kafka import create_topics
from stock_ai.errors import InvalidInputError, NotFoundError, RetryableError
from stock_ai.models import topics
from stock_ai.models.base import Interval
from stock_ai.releasing import Releases
from stock_ai.settings import KafkaSettings, MongoSettings
from stock_ai.storage.mongo import database
from stock_ai.storage.prices import MongoPriceStore
from stock_ai.storage.quarantine import Filter, MongoQuarantine, Release
from stock_ai.storage.redrives import MongoRedriveLog
from stock_ai.streaming.dead_letters import DeadLetters
from stock_ai.streaming.publisher import KafkaPublisher
from stock_ai.streaming.records import KafkaRecord
from tests.fakes.clock import FixedClock
from tests.fakes.messages import NOW, bar, record
from tests.fakes.publisher import RecordingPublisher
from tests.fakes.quarantine import quarantined

DAY = dt.date(2025, 8, 22)


def names(found):
    return [kept.record.record_id for kept in found]


@pytest.fixture
def store(mongo_database):
    """Twelve records, four at the same instant each; every other one of VCB."""
    store = MongoQuarantine(mongo_database)
    store.add(
        [
            quarantined(
                bar("VCB" if n % 2 else "FPT", close=-n, source="csv" if n < 6 else "vnstock"),
                "negative_volume" if n == 3 else "non_positive_price",
                record_id=f"{n:02}",
                quarantined_at=NOW + dt.timedelta(minutes=n // 4),
            )
            for n in range(12)
        ]
    )
    return store


NEWEST_FIRST = [f"{n:02}" for n in reversed(range(12))]


@pytest.mark.parametrize("limit", [1, 3, 4, 5, 12, 13])
def test_pages_of_records_meet_without_gap_or_overlap(store, limit):
    seen, after = [], None
    while page := store.list(Filter(), limit, after):
        assert len(page) <= limit
        seen += names(page)
        after = seen[-1]
        # A newer record does not move the pages that follow.
        store.add([quarantined(b"", record_id=f"new{len(seen):02}", quarantined_at=NOW + dt.timedelta(hours=1))])
    assert seen == NEWEST_FIRST


def test_records_are_found_by_what_they_name(store):
    store.add(
        [quarantined(b"\xff", record_id="junk", key=b"HPG"), quarantined(b'{"symbol": 5}', record_id="k", key=None)]
    )
    assert names(store.list(Filter(reason="negative_volume"), 50)) == ["03"]
    assert names(store.list(Filter(symbol="VCB", source="csv"), 50)) == ["05", "03", "01"]
    assert names(store.list(Filter(since=NOW + dt.timedelta(minutes=2)), 50)) == NEWEST_FIRST[:4]
    assert names(store.list(Filter(symbol="VCB", since=NOW + dt.timedelta(minutes=1)), 2, after="11")) == ["09", "07"]
    assert names(store.list(Filter(symbol="HPG"), 50)) == ["junk"], "the key speaks for a value that cannot be read"
    assert store.get("k").symbol is None
    kept = store.get("03")
    assert (kept.symbol, kept.source, kept.released_at) == ("VCB", "csv", None)
    assert kept.record == quarantined(
        bar("VCB", close=-3), "negative_volume", record_id="03", quarantined_at=NOW
    )  # fmt: skip


def test_a_released_record_is_known_and_counted_no_more(store):
    before = store.counts_by_reason()
    assert before == {"negative_volume": 1, "non_positive_price": 11}
    assert store.counts_by_reason("VCB") == {"negative_volume": 1, "non_positive_price": 5}
    store.mark_released("03", NOW)
    store.mark_released("05", NOW)
    assert store.counts_by_reason() == {"non_positive_price": 10}
    assert store.counts_by_reason("VCB") == {"non_positive_price": 4}
    assert names(store.list(Filter(symbol="VCB"), 50)) == ["11", "09", "07", "01"]
    assert "03" in names(store.list(Filter(symbol="VCB", released=True), 50))
    assert store.known(["03", "05"]) == {"03", "05"}
    assert store.get("03").released_at == NOW
    # The same content from the source again stays released: its decision stands.
    store.add([store.get("03").record])
    assert store.get("03").released_at == NOW


def test_a_record_of_an_older_release_is_quarantined_still(store, mongo_database):
    store.add([quarantined(b"\xff", record_id="12", key=b"VCB"), quarantined(b"{}", record_id="13", key=b"HPG")])
    before = store.list(Filter(), 50)
    records = mongo_database["quarantine"]
    # Key and symbol are the same in all records but those that this file makes.
    records.update_many({"symbol": "VCB"}, {"$set": {"key": b"VCB"}})
    records.update_many({}, {"$unset": {"released_at": "", "symbol": "", "source": ""}})
    assert names(store.list(Filter(), 50)) == names(before)
    assert [(each.symbol, each.source) for each in store.list(Filter(), 50)] == [
        (each.symbol, each.source) for each in before
    ]
    assert (store.get("03").symbol, store.get("12").symbol, store.get("13").symbol) == ("VCB", "VCB", "HPG")
    assert (store.get("03").source, store.get("12").source) == ("csv", None)
    assert names(store.list(Filter(symbol="VCB"), 50)) == ["11", "09", "07", "05", "12", "03", "01"]
    assert names(store.list(Filter(symbol="VCB"), 2, after="05")) == ["12", "03"]
    assert store.counts_by_reason("VCB") == {"negative_volume": 1, "non_positive_price": 5, "undecodable": 1}
    store.mark_released("03", NOW)
    assert "03" not in names(store.list(Filter(symbol="VCB"), 50))


def test_a_released_record_that_was_refused_is_quarantined_again_and_any_other_stays_released(store):
    for name in ("03", "05"):
        store.mark_released(name, NOW)
    copy = store.get("03").record
    store.add([dataclasses.replace(copy, offset=9, headers=(("redriven_from", b"quarantine:03"),))])
    store.add([dataclasses.replace(store.get("05").record, headers=(("redriven_from", b"a_dead_letter:0:1"),))])
    again = store.get("03")
    assert (again.released_at, again.refusals, again.record) == (None, 1, copy)
    assert store.get("05").released_at == NOW
    assert store.released() == {("stock_prices_raw", store.get("05").record.value)}
    # What was read before the refusal does not mark it as released.
    store.mark_released("03", NOW)
    assert store.get("03").released_at is None
    store.mark_released("03", NOW, again.refusals)
    assert store.get("03").released_at == NOW


def test_decisions_are_only_added_to(store):
    first = Release("03", "an", "câu: sai", NOW, "e1", {"close": ("-3", "99000")})
    second = Release("03", "bình", "again", NOW + dt.timedelta(seconds=1), "e2")
    for release in (second, first, Release("04", "an", "other", NOW, "e3")):
        store.record_release(release)
    assert store.releases("03") == [first, second]
    assert store.releases("99") == []


def test_an_unknown_record_is_not_found(store):
    for ask in (lambda: store.get("99"), lambda: store.list(Filter(), 5, after="99")):
        with pytest.raises(NotFoundError, match="'99'"):
            ask()


def test_an_absent_server_is_retryable():
    away = MongoQuarantine(database(MongoSettings.model_validate({"MONGODB_URI": "mongodb://127.0.0.1:1"})))
    for call in (
        lambda: away.list(Filter(), 1),
        lambda: away.get("a"),
        lambda: away.releases("a"),
        lambda: away.record_release(Release("a", "b", "c", NOW, "e")),
        lambda: away.mark_released("a", NOW),
        away.released,
        away.counts_by_reason,
    ):
        with pymongo.timeout(0.3), pytest.raises(RetryableError):
            call()


class Pipeline:
    """The topic of raw prices and the consumer behind it; `clock` is that of consumer and operator."""

    def __init__(self, bootstrap, mongo_database):
        create_topics(
            bootstrap, [Topic(name, 1, 1) for name in (topics.STOCK_PRICES_RAW, topics.DEAD_LETTER_TOPICS[0])]
        )
        self.bootstrap = bootstrap
        settings = KafkaSettings.model_validate({"KAFKA_BOOTSTRAP_SERVERS": bootstrap})
        self.publisher = KafkaPublisher(settings)
        self.prices, self.quarantine = MongoPriceStore(mongo_database), MongoQuarantine(mongo_database)
        self.releases = Releases(self.quarantine, self.publisher)
        self.letters = DeadLetters(settings, MongoRedriveLog(mongo_database))
        self.clock = FixedClock(NOW)
        self.read = self._end(topics.STOCK_PRICES_RAW)
        self.first_letter = self.dead_letters()

    def _end(self, topic):
        reader = KafkaConsumer(bootstrap_servers=self.bootstrap, group_id=None)
        try:
            return reader.end_offsets([TopicPartition(topic, 0)])[TopicPartition(topic, 0)]
        finally:
            reader.close()

    def dead_letters(self):
        return self._end(topics.dead_letter(topics.STOCK_PRICES_RAW))

    def open_letters(self):
        """The open dead letters of this test; the broker keeps those of others."""
        found = self.letters.list(topics.STOCK_PRICES_RAW)
        return [letter.id for letter in found if int(letter.id.rpartition(":")[2]) >= self.first_letter]

    def arrive(self, *records):
        return consume(records, self.prices, self.quarantine, self.publisher, self.clock)

    def consume_what_was_sent(self):
        """The consumer's answer to all that came to the topic since the last time."""
        end = self._end(topics.STOCK_PRICES_RAW)
        partition = TopicPartition(topics.STOCK_PRICES_RAW, 0)
        reader = KafkaConsumer(bootstrap_servers=self.bootstrap, group_id=None)
        found = []
        try:
            reader.assign([partition])
            reader.seek(partition, self.read)
            while reader.position(partition) < end:
                found += reader.poll(timeout_ms=1000).get(partition, [])
        finally:
            reader.close()
        self.read = end
        return self.arrive(
            *(KafkaRecord(r.topic, r.partition, r.offset, r.value, r.key, dict(r.headers)) for r in found)
        )

    def stored(self, day=DAY):
        return list(self.prices.bars("FPT", Interval.DAY, day, day, 5))

    def quarantined(self):
        return names(self.quarantine.list(Filter(), 50))


@pytest.fixture
def pipeline(kafka_bootstrap, mongo_database):
    pipeline = Pipeline(kafka_bootstrap, mongo_database)
    yield pipeline
    pipeline.publisher.close()


def act(pipeline, how, *arguments):
    return how(*arguments, by="an", note="checked", now=pipeline.clock())


def test_a_corrected_bar_reaches_the_store_through_the_consumer(pipeline):
    bad = bar(close=0)
    assert pipeline.arrive(record(bad)).quarantined == {"non_positive_price": 1}
    (name,) = pipeline.quarantined()
    pipeline.clock.advance(hours=1)
    release = act(pipeline, pipeline.releases.correct, name, {"close": 101_500})
    assert pipeline.consume_what_was_sent().stored == 1
    (kept,) = pipeline.stored()
    assert (kept.close, kept.source, kept.event_id, kept.ingested_at) == (101_500, "csv", release.event_id, release.at)
    assert (pipeline.quarantined(), pipeline.quarantine.counts_by_reason()) == ([], {})
    assert pipeline.quarantine.releases(name) == [release]
    # The source sends the same fault again, as it will with every collection: it neither returns nor replaces.
    letters = pipeline.dead_letters()
    pipeline.arrive(record(bad))
    assert (pipeline.stored(), pipeline.quarantined(), pipeline.dead_letters()) == ([kept], [], letters)


def test_a_correction_replaces_a_bar_that_is_stored_already(pipeline):
    pipeline.arrive(
        record(bar(close=100_500)), record(bar(close=0, ingested_at=NOW + dt.timedelta(minutes=1)), offset=1)
    )
    (name,) = pipeline.quarantined()
    pipeline.clock.advance(hours=1)
    act(pipeline, pipeline.releases.correct, name, {"close": 101_500})
    pipeline.consume_what_was_sent()
    assert [kept.close for kept in pipeline.stored()] == [101_500]


def test_a_bar_of_the_future_is_released_when_it_has_come_and_replaces_nothing_newer(pipeline):
    tomorrow = NOW.date() + dt.timedelta(days=1)
    pipeline.arrive(record(bar(time=tomorrow, close=100_500)))
    (name,) = pipeline.quarantined()
    with pytest.raises(InvalidInputError, match="future_time"):
        act(pipeline, pipeline.releases.release, name)
    pipeline.clock.advance(days=2)
    act(pipeline, pipeline.releases.release, name)
    assert pipeline.consume_what_was_sent().stored == 1
    assert [kept.close for kept in pipeline.stored(tomorrow)] == [100_500]
    newer = bar(time=tomorrow, close=101_900, ingested_at=pipeline.clock())
    pipeline.arrive(record(newer))
    pipeline.quarantine.add([quarantined(bar(time=tomorrow, close=100_700), "future_time", record_id="late")])
    act(pipeline, pipeline.releases.release, "late")
    assert pipeline.consume_what_was_sent().unchanged == 1
    assert [kept.close for kept in pipeline.stored(tomorrow)] == [101_900]


def test_a_released_record_that_the_consumer_refuses_gets_a_dead_letter(pipeline):
    ahead = bar(time=NOW.date() + dt.timedelta(days=1))
    pipeline.arrive(record(ahead))
    (name,) = pipeline.quarantined()
    letters = pipeline.dead_letters()
    # The consumer's clock is behind the operator's.
    pipeline.releases.release(name, by="an", note="early", now=NOW + dt.timedelta(days=2))
    assert pipeline.consume_what_was_sent().quarantined == {"future_time": 1}
    assert pipeline.dead_letters() == letters + 1
    assert pipeline.quarantined() == [name]
    assert len(pipeline.open_letters()) == 2
    # Once it is let through in earnest all its letters are settled.
    pipeline.clock.advance(days=2)
    act(pipeline, pipeline.releases.release, name)
    assert pipeline.consume_what_was_sent().stored == 1
    assert (pipeline.quarantined(), pipeline.open_letters()) == ([], [])


def test_a_redrive_brings_nothing_back_that_was_corrected(pipeline):
    pipeline.arrive(record(bar(close=0)), record(bar("VCB", close=0), offset=1, key=b"VCB"))
    (name,) = names(pipeline.quarantine.list(Filter(symbol="FPT"), 5))
    of_fpt, of_vcb = pipeline.open_letters()
    pipeline.clock.advance(hours=1)
    # One redrive fails before the correction, one is on its way to the consumer while it is made.
    pipeline.letters.redrive([of_fpt], pipeline.publisher)
    pipeline.consume_what_was_sent()
    failed_again = pipeline.open_letters()[-1]
    pipeline.letters.redrive([failed_again], pipeline.publisher)
    act(pipeline, pipeline.releases.correct, name, {"close": 101_500})
    result = pipeline.consume_what_was_sent()
    assert (result.stored, result.quarantined) == (1, {"non_positive_price": 1})
    assert pipeline.open_letters() == [of_vcb]
    for letter in (of_fpt, failed_again):
        with pytest.raises(InvalidInputError, match="corrected or released"):
            pipeline.letters.redrive([letter], pipeline.publisher)
    assert pipeline.consume_what_was_sent() == ConsumedBars(0, 0)
    assert [kept.close for kept in pipeline.stored()] == [101_500]
    assert names(pipeline.quarantine.list(Filter(symbol="FPT"), 5)) == []


def test_a_correction_that_was_not_sent_leaves_the_dead_letter_open(pipeline):
    pipeline.arrive(record(bar(close=0)))
    (name,) = pipeline.quarantined()
    down = Releases(pipeline.quarantine, RecordingPublisher(down=True))
    with pytest.raises(RetryableError):
        act(pipeline, down.correct, name, {"close": 101_500})
    assert len(pipeline.open_letters()) == 1
