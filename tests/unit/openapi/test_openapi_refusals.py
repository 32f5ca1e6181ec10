"""What is refused before a route sees it is refused as the document says, for an operation that can meet it."""

from __future__ import annotations

import jsonschema
import pytest

from api.app import create_app
from api.problems import MEDIA_TYPE
from api.terms import HttpTerms
from tests.fakes.api_world import api_world
from tests.fakes.http_client import Client

STOCKS = "/api/v1/stocks"
EXPLAIN = "/api/v1/analysis/{symbol}/llm"
LIMIT = 2


@pytest.fixture(scope="module")
def app():
    return create_app(api_world(), HttpTerms(requests_per_minute=LIMIT, body_bytes=1_000))


def client(app, number):
    """A client with an address of its own: the limit is counted by it."""
    return Client(app, client=(f"10.0.0.{number}", 50_000), raise_server_exceptions=False)


REFUSED = [
    ("malformed-path", 400, "get", f"{STOCKS}/FPT%2F..", STOCKS + "/{symbol}", {}),
    ("malformed-path", 400, "get", f"{STOCKS}/FPT%00", STOCKS + "/{symbol}", {}),
    ("not-acceptable", 406, "get", STOCKS, STOCKS, {"headers": {"Accept": "text/csv"}}),
    ("request-too-large", 413, "post", EXPLAIN, EXPLAIN, {"json": {"language": "e" * 1_000}}),
    ("query-too-long", 414, "get", f"{STOCKS}?q={'a' * 9_000}", STOCKS, {}),
    ("unsupported-media-type", 415, "post", EXPLAIN, EXPLAIN, {"data": {"language": "en"}}),
    ("headers-too-large", 431, "get", STOCKS, STOCKS, {"headers": {"X-Long": "a" * 20_000}}),
]


def conforms(document, answer, verb, template, kind):
    told = document["paths"][template][verb]["responses"][str(answer.status_code)]
    if "$ref" in told:
        told = document["components"]["responses"][told["$ref"].rpartition("/")[2]]
    assert list(told["content"]) == [answer.headers["content-type"]] == [MEDIA_TYPE]
    content = told["content"][MEDIA_TYPE]
    jsonschema.validate(answer.json(), content["schema"] | {"components": document["components"]})
    assert answer.json()["type"] == f"urn:stock-ai:problem:{kind}"
    assert answer.json()["title"] == content["examples"][kind]["value"]["title"]
    return told


@pytest.mark.parametrize(("kind", "status", "verb", "path", "template", "request_"), REFUSED)
def test_refused_as_the_document_says(app, kind, status, verb, path, template, request_):
    answer = client(app, 1 + REFUSED.index((kind, status, verb, path, template, request_))).request(
        verb, path.format(symbol="FPT"), **request_
    )
    assert answer.status_code == status
    conforms(app.openapi(), answer, verb, template, kind)


def test_a_client_that_asks_too_often_is_told_when_it_may_again(app):
    asking = client(app, 200)
    assert [asking.get(STOCKS).status_code for _ in range(LIMIT)] == [200] * LIMIT
    answer = asking.get(STOCKS)
    assert answer.status_code == 429
    told = conforms(app.openapi(), answer, "get", STOCKS, "rate-limited")
    assert {name.lower() for name in told["headers"]} <= {name.lower() for name in answer.headers}


def test_every_title_is_the_one_that_is_documented(app):
    """Of the types that no operation names; those of routes are compared by Schemathesis's examples."""
    asking = client(app, 201)
    for answer, title in (
        (asking.get("/api/v1/stonks"), "Not found"),
        (asking.put(STOCKS, json={}), "Method not allowed"),
    ):
        assert answer.json()["title"] == title
