"""Both handlers with their own wiring over real servers, fed with the event that Lambda sends."""

import json
from dataclasses import dataclass

import pytest
from kafka import KafkaConsumer, TopicPartition

from functions.aggregation import handler as aggregation
from functions.aggregation import wiring as aggregation_wiring
from functions.kafka_consumer import handler as consumer
from functions.kafka_consumer import wiring as consumer_wiring
from infra.topology import Topic
from local.embedded.kafka import create_topics
from stock_ai.models import topics as names
from stock_ai.models.base import Interval
from stock_ai.storage.insights import RedisInsightStore
from stock_ai.storage.prices import MongoPriceStore
from stock_ai.storage.quarantine import MongoQuarantine
from tests.fakes.messages import ai_analysis, bar, kafka_event, llm_analysis, record


@dataclass
class Context:
    function_name: str = "test"
    memory_limit_in_mb: int = 128
    invoked_function_arn: str = "arn:aws:lambda:ap-southeast-1:000000000000:function:test"
    aws_request_id: str = "request"


@pytest.fixture
def environment(monkeypatch, kafka_bootstrap, mongo_uri, mongo_database, redis_url):
    create_topics(kafka_bootstrap, [Topic(name, 1, 1) for name in (*names.TOPICS, *names.DEAD_LETTER_TOPICS)])
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka_bootstrap)
    monkeypatch.setenv("MONGODB_URI", mongo_uri)
    monkeypatch.setenv("MONGODB_DATABASE", mongo_database.name)
    monkeypatch.setenv("REDIS_URL", redis_url)
    wirings = consumer_wiring.build, aggregation_wiring.build
    for build in wirings:
        build.cache_clear()
    yield
    for build in wirings:
        if build.cache_info().currsize:
            build().publisher.close()
        build.cache_clear()


def end_of(kafka_bootstrap, topic):
    reader = KafkaConsumer(bootstrap_servers=kafka_bootstrap, group_id=None)
    partition = TopicPartition(topic, 0)
    try:
        return reader.end_offsets([partition])[partition]
    finally:
        reader.close()


def emitted(text, name):
    """The value of one metric in the JSON lines a function wrote."""
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [line[name] for line in lines if name in line]


@pytest.mark.usefixtures("environment")
def test_bars_are_stored_and_faults_are_set_aside(kafka_bootstrap, mongo_database, capsys):
    dead = names.dead_letter(names.STOCK_PRICES_RAW)
    before = end_of(kafka_bootstrap, dead)
    event = kafka_event([record(bar()), record(b"poison", offset=1), record(bar("VCB", close=0), offset=2)])
    answer = consumer.handler(event, Context())
    assert answer == {
        "batchItemFailures": [],
        "stored": 1,
        "unchanged": 0,
        "quarantined": {"undecodable": 1, "non_positive_price": 1},
    }
    assert MongoPriceStore(mongo_database).bars("FPT", Interval.DAY, None, None, 9) == [bar()]
    assert MongoQuarantine(mongo_database).counts_by_reason() == {"non_positive_price": 1, "undecodable": 1}
    assert end_of(kafka_bootstrap, dead) == before + 2
    written = capsys.readouterr().out
    assert (emitted(written, "BarsStored"), emitted(written, "BarsQuarantined")) == ([[1.0]], [[2.0]])

    again = consumer.handler(event, Context())
    assert (again["stored"], again["unchanged"], again["quarantined"]) == (0, 1, answer["quarantined"])
    assert end_of(kafka_bootstrap, dead) == before + 2


@pytest.mark.usefixtures("environment")
def test_analyses_become_an_insight(redis_client, mongo_database, capsys):
    event = kafka_event(
        [
            record(ai_analysis(), names.AI_ANALYSIS_RESULTS),
            record(b"[]", names.AI_ANALYSIS_RESULTS, offset=1),
            record(llm_analysis(), names.LLM_ANALYSIS_RESULTS),
        ]
    )
    answer = aggregation.handler(event, Context())
    assert answer == {"batchItemFailures": [], "accepted": 2, "insights": 1, "quarantined": {"undecodable": 1}}
    insight = RedisInsightStore(redis_client).get("FPT")
    assert (insight.ai, insight.llm) == (ai_analysis(), llm_analysis())
    assert mongo_database["analyses"].count_documents({}) == 2
    assert emitted(capsys.readouterr().out, "InsightsChanged") == [[1.0]]
    assert aggregation.handler(event, Context())["insights"] == 0
