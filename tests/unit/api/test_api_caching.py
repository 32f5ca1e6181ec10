"""ETag and 304."""

from __future__ import annotations

import pytest

from api.caching import entity_tag, is_known
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
