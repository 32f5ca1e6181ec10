"""What is to go is told: in headers, in the document, and to nobody else."""

from __future__ import annotations

import datetime as dt

import openapi_spec_validator
import pytest

from api.app import create_app
from api.deprecations import Deprecated
from api.terms import HttpTerms
from infra.openapi_breaking import breaking_changes
from tests.fakes.http_client import Client
from tests.unit.api.test_api_problems import problem
from tests.unit.api.test_llm_routes import keep

GOING = Deprecated(
    dt.datetime(2026, 11, 25, tzinfo=dt.UTC),
    dt.datetime(2027, 5, 25, 7, tzinfo=dt.timezone(dt.timedelta(hours=7))),
    "/docs/api.md#cursors",
)
HEADERS = {
    "deprecation": "@1795564800",
    "sunset": "Tue, 25 May 2027 00:00:00 GMT",
    "link": '</docs/api.md#cursors>; rel="deprecation"; type="text/html"',
}


@pytest.fixture
def app(services):
    return create_app(services, HttpTerms(keep_seconds=5.0), {"getStock": GOING, "explain": GOING})


@pytest.fixture
def old(app):
    return Client(app, raise_server_exceptions=False)


def told(answer):
    return {name: value for name, value in answer.headers.items() if name in HEADERS}


def test_the_headers_say_since_when_until_when_and_what_instead():
    assert {name.lower(): value for name, value in GOING.headers().items()} == HEADERS


def test_its_answers_say_so(old):
    whole, again = (old.get("/api/v1/stocks/FPT") for _ in range(2))
    assert (whole.status_code, told(whole)) == (again.status_code, told(again)) == (200, HEADERS)
    known = old.get("/api/v1/stocks/FPT", headers={"If-None-Match": whole.headers["etag"]})
    assert (known.status_code, told(known)) == (304, HEADERS)
    assert told(old.head("/api/v1/stocks/FPT")) == HEADERS


def test_its_problems_say_so(old, services):
    assert told(old.get("/api/v1/stocks/ZZZ")) == told(old.get("/api/v1/stocks/F-T")) == HEADERS
    services.prices.down = True
    assert told(old.get("/api/v1/stocks/VCB")) == HEADERS


def test_a_text_that_was_given_a_moment_ago_says_so(old, services):
    keep(services)
    assert [told(old.post("/api/v1/analysis/FPT/llm")) for _ in range(3)] == [HEADERS] * 3


def test_nothing_else_says_so(old):
    for path in ("/api/v1/stocks", "/api/v1/stocks/FPT/prices", "/api/v1/analysis/FPT/llm", "/api/v1/nothing", "/docs"):
        assert told(old.get(path)) == {}, path
    problem(refused := old.delete("/api/v1/stocks/FPT"), 405, "method-not-allowed")
    assert told(refused) == {}


def test_nothing_is_added_where_nothing_is_deprecated(client):
    assert told(client.get("/api/v1/stocks/FPT")) == {}


def test_the_document_says_so_and_stays_one(app, services):
    document, before = app.openapi(), create_app(services).openapi()
    openapi_spec_validator.validate(document)
    marked = {
        operation["operationId"]
        for verbs in document["paths"].values()
        for operation in verbs.values()
        if operation.get("deprecated")
    }
    assert marked == {"getStock", "explain"}
    operation = document["paths"]["/api/v1/stocks/{symbol}"]["get"]
    assert operation["x-sunset"] == "2027-05-25T00:00:00+00:00"
    assert operation["description"].endswith(
        "it may be refused from 2027-05-25 00:00 UTC on. What to use instead: /docs/api.md#cursors"
    )
    for status in ("200", "304", "404"):
        assert {"Deprecation", "Sunset", "Link"} <= set(operation["responses"][status]["headers"]), status
    assert {"Deprecation", "Sunset", "Link"} <= set(document["components"]["headers"])
    assert "Sunset" not in before["components"]["headers"]
    assert breaking_changes(before, document, dt.date(2026, 11, 25)) == []


def test_it_may_go_when_its_sunset_is_over(app, services):
    released, now = app.openapi(), create_app(services).openapi()
    del now["paths"]["/api/v1/stocks/{symbol}"]
    early = breaking_changes(released, now, dt.date(2027, 5, 25))
    assert early == ["GET /api/v1/stocks/{symbol}: removed, and its sunset is 2027-05-25"]
    assert breaking_changes(released, now, dt.date(2027, 5, 26)) == []
