"""ETag and 304."""

from __future__ import annotations

import datetime as dt

import pytest

from api.caching import entity_tag, is_known, lifetime, seconds_until_open
from api.schemas import Freshness
from tests.fakes.api_services import make_analysis

CACHED = [
    "stocks",
    "stocks/FPT",
    "stocks/FPT/prices",
    "stocks/FPT/indicators",
    "analysis/FPT/insight",
    "analysis/FPT/history",
    "market/overview",
]


@pytest.mark.parametrize("path", CACHED)
def test_known_content_is_not_sent_again(client, path):
    client.headers["Accept-Encoding"] = "identity"
    first = client.get(f"/api/v1/{path}")
    assert first.headers["etag"] == entity_tag(first.content)
    assert "max-age=" in first.headers["cache-control"]
    again = client.get(f"/api/v1/{path}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (again.headers["etag"], again.headers["cache-control"]) == (
        first.headers["etag"],
        first.headers["cache-control"],
    )


def test_new_content_is_sent(client, services):
    first = client.get("/api/v1/analysis/FPT/insight")
    later = make_analysis(analysis_id="ai-later", signal="SELL", event_time="2025-08-23T04:00:00Z")
    services.insights.apply([later])
    again = client.get("/api/v1/analysis/FPT/insight", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.json()["signal"]) == (200, "SELL")
    assert again.headers["etag"] != first.headers["etag"]


def test_content_changes_with_its_age(client, services):
    first = client.get("/api/v1/stocks/FPT")
    services.clock.advance(days=1)
    again = client.get("/api/v1/stocks/FPT", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.json()["freshness"]["age_days"]) == (200, 2)


@pytest.mark.parametrize(
    ("header", "known"),
    [(None, False), ('"a"', True), ('W/"a"', True), ('"b", W/"a"', True), ("*", True), ('"b"', False), ("a", False)],
)
def test_if_none_match_is_read_as_the_standard_says(header, known):
    assert is_known(header, '"a"') is known


HOUR = 3_600
VIETNAM = dt.timezone(dt.timedelta(hours=7))
FRESH = Freshness(
    as_of="2025-08-22", age_days=1, sessions_behind=0, source="csv", provisional=False, simulated=False, degraded=None
)


@pytest.mark.parametrize(
    ("day", "time", "seconds"),
    [
        (22, "08:59:30", 30),
        (22, "09:00", None),
        (22, "11:45", None),
        (22, "14:59", None),
        (22, "15:00", 66 * HOUR),  # Friday, until Monday
        (23, "10:00", 47 * HOUR),
        (24, "23:00", 10 * HOUR),
        (25, "00:00", 9 * HOUR),
        (26, "15:00", 18 * HOUR),
    ],
)
def test_the_next_session_opens_at_nine_of_a_weekday(day, time, seconds):
    instant = dt.datetime.combine(dt.date(2025, 8, day), dt.time.fromisoformat(time), VIETNAM)
    assert seconds_until_open(instant) == seconds
    assert seconds_until_open(instant.astimezone(dt.UTC)) == seconds


def test_answers_live_as_long_as_nothing_newer_can_come():
    session = dt.datetime(2025, 8, 22, 10, 0, tzinfo=VIETNAM)
    closed = session + dt.timedelta(hours=6)
    running = "public, max-age=15, stale-while-revalidate=60"
    assert lifetime(session, 15, FRESH) == running
    assert lifetime(closed, 15, FRESH) == f"public, max-age={HOUR}, stale-while-revalidate={64 * HOUR}"
    assert lifetime(session - dt.timedelta(minutes=90), 15, FRESH) == "public, max-age=1800, stale-while-revalidate=0"
    # The analysis of the session that has closed is still to come.
    assert lifetime(closed, 15, FRESH.model_copy(update={"sessions_behind": 1})) == running
    assert lifetime(closed, 15, FRESH.model_copy(update={"provisional": True})) == running
    assert lifetime(closed, 15, FRESH.model_copy(update={"degraded": ("redis",)})) == running
    assert lifetime(closed, 15, None) == running
    assert lifetime(closed, 0, FRESH) == "no-cache"
