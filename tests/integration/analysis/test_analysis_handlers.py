"""Both handlers with real servers: bars in MongoDB, a model in a folder, analyses on the topic."""

from __future__ import annotations

import dataclasses
import datetime as dt
import subprocess
import sys
from dataclasses import dataclass

import pytest
from kafka import KafkaConsumer, TopicPartition

from functions.ai_analysis import handler as analysis
from functions.ai_analysis import wiring as analysis_wiring
from functions.model_training import handler as training
from functions.model_training import wiring as training_wiring
from infra.topology import Topic
from local.embedded.kafka import create_topics
from local.events import schedule_event
from stock_ai.errors import InvalidInputError, NotFoundError, RunAbortedError
from stock_ai.models.analysis import AiAnalysis
from stock_ai.models.base import Interval
from stock_ai.models.topics import AI_ANALYSIS_RESULTS
from stock_ai.storage.prices import MongoPriceStore
from stock_ai.storage.quality import MongoQualityStore
from tests.fakes.messages import bar
from tests.fakes.panels import COLUMNS, random_bars, random_panel, tail

NOW = dt.datetime(2025, 8, 26, 8, 20, tzinfo=dt.UTC)
STOCKS, COUNT = 12, 350


@dataclass
class Context:
    function_name: str
    memory_limit_in_mb: int = 2048
    invoked_function_arn: str = "arn:aws:lambda:ap-southeast-1:000000000000:function:test"
    aws_request_id: str = "1"
    remaining_ms: int = 600_000

    def get_remaining_time_in_millis(self):
        return self.remaining_ms


def messages(bars):
    rows = zip(bars.dates.tolist(), *(getattr(bars, name).tolist() for name in COLUMNS), strict=True)
    for date, *numbers in rows:
        prices = {name: int(value) for name, value in zip(COLUMNS, numbers, strict=True)}
        yield bar(bars.symbol, date, interval=Interval.DAY, source=bars.source, **prices)


@pytest.fixture
def environment(monkeypatch, kafka_bootstrap, mongo_uri, mongo_database, tmp_path):
    for name, value in {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
        "MONGODB_URI": mongo_uri,
        "MONGODB_DATABASE": mongo_database.name,
        "MODEL_REGISTRY": str(tmp_path / "models"),
        "PANEL_SNAPSHOT": str(tmp_path / "daily.panel"),
    }.items():
        monkeypatch.setenv(name, value)
    create_topics(kafka_bootstrap, [Topic(AI_ANALYSIS_RESULTS, partitions=6, retention_hours=1)])
    analysis_wiring.build.cache_clear()
    training_wiring.build.cache_clear()
    yield mongo_database
    if analysis_wiring.build.cache_info().currsize:
        analysis_wiring.build().publisher.close()
    analysis_wiring.build.cache_clear()
    training_wiring.build.cache_clear()


def event(**detail):
    return schedule_event("close", NOW, detail)


def published(kafka_bootstrap, work):
    """What `work` returns and the analyses that it put on the topic, by key."""
    consumer = KafkaConsumer(bootstrap_servers=kafka_bootstrap, group_id=None, enable_auto_commit=False)
    partitions = [TopicPartition(AI_ANALYSIS_RESULTS, p) for p in consumer.partitions_for_topic(AI_ANALYSIS_RESULTS)]
    consumer.assign(partitions)
    before = consumer.end_offsets(partitions)
    answer = work()
    missing = sum(consumer.end_offsets(partitions).values()) - sum(before.values())
    for partition in partitions:
        consumer.seek(partition, before[partition])
    found = {}
    while len(found) < missing:
        polled = consumer.poll(timeout_ms=10_000)
        assert polled, f"{missing} analyses were sent, {len(found)} came"
        for records in polled.values():
            found.update({record.key.decode(): AiAnalysis.model_validate_json(record.value) for record in records})
    consumer.close()
    return answer, found


def test_bars_become_a_model_and_then_analyses(environment, kafka_bootstrap):
    store = MongoPriceStore(environment)
    for bars in (*random_panel(STOCKS, COUNT), tail(random_bars("NEW", COUNT), 30)):
        store.upsert(list(messages(bars)))

    answer, found = published(kafka_bootstrap, lambda: analysis.handler(event(), Context("ai_analysis")))
    assert answer == {
        "analyses": STOCKS + 1,
        "published": STOCKS + 1,
        "known": 0,
        "left": 0,
        "unfinished": False,
        "signals": {},
        "withheld": {"new_listing": 1, "no_model": STOCKS},
        "model": None,
    }

    quality = MongoQualityStore(environment).market()
    assert (quality.symbols, quality.bars, quality.simulated) == (STOCKS + 1, STOCKS * COUNT + 30, True)

    card = training.handler(event(), Context("model_training"))
    assert card["simulated"] is True
    assert card["symbols"] == STOCKS

    answer, found = published(kafka_bootstrap, lambda: analysis.handler(event(), Context("ai_analysis")))
    assert answer["model"] == card["version"]
    assert sum(answer["signals"].values()) == STOCKS
    assert answer["withheld"] == {"new_listing": 1}
    # What was said of the new listing is known; the model speaks of all others.
    assert (answer["published"], answer["known"], len(found)) == (STOCKS, 1, STOCKS)
    assert {one.model.version for one in found.values()} == {card["version"]}

    for asked in (event(symbols=["s03"]), event()):
        answer, none = published(kafka_bootstrap, lambda asked=asked: analysis.handler(asked, Context("ai_analysis")))
        assert (answer["published"], answer["known"], none) == (0, answer["analyses"], {})

    newer = random_bars("S03", COUNT + 1)
    store.upsert(list(messages(newer))[-1:])
    answer, found = published(kafka_bootstrap, lambda: analysis.handler(event(), Context("ai_analysis")))
    assert set(found) == {"S03"}
    assert (found["S03"].bars, found["S03"].as_of) == (COUNT + 1, newer.last_date)


def test_a_run_without_time_leaves_all_to_the_next(environment, kafka_bootstrap):
    store = MongoPriceStore(environment)
    for bars in random_panel(3, 15):
        store.upsert(list(messages(bars)))
    short = Context("ai_analysis", remaining_ms=1_000)
    answer, found = published(kafka_bootstrap, lambda: analysis.handler(event(), short))
    assert (answer["unfinished"], answer["left"], found) == (True, 3, {})
    # No time for the report on quality either.
    assert MongoQualityStore(environment).market() is None
    answer, found = published(kafka_bootstrap, lambda: analysis.handler(event(), Context("ai_analysis")))
    assert (answer["unfinished"], answer["published"], len(found)) == (False, 3, 3)


def test_too_few_bars_and_wrong_events_are_told(environment):
    MongoPriceStore(environment).upsert(list(messages(dataclasses.replace(random_bars("FPT", 30), source="csv"))))
    with pytest.raises(RunAbortedError, match="0 complete rows in 0 sessions"):
        training.handler(event(), Context("model_training"))
    with pytest.raises(NotFoundError, match="symbols: 'XXX'"):
        analysis.handler(event(symbols=["XXX"]), Context("ai_analysis"))
    with pytest.raises(InvalidInputError, match=r"detail\.symbols 'FPT'"):
        analysis.handler(event(symbols="FPT"), Context("ai_analysis"))


def test_the_quality_report_goes_by_the_operators_closures(environment, monkeypatch, tmp_path):
    closures = tmp_path / "own.yaml"
    closures.write_text("closures:\n  2022-01-12: system down\n")
    monkeypatch.setenv("CLOSURES_FILE", str(closures))
    store = MongoPriceStore(environment)
    for bars in random_panel(3, 15):  # From Monday 2022-01-03, a closure of the packaged calendar.
        store.upsert(list(messages(bars)))
    analysis.handler(event(), Context("ai_analysis"))
    odd = MongoQualityStore(environment).market().unexpected_sessions
    assert [session.date for session in odd] == [dt.date(2022, 1, 3), dt.date(2022, 1, 12)]


@pytest.mark.parametrize("function", ["ai_analysis", "model_training"])
def test_importing_a_handler_connects_to_nothing(function):
    code = f"import socket\nsocket.socket.connect = None\nimport functions.{function}.handler\n"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
