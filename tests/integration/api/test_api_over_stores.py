"""The API and llm_analysis over real MongoDB, Redis and Kafka, wired as in production."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient
from kafka.errors import KafkaError

from api.app import create_app
from api.probes import kafka_probe
from api.services import LlmTerms
from api.wiring import connect
from functions.llm_analysis import handler as llm_door
from functions.llm_analysis import wiring as llm_wiring
from infra.topology import Topic
from local.embedded.kafka import create_topics
from stock_ai.errors import NotFoundError
from stock_ai.models import topics
from stock_ai.models.llm import Explained
from stock_ai.settings import KafkaSettings, LlmSettings, MongoSettings, RedisSettings
from stock_ai.storage.insight_reader import MongoInsightReader
from stock_ai.storage.insights import RedisInsightStore
from stock_ai.storage.prices import MongoPriceStore
from tests.fakes.api_services import make_analysis, make_bar

CONTEXT = SimpleNamespace(
    function_name="llm_analysis",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:ap-southeast-1:000000000000:function:llm_analysis",
    aws_request_id="request-1",
    get_remaining_time_in_millis=lambda: 60_000,
)


@pytest.fixture
def llm(monkeypatch, redis_client, redis_url, kafka_bootstrap, mongo_uri, mongo_database):
    """The real handler of llm_analysis with the settings of a deployed one, without a key."""
    create_topics(kafka_bootstrap, [Topic(topics.LLM_ANALYSIS_RESULTS, partitions=1, retention_hours=1)])
    monkeypatch.setenv("MONGODB_URI", mongo_uri)
    monkeypatch.setenv("MONGODB_DATABASE", mongo_database.name)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka_bootstrap)
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "LLM_PROVIDER", "LLM_FALLBACK"):
        monkeypatch.delenv(name, raising=False)
    llm_wiring.build.cache_clear()
    yield lambda event: llm_door.handler(event, CONTEXT)
    llm_wiring.build.cache_clear()


@pytest.fixture
def services(mongo_uri, mongo_database, redis_client, redis_url, kafka_bootstrap, llm):
    return connect(
        MongoSettings(MONGODB_URI=mongo_uri, MONGODB_DATABASE=mongo_database.name),
        RedisSettings(REDIS_URL=redis_url),
        KafkaSettings(KAFKA_BOOTSTRAP_SERVERS=kafka_bootstrap),
        lambda request: Explained.model_validate(llm(request)),
        LlmSettings(),
        LlmTerms(),
    )


@pytest.fixture
def client(services, redis_client, mongo_database):
    days = [dt.date(2025, 8, 20) + dt.timedelta(days=n) for n in range(3)]
    services.prices.upsert([make_bar(time=day) for day in days])
    RedisInsightStore(redis_client).apply([make_analysis()])
    return TestClient(create_app(services))


def test_every_dependency_answers(client):
    health = client.get("/api/v1/health")
    assert health.status_code == 200, health.json()


def test_what_was_stored_is_answered(client):
    bars = client.get("/api/v1/stocks/FPT/prices?limit=2").json()
    assert [bar["time"] for bar in bars["bars"]] == ["2025-08-21", "2025-08-22"]
    earlier = client.get("/api/v1/stocks/FPT/prices", params={"limit": 2, "cursor": bars["next_cursor"]}).json()
    assert ([bar["time"] for bar in earlier["bars"]], earlier["next_cursor"]) == (["2025-08-20"], None)
    (week,) = client.get("/api/v1/stocks/FPT/prices?interval=1W").json()["bars"]
    assert (week["time"], week["volume"]) == ("2025-08-18", 3 * make_bar().volume)
    assert client.get("/api/v1/stocks").json()["stocks"][0]["signal"] == "BUY"
    assert client.get("/api/v1/analysis/FPT/insight").json()["ai"] == make_analysis().model_dump(mode="json")
    assert client.get("/api/v1/market/overview").json()["signals"]["BUY"] == 1


def test_explanation_is_kept_in_redis_until_it_expires(client, redis_client):
    first = client.post("/api/v1/analysis/FPT/llm", json={"language": "vi"})
    assert first.status_code == 200, first.json()
    again = client.post("/api/v1/analysis/FPT/llm", json={"language": "vi"}).json()
    assert (first.json()["served"], again["served"]) == ("written", "cached")
    assert (again["provider"], again["summary"]) == ("template", first.json()["summary"])
    (key,) = redis_client.scan_iter("llm:text:*")
    assert 0 < redis_client.ttl(key) <= 6 * 3600
    newest = client.get("/api/v1/analysis/FPT/llm?language=vi").json()
    assert newest["analysis_id"] == again["analysis_id"]


def test_function_refuses_what_was_not_analysed(llm):
    with pytest.raises(NotFoundError, match="VCB"):
        llm({"symbol": "vcb"})


def test_absent_stores_are_problems_and_down_in_health():
    away = connect(
        MongoSettings(MONGODB_URI="mongodb://user:hidden@127.0.0.1:1/?serverSelectionTimeoutMS=200"),
        RedisSettings(REDIS_URL="redis://:hidden@127.0.0.1:1/0"),
        KafkaSettings(KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1"),
        None,
        LlmSettings(),
        LlmTerms(),
    )
    client = TestClient(create_app(away))
    health = client.get("/api/v1/health")
    assert health.status_code == 503
    assert {name: d["status"] for name, d in health.json()["dependencies"].items()} == dict.fromkeys(
        ("mongodb", "redis", "kafka"), "down"
    )
    insight = client.get("/api/v1/analysis/FPT/insight")
    assert (insight.status_code, insight.headers["content-type"]) == (503, "application/problem+json")
    assert "hidden" not in health.text + insight.text


def test_kafka_probe_refuses_an_absent_broker():
    with pytest.raises(KafkaError):
        kafka_probe(KafkaSettings(KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1"))()


def test_stores_are_those_of_the_house(services):
    within = services._within
    assert isinstance(within.prices, MongoPriceStore)
    assert isinstance(within.insights, RedisInsightStore)
    assert isinstance(within.analyses, MongoInsightReader)
