"""Every route: what it answers, and from how many reads."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading

import pytest

from api.app import create_app
from api.probes import examine
from stock_ai.errors import RetryableError
from stock_ai.indicators.table import INDICATORS
from tests.fakes.api_services import make_analysis, make_bar, memory_services
from tests.fakes.http_client import Client

FRESH = {
    "as_of": "2025-08-22",
    "age_days": 1,
    "sessions_behind": 0,
    "source": "csv",
    "provisional": False,
    "simulated": False,
    "degraded": None,
}


def reads(services):
    return services.prices.calls, services.insights.calls


def test_list_gives_span_signal_and_freshness_in_one_read_of_each_store(client, services):
    answer = client.get("/api/v1/stocks")
    assert answer.status_code == 200
    listing = answer.json()
    assert [stock["symbol"] for stock in listing["stocks"]] == ["FPT", "HPG", "VCB", "VNINDEX"]
    fpt, _, pending, index = listing["stocks"]
    assert (fpt["first"], fpt["last"], fpt["close"], fpt["freshness"]) == ("2025-08-18", "2025-08-22", 99000, FRESH)
    assert (fpt["signal"], fpt["confidence"], fpt["change_percent"]) == ("BUY", 0.612, -1.2)
    assert (pending["signal"], pending["close"], pending["freshness"]["simulated"]) == (None, None, None)
    assert (index["signal"], index["close"]) == (None, 1616.8)
    assert reads(services) == (1, 1)


def test_empty_stores_give_an_empty_list():
    listing = Client(create_app(memory_services())).get("/api/v1/stocks").json()
    assert (listing["total"], listing["stocks"], listing["freshness"]["as_of"]) == (0, [], None)


def test_detail_joins_last_bar_and_signal(client):
    detail = client.get("/api/v1/stocks/FPT").json()
    assert (detail["close"], detail["adjusted_close"], detail["signal"]) == (99000, 99000, "BUY")
    assert detail["change_percent"] == -1.2
    assert (detail["index"], detail["analysis_as_of"], detail["freshness"]) == (False, "2025-08-22", FRESH)
    waiting = client.get("/api/v1/stocks/VCB").json()
    assert (waiting["close"], waiting["signal"], waiting["analysis_as_of"]) == (99000, None, None)
    assert waiting["change_percent"] is None
    index = client.get("/api/v1/stocks/VNINDEX").json()
    assert (index["index"], index["close"], index["withheld"]["reason"]) == (True, 1616.8, "index_not_modelled")


def test_detail_knows_no_change_of_a_session_that_is_not_analysed(client, services):
    services.prices.upsert([make_bar(time=dt.date(2025, 8, 25), close=101_000)])
    detail = client.get("/api/v1/stocks/FPT").json()
    assert (detail["last"], detail["analysis_as_of"], detail["change_percent"]) == ("2025-08-25", "2025-08-22", None)


def test_symbols_may_be_in_lower_case(client):
    for path in ("stocks/{}", "stocks/{}/prices", "stocks/{}/indicators", "analysis/{}/insight", "analysis/{}/history"):
        lower, upper = (client.get(f"/api/v1/{path.format(symbol)}") for symbol in ("fpt", "FPT"))
        assert lower.status_code == 200
        assert lower.content == upper.content


def test_indicators_are_those_of_the_current_analysis(client, services):
    indicators = client.get("/api/v1/stocks/FPT/indicators").json()
    assert indicators["indicators"] == make_analysis().indicators
    assert (indicators["bars"], indicators["adjusted"], indicators["freshness"]) == (400, True, FRESH)
    assert reads(services) == (0, 1)


def test_insight_is_passed_on_whole_in_one_read(client, services):
    insight = client.get("/api/v1/analysis/FPT/insight").json()
    assert insight.pop("freshness") == FRESH
    assert insight == services.insights.insights["FPT"].model_dump(mode="json")
    assert reads(services) == (0, 1)


def test_history_is_newest_first_and_limited(client):
    history = client.get("/api/v1/analysis/FPT/history").json()
    assert len(history["entries"]) == 3
    assert history["entries"][-1]["analysis_id"] == "ai-earlier"
    assert history["entries"][-1]["event_time"] == "2025-08-21T09:00:00Z"
    newest = client.get("/api/v1/analysis/FPT/history?limit=1").json()["entries"]
    assert newest == history["entries"][:1]


@pytest.mark.parametrize(
    ("body", "language"), [(None, "en"), ({}, "en"), ({"language": "vi"}, "vi")], ids=["none", "empty", "vi"]
)
def test_explanation_is_asked_of_the_function(client, services, body, language):
    answer = (
        client.post("/api/v1/analysis/fpt/llm", json=body)
        if body is not None
        else client.post("/api/v1/analysis/fpt/llm")
    )
    assert answer.status_code == 200
    assert services.llm.asked == [{"symbol": "FPT", "language": language}]
    assert (answer.json()["language"], answer.json()["freshness"]) == (language, FRESH)
    assert answer.headers["cache-control"] == "no-store"


def test_overview_counts_the_market_in_three_reads(client, services):
    market = client.get("/api/v1/market/overview").json()
    assert market["symbols"] == 4
    assert market["signals"] == {"BUY": 1, "HOLD": 0, "SELL": 1}
    assert market["withheld"] == {"index_not_modelled": 1}
    assert market["pending"] == 1
    assert market["breadth"] == {
        "session": "2025-08-22",
        "advancers": 1,
        "decliners": 1,
        "unchanged": 0,
        "not_compared": 0,
        "above_sma_50_percent": 100.0,
        "above_sma_200_percent": None,
        "new_highs": 0,
        "new_lows": 0,
    }
    assert [(item["symbol"], item["confidence"]) for item in market["top"]] == [("HPG", 0.7), ("FPT", 0.612)]
    assert [item["proven_skill"] for item in market["top"]] == [True, True]
    assert market["vnindex"] == {
        "symbol": "VNINDEX",
        "as_of": "2025-08-22",
        "close": 1616.8,
        "previous_close": 1600.0,
        "change_percent": 1.05,
    }
    assert reads(services) == (2, 1)


def test_stale_analyses_do_not_count_as_moves_of_this_session(client, services):
    services.insights.apply([make_analysis("VCB", as_of=dt.date(2025, 8, 20), indicators={"roc_1": 3.0})])
    breadth = client.get("/api/v1/market/overview").json()["breadth"]
    assert (breadth["advancers"], breadth["not_compared"]) == (1, 1)


def test_rows_rest_on_indicators_that_are_computed():
    assert {"roc_1", "sma_50", "sma_200", "position_52w", "traded_value_20", "volume_ratio_20"} <= {
        indicator.name for indicator in INDICATORS
    }


def test_overview_of_an_empty_house():
    market = Client(create_app(memory_services())).get("/api/v1/market/overview").json()
    assert (market["symbols"], market["top"], market["vnindex"], market["breadth"]["session"]) == (0, [], None, None)


def test_mixed_and_simulated_sources_are_said(client):
    freshness = client.get("/api/v1/stocks").json()["freshness"]
    assert (freshness["source"], freshness["simulated"]) == ("csv", False)
    assert client.get("/api/v1/stocks/HPG").json()["freshness"]["simulated"] is True


def test_health_is_up_when_all_answer(client):
    health = client.get("/api/v1/health")
    assert health.status_code == 200
    assert {name: d["status"] for name, d in health.json()["dependencies"].items()} == {
        "mongodb": "up",
        "redis": "up",
        "kafka": "up",
    }


def broken():
    raise RetryableError("mongodb://user:password@secret.host")


@pytest.mark.parametrize(
    ("down", "code", "state"),
    [
        ((), 200, "up"),
        (("mongodb",), 200, "degraded"),
        (("redis",), 200, "degraded"),
        (("kafka",), 200, "degraded"),
        (("mongodb", "redis"), 503, "down"),
    ],
)
def test_health_says_what_suffers_and_hides_addresses(services, down, code, state):
    probes = dict(services.probes) | dict.fromkeys(down, broken)
    health = Client(create_app(dataclasses.replace(services, probes=probes))).get("/api/v1/health")
    told = health.json()
    assert (health.status_code, told["status"]) == (code, state)
    assert [each["dependency"] for each in told["degraded"]] == sorted(down)
    for name, dependency in told["dependencies"].items():
        expected = ("down", "RetryableError") if name in down else ("up", None)
        assert (dependency["status"], dependency["detail"]) == expected
    assert "secret" not in health.text


def test_health_names_paths_that_are(services, client):
    known = client.get("/openapi.json").json()["paths"]
    probes = dict.fromkeys(services.probes, broken)
    health = Client(create_app(dataclasses.replace(services, probes=probes))).get("/api/v1/health").json()
    for each in health["degraded"]:
        assert {f"/api/v1{path}" for path in each["reduced"] + each["unavailable"]} <= set(known)


def test_health_does_not_wait_for_a_dependency_that_hangs():
    released = threading.Event()
    health = examine({"kafka": released.wait, "redis": lambda: None}, limit_seconds=0.05)
    released.set()
    assert (health.dependencies["kafka"].status, health.dependencies["kafka"].detail) == ("down", "timeout")
    assert health.dependencies["redis"].status == "up"


def test_index_links_lead_somewhere(client):
    for link in client.get("/").json()["links"].values():
        assert client.get(link).status_code == 200
