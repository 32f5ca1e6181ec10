"""Schemathesis against the API: whatever is asked, it answers as its document says.

Its tests are made of the document when this module is imported, so the API over memory is made then.
"""

from __future__ import annotations

import hypothesis
import pytest
import redis
import schemathesis
from pymongo import MongoClient
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.app import create_app
from api.services import LlmTerms
from api.wiring import connect
from stock_ai.settings import KafkaSettings, LlmSettings, MongoSettings, RedisSettings
from stock_ai.storage.insights import RedisInsightStore
from stock_ai.storage.listings import MongoListings
from stock_ai.storage.prices import MongoPriceStore
from stock_ai.storage.quality import MongoQualityStore
from stock_ai.storage.track_record import MongoTrackRecord
from tests.fakes.api_world import PENDING, TEXT_ID, api_world

CONFIG = {
    "seed": 20250823,
    # A stream has no end: its first events are looked at.
    "max-stream-events": 3,
    "request-timeout": 10,
    "generation": {"max-examples": 40, "deterministic": True, "no-shrink": True},
    "checks": {"negative_data_rejection": {"expected-statuses": [400, 404, 405, 406, 413, 414, 415, 422, 431]}},
    # Nearly all random symbols are unknown.
    "dictionaries": {
        "symbols": {"values": [PENDING, "fpt", "VNINDEX", "ZZZ"]},
        "texts": {"values": [TEXT_ID]},
        "lists": {"values": ["FPT", "fpt,ACB,ZZZ", f"{PENDING},FPT"]},
        "indicators": {"values": ["sma_20", "rsi:14,macd:12:26:9", "sma:0", "nothing"]},
    },
    "parameters": {
        "path.symbol": {"dictionary": "symbols", "probability": 0.9},
        "path.text_id": {"dictionary": "texts", "probability": 0.7},
        "query.symbols": {"dictionary": "lists", "probability": 0.7},
        "query.names": {"dictionary": "indicators", "probability": 0.7},
    },
}
UNSAID = {"cursor", "names", "symbols", "start", "end"}
"""Parameters that can be wrong in a way that no schema can tell: as a place, as a list, as a date too early."""

schema = schemathesis.openapi.from_asgi(
    "/openapi.json", create_app(api_world()), config=SchemathesisConfig.from_dict(CONFIG)
)


def problem_is_of_a_documented_type(_context, response, case):
    """The document names every type of problem that an operation has."""
    if response.status_code < 400 or response.headers["content-type"] != ["application/problem+json"]:
        return
    responses = case.operation.definition.raw["responses"]
    status = str(response.status_code)
    if status == "405":
        return  # Of a method that is no operation.
    told = responses[status]
    if "$ref" in told:
        told = schema.raw_schema["components"]["responses"][told["$ref"].rpartition("/")[2]]
    kind = response.json()["type"].rpartition(":")[2]
    assert kind in told["content"]["application/problem+json"]["examples"], f"{case.operation.label}: {status} {kind}"


@pytest.fixture(scope="module")
def over_stores(mongo_uri, redis_url, kafka_bootstrap):
    """The API over MongoDB, Redis and Kafka that hold the same market; its texts are those of a fake."""
    redis_settings = RedisSettings(REDIS_URL=redis_url.removesuffix("/0") + "/1")  # The first one is other tests'.
    mongo_settings = MongoSettings(MONGODB_URI=mongo_uri, MONGODB_DATABASE="test_fuzzed")
    with (
        MongoClient(mongo_uri, tz_aware=True) as mongo,
        redis.Redis.from_url(redis_settings.url.get_secret_value()) as redis_client,
    ):
        fill(mongo["test_fuzzed"], redis_client, world := api_world())
        kafka_settings = KafkaSettings(KAFKA_BOOTSTRAP_SERVERS=kafka_bootstrap)
        yield create_app(connect(mongo_settings, redis_settings, kafka_settings, world.llm, LlmSettings(), LlmTerms()))
        mongo.drop_database("test_fuzzed")
        redis_client.flushdb()


def fill(mongo_database, redis_client, world):
    MongoPriceStore(mongo_database).upsert(list(world.prices.kept.values()))
    RedisInsightStore(redis_client).apply([insight.ai for insight in world.insights.insights.values() if insight.ai])
    MongoListings(mongo_database).describe(world.listings.known.values())
    MongoQualityStore(mongo_database).replace(world.quality.report)
    record = MongoTrackRecord(mongo_database)
    for issued_at, signal in world.track_record.kept.values():
        record.issue([signal], issued_at)
    record.add_outcomes(list(world.track_record.rows.values()))
    record.keep_record(world.track_record.record())


# A real stream has no end.
@schema.exclude(operation_id="streamInsights").parametrize()
@hypothesis.settings(max_examples=5)
def test_over_real_stores_too(case, over_stores):
    check(case, app=over_stores)


@schema.parametrize()
def test_answers_conform_to_the_document(case):
    check(case)


def check(case, **transport):
    unsaid = UNSAID & set(case.query or ())
    case.call_and_validate(
        additional_checks=[problem_is_of_a_documented_type],
        excluded_checks=[positive_data_acceptance] if unsaid else [],
        **transport,
    )
