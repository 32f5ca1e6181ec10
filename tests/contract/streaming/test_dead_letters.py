"""`DeadLetters` over a real broker."""

import datetime as dt

import pytest

from infra.topology import Topic
from local.embedded.kafka import create_topics
from stock_ai.errors import InvalidInputError, NotFoundError, RetryableError
from stock_ai.models import topics as names
from stock_ai.settings import KafkaSettings
from stock_ai.streaming.dead_letters import DeadLetters, dead_letter_headers
from stock_ai.streaming.publisher import KafkaPublisher
from tests.fakes.clock import FixedClock
from tests.fakes.messages import NOW
from tests.fakes.publisher import RecordingPublisher

AI_DEAD = names.dead_letter(names.AI_ANALYSIS_RESULTS)


class MemoryRedriveLog:
    def __init__(self):
        self.kept = {}
        self.let_through = set()

    def known(self):
        return set(self.kept)

    def record(self, letter_ids, redriven_at):
        self.kept |= dict.fromkeys(letter_ids, redriven_at)

    def settled(self):
        return self.let_through


@pytest.fixture
def settings(kafka_bootstrap):
    create_topics(kafka_bootstrap, [Topic(name, 1, 1) for name in (*names.TOPICS, *names.DEAD_LETTER_TOPICS)])
    return KafkaSettings.model_validate({"KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap})


@pytest.fixture
def publisher(settings):
    publisher = KafkaPublisher(settings)
    yield publisher
    publisher.close()


@pytest.fixture
def log():
    return MemoryRedriveLog()


@pytest.fixture
def letters(settings, log):
    return DeadLetters(settings, log, FixedClock(NOW))


def publish(publisher, letters, *values, topic=names.STOCK_PRICES_RAW):
    """Put dead letters on their topic; what was there before is no part of the test."""
    before = {letter.id for letter in letters.list(topic, include_done=True)}
    for offset, value in enumerate(values):
        headers = dead_letter_headers(
            reason="undecodable",
            detail="câu: thiếu",
            source_topic=topic,
            source_partition=3,
            source_offset=offset,
            failed_at=NOW,
        )
        publisher.publish(names.dead_letter(topic), "FPT", value, headers)
    publisher.flush()
    return [letter for letter in letters.list(topic, include_done=True) if letter.id not in before]


def test_dead_letters_are_listed_with_all_they_tell(publisher, letters):
    first, second = publish(publisher, letters, b"\x00\xff", b"{}")
    assert (first.reason, first.detail, first.key, first.value) == ("undecodable", "câu: thiếu", "FPT", b"\x00\xff")
    assert (first.source_topic, first.source_partition, first.source_offset) == (names.STOCK_PRICES_RAW, 3, 0)
    assert dt.datetime.fromisoformat(first.failed_at) == NOW
    assert not first.redriven
    assert letters.get(second.id) == second
    assert letters.list(names.STOCK_PRICES_RAW) == letters.list(names.STOCK_PRICES_RAW), "reading commits nothing"


def test_all_topics_are_listed_unless_one_is_named(publisher, letters):
    (letter,) = publish(publisher, letters, b"x", topic=names.AI_ANALYSIS_RESULTS)
    assert letter in letters.list()
    assert letter not in letters.list(names.STOCK_PRICES_RAW)


def test_a_redriven_letter_goes_to_its_source_once_and_is_open_no_more(publisher, letters):
    first, second = publish(publisher, letters, b"one", b"two")
    sent = RecordingPublisher()
    assert letters.redrive([first.id], sent) == [first]
    (message,) = sent.sent
    assert (message.topic, message.key, message.value) == (names.STOCK_PRICES_RAW, "FPT", b"one")
    assert message.headers == {"redriven_from": first.id.encode()}
    open_ids = {letter.id for letter in letters.list()}
    assert second.id in open_ids
    assert first.id not in open_ids
    assert letters.get(first.id).redriven
    assert first.id in {letter.id for letter in letters.list(include_done=True) if letter.redriven}


def test_a_letter_whose_redrive_was_not_acknowledged_stays_open(publisher, letters):
    (letter,) = publish(publisher, letters, b"one")
    with pytest.raises(RetryableError):
        letters.redrive([letter.id], RecordingPublisher(down=True))
    assert letter in letters.list()


def test_a_letter_whose_record_was_let_through_quarantine_is_settled_and_not_sent_again(publisher, letters, log):
    first, copy, other = publish(publisher, letters, b"bad bar", b"bad bar", b"other")
    (elsewhere,) = publish(publisher, letters, b"bad bar", topic=names.AI_ANALYSIS_RESULTS)
    log.let_through = {(names.STOCK_PRICES_RAW, b"bad bar")}
    open_ids = {letter.id for letter in letters.list()}
    assert {other.id, elsewhere.id} <= open_ids
    assert not {first.id, copy.id} & open_ids
    assert (letters.get(copy.id).settled, letters.get(other.id).settled) == (True, False)
    sent = RecordingPublisher()
    with pytest.raises(InvalidInputError, match=f"{copy.id}: corrected or released"):
        letters.redrive([other.id, copy.id], sent)
    assert (sent.sent, log.kept) == ([], {})


def test_nothing_is_sent_when_one_of_the_letters_is_unknown(publisher, letters):
    (letter,) = publish(publisher, letters, b"one")
    sent = RecordingPublisher()
    with pytest.raises(NotFoundError, match="999999"):
        letters.redrive([letter.id, f"{AI_DEAD}:0:999999"], sent)
    assert not sent.sent


@pytest.mark.parametrize(
    "letter_id", ["", "x", "stock_prices_raw:0:0", f"{AI_DEAD}:0", f"{AI_DEAD}:-1:0", f"{AI_DEAD}:0:a"]
)
def test_an_id_of_another_form_is_refused(letters, letter_id):
    with pytest.raises(InvalidInputError, match="topic:partition:offset"):
        letters.get(letter_id)


def test_a_partition_that_does_not_exist_holds_no_letter(letters):
    with pytest.raises(NotFoundError):
        letters.get(f"{AI_DEAD}:77:0")


def test_a_topic_that_has_no_dead_letters_is_refused(letters):
    with pytest.raises(InvalidInputError, match="nonsense"):
        letters.list("nonsense")


def test_a_foreign_record_without_headers_is_shown(publisher, letters):
    before = {letter.id for letter in letters.list()}
    publisher.publish(AI_DEAD, "FPT", b"foreign")
    publisher.flush()
    (letter,) = (letter for letter in letters.list() if letter.id not in before)
    assert (letter.source_topic, letter.source_offset, letter.reason) == (names.AI_ANALYSIS_RESULTS, None, "")


def test_an_absent_broker_is_retryable():
    away = DeadLetters(KafkaSettings.model_validate({"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}), MemoryRedriveLog())
    with pytest.raises(RetryableError):
        away.list()
