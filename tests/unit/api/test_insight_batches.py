"""Insights of several symbols: `GET /watchlist` and `POST /analysis/insights`; and the pages of a history."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.api_services import NOW, make_analysis

BATCH = "/api/v1/analysis/insights"
WATCHLIST = "/api/v1/watchlist"
HISTORY = "/api/v1/analysis/FPT/history"


def both(client, symbols):
    """The same question by either route."""
    posted = client.post(BATCH, json={"symbols": symbols})
    got = client.get(WATCHLIST, params={"symbols": ",".join(symbols)})
    return posted, got


def test_insights_come_in_the_order_asked_and_what_has_none_is_told(client, services):
    posted, got = both(client, ["hpg", "ZZZ", "FPT", "VCB", "FPT"])
    assert posted.status_code == got.status_code == 200
    assert posted.json() == got.json()
    answer = got.json()
    assert [one["symbol"] for one in answer["insights"]] == ["HPG", "FPT"]
    assert (answer["unknown"], answer["pending"]) == (["ZZZ"], ["VCB"])
    assert answer["insights"][1] == client.get("/api/v1/analysis/FPT/insight").json()
    assert answer["freshness"]["as_of"] == "2025-08-22"
    assert posted.headers["cache-control"] == "no-store"


def test_known_insights_take_one_read(client, services):
    client.get(WATCHLIST, params={"symbols": "FPT,HPG"})
    assert (services.prices.calls, services.insights.calls) == (0, 1)


def test_an_insight_says_whether_it_is_calibrated_and_who_said_what(client):
    insight = client.get("/api/v1/analysis/FPT/insight").json()
    assert (insight["calibrated"], insight["agreement"], insight["proven_skill"]) == (True, "none", True)
    assert [(part["source"], part["used"]) for part in insight["parts"]] == [("ai", True), ("llm", False)]


def test_while_prices_are_away_insights_are_still_given(client, services):
    services.prices.down = True
    answer = client.get(WATCHLIST, params={"symbols": "FPT,ZZZ"}).json()
    assert [one["symbol"] for one in answer["insights"]] == ["FPT"]
    assert (answer["unknown"], answer["pending"]) == ([], ["ZZZ"])
    assert answer["freshness"]["degraded"] == ["mongodb"]
    detail = client.get("/api/v1/stocks/FPT").json()
    assert (detail["first"], detail["last"], detail["close"]) == (None, "2025-08-22", 99000)
    assert client.get("/api/v1/stocks/VCB").status_code == 503


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body.symbols"),
        ({"symbols": []}, "body.symbols"),
        ({"symbols": "FPT"}, "body.symbols"),
        ({"symbols": ["FPT", "F-T"]}, "body.symbols.1"),
        ({"symbols": [{"$gt": ""}]}, "body.symbols.0"),
        ({"symbols": ["FPT"] * 101}, "body.symbols"),
        ({"symbols": ["FPT"], "limit": 1}, "body.limit"),
    ],
)
def test_a_wrong_body_is_named(client, body, field):
    refused = client.post(BATCH, json=body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("symbols", "words"),
    [
        ("", "'' must be a symbol"),
        ("FPT,", "'' must be a symbol"),
        ("FPT,f-t", "'f-t' must be a symbol"),
        ("FPT;ACB", "'FPT;ACB' must be a symbol"),
        (",".join(f"A{n:02}" for n in range(101)).replace("A100", "B00"), "at most 100 symbols"),
        ("FPT," * 600 + "FPT", "at most 2000 characters"),
    ],
)
def test_a_wrong_list_is_named(client, symbols, words):
    refused = client.get(WATCHLIST, params={"symbols": symbols})
    assert refused.status_code == 422
    (fault,) = refused.json()["errors"]
    assert fault["field"] == "query.symbols"
    assert words in fault["message"]


def test_an_unknown_symbol_comes_with_those_that_were_probably_meant(client):
    refused = client.get("/api/v1/analysis/FPP/insight").json()
    assert refused["suggestions"] == ["FPT"]
    assert client.get("/api/v1/stocks/VCD").json()["suggestions"][0] == "VCB"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_walk_through_a_history_gives_each_entry_once_while_new_ones_come(client, services, data):
    services.insights.rebuild([])
    instants = st.integers(0, 5).map(lambda minutes: NOW + dt.timedelta(minutes=minutes))
    made = data.draw(st.lists(instants, min_size=1, max_size=9))
    services.insights.apply(
        [make_analysis(analysis_id=f"ai-{n:02}", event_time=instant) for n, instant in enumerate(made)]
    )
    expected = [entry["analysis_id"] for entry in client.get(HISTORY).json()["entries"]]
    assert len(expected) == len(made)
    seen, cursor = [], {}
    while True:
        page = client.get(HISTORY, params=cursor | {"limit": data.draw(st.integers(1, 3))}).json()
        seen += [entry["analysis_id"] for entry in page["entries"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
        instant = data.draw(instants)
        services.insights.apply([make_analysis(analysis_id=f"new-{len(seen)}", event_time=instant)])
    assert [entry for entry in seen if entry.startswith("ai")] == expected
    assert len(seen) == len(set(seen))


def test_a_cursor_of_another_history_is_refused(client):
    cursor = client.get(HISTORY, params={"limit": 1}).json()["next_cursor"]
    assert client.get("/api/v1/analysis/HPG/history", params={"cursor": cursor}).status_code == 422
    assert client.get(HISTORY, params={"cursor": "x"}).json()["errors"][0]["field"] == "query.cursor"
