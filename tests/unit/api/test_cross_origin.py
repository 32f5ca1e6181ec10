"""A browser's preflight: what is allowed is answered by Starlette, what is not as every refusal is."""

from __future__ import annotations

import pytest
from mangum import Mangum

from api.app import create_app
from api.terms import HttpTerms
from tests.fakes.http_client import Client
from tests.unit.api.test_api_handler import CONTEXT, proxy_event
from tests.unit.api.test_api_problems import problem

PATH = "/api/v1/stocks"
OURS = "https://app.example"
OTHER = "https://other.example"


@pytest.fixture
def strict(services):
    return Client(create_app(services, HttpTerms(cors_origins=(OURS,))), raise_server_exceptions=False)


def preflight(client, origin=OURS, method="GET", **headers):
    return client.options(PATH, headers={"Origin": origin, "Access-Control-Request-Method": method, **headers})


def test_a_method_that_is_not_allowed(client):
    answer = preflight(client, method="PUT")
    detail = problem(answer, 400, "cross-origin-refused").detail
    assert detail == f"Disallowed CORS method: a page asked for PUT from {OURS}."
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, POST"
    assert "Origin" in answer.headers["vary"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_headers_that_are_not_allowed(client):
    answer = preflight(client, **{"Access-Control-Request-Headers": "x-secret"})
    detail = problem(answer, 400, "cross-origin-refused").detail
    assert detail == f"Disallowed CORS headers: a page asked for GET from {OURS} with the headers x-secret."
    assert "If-None-Match" in answer.headers["access-control-allow-headers"]


def test_an_origin_that_is_not_allowed_is_told_to_nobody(strict):
    answer = preflight(strict, origin=OTHER, **{"X-Request-Id": "0123456789abcdef"})
    told = problem(answer, 400, "cross-origin-refused")
    assert (told.request_id, told.instance) == ("0123456789abcdef", PATH)
    assert OTHER in told.detail
    assert "access-control-allow-origin" not in answer.headers
    ours = preflight(strict, method="PUT")
    problem(ours, 400, "cross-origin-refused")
    assert ours.headers["access-control-allow-origin"] == OURS


def test_what_is_allowed_is_answered_as_before(client, strict):
    for asking, origin in ((client, "*"), (strict, OURS)):
        answer = preflight(asking)
        assert (answer.status_code, answer.text) == (200, "OK")
        assert answer.headers["access-control-allow-origin"] == origin
        assert answer.headers["access-control-max-age"] == "600"


def test_what_is_asked_is_repeated_shortened(client):
    answer = preflight(client, origin="https://" + "a" * 5_000, method="<script>" * 500)
    assert len(answer.content) < 600
    problem(answer, 400, "cross-origin-refused")


def test_no_other_request_is_refused_by_it(client):
    assert client.options(PATH, headers={"Origin": OTHER}).status_code == 204
    assert client.get(PATH, headers={"Origin": OTHER, "Access-Control-Request-Method": "PUT"}).status_code == 200


def test_behind_the_gateway(services):
    headers = {"Origin": OURS, "Access-Control-Request-Method": "DELETE"}
    event = proxy_event(PATH, "OPTIONS", headers=headers)
    answer = Mangum(create_app(services), lifespan="off")(event, CONTEXT)
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (400, "application/problem+json")
