"""GET /api/v1/market/quality: the newest report, or why there is none."""

import datetime as dt

import jsonschema
import pytest

from api.app import create_app
from stock_ai.quality.assessment import assess
from stock_ai.quality.report import SetAside
from tests.fakes.api_services import NOW, MemoryQualityStore, make_bar, memory_services
from tests.fakes.clock import FixedClock
from tests.fakes.daily_bars import EVERY_WEEKDAY, daily_bars, weekdays
from tests.fakes.http_client import Client

PATH = "/api/v1/market/quality"


@pytest.fixture
def quality():
    days = weekdays(100, "2025-04-07")  # To Friday 2025-08-22
    bars = [
        daily_bars([20_000.0] * 100, "FPT", days),
        daily_bars([20_000.0] * 99, "VCB", days[:99], source="simulated", volume=[0.0] * 99),
    ]
    aside = [SetAside("FPT", dt.date(2025, 4, 1), "low_above_body")]
    return MemoryQualityStore(assess(bars, aside, EVERY_WEEKDAY, FixedClock(NOW)))


@pytest.fixture
def services(quality):
    services = memory_services(quality=quality)
    services.prices.upsert([make_bar("HPG")])
    services.prices.calls = 0
    return services


@pytest.fixture
def client(services):
    return Client(create_app(services), raise_server_exceptions=False)


def test_the_market_is_told_in_one_read(client, services, quality):
    answer = client.get(PATH)
    assert answer.status_code == 200
    content = answer.json()
    assert content["symbol"] is None
    market = content["market"]
    assert market == quality.report.market.model_dump(mode="json")
    assert (market["symbols"], market["bars"], market["completeness"]) == (2, 199, 1.0)
    assert market["quarantined"] == {"low_above_body": 1}
    assert market["warnings"] == {"zero_volume": 99}
    assert content["freshness"] == {
        "as_of": "2025-08-22",
        "age_days": 1,
        "sessions_behind": 0,
        "source": None,
        "provisional": False,
        "simulated": True,
        "degraded": None,
    }
    assert (quality.calls, services.prices.calls, services.insights.calls) == (1, 0, 0)


def test_a_symbol_is_told_in_any_case(client, quality):
    content = client.get(PATH, params={"symbol": "fpt"}).json()
    assert content["market"] is None
    assert content["symbol"]["symbol"] == "FPT"
    assert content["symbol"]["quarantined"] == {"low_above_body": 1}
    assert content["freshness"]["source"] == "csv"
    assert quality.calls == 1


def test_a_known_answer_is_not_sent_again(client):
    answer = client.get(PATH)
    assert answer.headers["cache-control"].startswith("public, max-age=")
    again = client.get(PATH, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("symbol", "status", "kind", "detail"),
    [
        ("HPG", 404, "analysis-pending", "not computed yet"),
        ("AAA", 404, "unknown-symbol", "AAA is not known"),
        ("F-T", 422, "invalid-request", "query.symbol"),
        ("\u017f", 422, "invalid-request", "query.symbol"),
    ],
)
def test_what_is_not_there_is_a_problem(client, symbol, status, kind, detail):
    answer = client.get(PATH, params={"symbol": symbol})
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:stock-ai:problem:{kind}")
    assert detail in answer.json()["detail"]


def test_before_the_first_report_it_is_pending(client, quality):
    quality.report = None
    answer = client.get(PATH)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:stock-ai:problem:analysis-pending")
    assert "not computed yet" in answer.json()["detail"]


@pytest.mark.parametrize("query", [{}, {"symbol": "VCB"}])
def test_the_answer_satisfies_its_schema(client, query):
    document = client.get("/openapi.json").json()
    operation = document["paths"][PATH]["get"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.validate(client.get(PATH, params=query).json(), schema | {"components": document["components"]})
    assert operation["operationId"] == "getMarketQuality"
