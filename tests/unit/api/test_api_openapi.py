"""The OpenAPI document is complete, and the answers satisfy it."""

from __future__ import annotations

import jsonschema
import pytest

from api.app import create_app
from api.problems import MEDIA_TYPE
from stock_ai.settings import LlmProviderName
from tests.fakes.api_services import memory_services
from tests.fakes.http_client import Client

OPERATIONS = {
    "listStocks",
    "getStock",
    "getPrices",
    "getIndicators",
    "getIndicatorHistory",
    "listIndicators",
    "getInsight",
    "getHistory",
    "getInsights",
    "getWatchlist",
    "listSignals",
    "explain",
    "getExplanation",
    "pollExplanation",
    "streamExplanation",
    "getLlmUsage",
    "getMarketOverview",
    "getMarketMovers",
    "getMarketSectors",
    "getMarketBreadth",
    "getMarketQuality",
    "getTrackRecord",
    "getSymbolTrackRecord",
    "streamInsights",
    "getHealth",
    "getIndex",
}


@pytest.fixture(scope="module")
def document():
    return Client(create_app(memory_services())).get("/openapi.json").json()


def operations(document):
    return [(path, verb, op) for path, verbs in document["paths"].items() for verb, op in verbs.items()]


def test_every_operation_is_named_described_and_tagged(document):
    assert {op["operationId"] for _, _, op in operations(document)} == OPERATIONS
    tags = {tag["name"] for tag in document["tags"]}
    for path, verb, operation in operations(document):
        assert operation["summary"], (path, verb)
        assert operation["description"], (path, verb)
        assert set(operation["tags"]) <= tags
        for parameter in operation.get("parameters", []):
            assert parameter["schema"], (path, parameter)


def test_every_operation_states_its_problems(document):
    for path, verb, operation in operations(document):
        for status in ("422", "500"):
            assert list(operation["responses"][status]["content"]) == [MEDIA_TYPE], (path, verb, status)
        if "{symbol}" in path:
            assert list(operation["responses"]["404"]["content"]) == [MEDIA_TYPE], (path, verb)
    assert "HTTPValidationError" not in document["components"]["schemas"]


@pytest.mark.parametrize(
    ("verb", "template"),
    [
        ("get", "/api/v1/stocks"),
        ("get", "/api/v1/stocks/{symbol}"),
        ("get", "/api/v1/stocks/{symbol}/prices"),
        ("get", "/api/v1/stocks/{symbol}/indicators"),
        ("get", "/api/v1/analysis/{symbol}/insight"),
        ("get", "/api/v1/analysis/{symbol}/history"),
        ("post", "/api/v1/analysis/{symbol}/llm"),
        ("get", "/api/v1/llm/usage"),
        ("get", "/api/v1/watchlist?symbols=FPT,ZZZ,VCB"),
        ("get", "/api/v1/signals"),
        ("get", "/api/v1/indicators"),
        ("get", "/api/v1/stocks/{symbol}/indicators/history?names=sma_20,macd:2:3:2"),
        ("get", "/api/v1/market/movers"),
        ("get", "/api/v1/market/sectors"),
        ("get", "/api/v1/market/breadth"),
        ("get", "/api/v1/market/overview"),
        ("get", "/api/v1/health"),
        ("get", "/"),
    ],
)
def test_answers_satisfy_their_schema(client, document, verb, template):
    answer = client.request(verb, template.format(symbol="FPT"))
    operation = document["paths"][template.partition("?")[0]][verb]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.validate(answer.json(), schema | {"components": document["components"]})


def test_problems_satisfy_their_schema(client, document):
    answer = client.get("/api/v1/stocks/F-T")
    schema = {"$ref": "#/components/schemas/Problem", "components": document["components"]}
    jsonschema.validate(answer.json(), schema)


def test_explaining_states_its_own_problems(document):
    operation = document["paths"]["/api/v1/analysis/{symbol}/llm"]["post"]
    for status, named in (("429", "llm-budget-spent"), ("429", "rate-limited"), ("503", "llm-misconfigured")):
        assert named in operation["responses"][status]["description"]
        assert list(operation["responses"][status]["content"]) == [MEDIA_TYPE]
    assert "Location" in operation["responses"]["202"]["description"]


def test_every_author_of_the_settings_can_be_asked_for(document):
    (choices, _) = document["components"]["schemas"]["ExplanationRequest"]["properties"]["provider"]["anyOf"]
    assert choices["enum"] == [name.value for name in LlmProviderName]
