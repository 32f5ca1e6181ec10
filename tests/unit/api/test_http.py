"""What holds for every route: methods, names of requests, what is refused at the door."""

from __future__ import annotations

import pytest

from api.app import create_app
from api.door import LARGEST_HEADERS, LONGEST_QUERY
from api.terms import HttpTerms
from tests.fakes.http_client import Client
from tests.unit.api.test_api_handler import CONTEXT, proxy_event
from tests.unit.api.test_api_problems import problem

READ = [
    "stocks",
    "stocks/FPT",
    "stocks/FPT/prices",
    "analysis/FPT/insight",
    "analysis/FPT/history",
    "market/overview",
    "health",
]


@pytest.mark.parametrize("path", READ)
def test_head_is_get_without_its_body(client, path):
    whole, head = (client.request(method, f"/api/v1/{path}") for method in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (200, b"")
    ours = {"x-request-id", "content-length"} if path == "health" else {"x-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in ours} == {
        k: v for k, v in whole.headers.items() if k not in ours
    }


def test_head_of_what_is_not_there_and_of_what_is_known(client):
    assert (missing := client.head("/api/v1/stocks/ZZZ")).status_code == 404
    assert (missing.content, missing.headers["content-type"]) == (b"", "application/problem+json")
    tag = client.head("/api/v1/stocks/FPT").headers["etag"]
    assert client.head("/api/v1/stocks/FPT", headers={"If-None-Match": tag}).status_code == 304


def test_head_begins_no_work(client, services):
    """A GET of this stream has a text written."""
    answer = client.head("/api/v1/analysis/FPT/llm/stream")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert services.llm.asked == []


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/v1/stocks", "GET, HEAD, OPTIONS"),
        ("/api/v1/analysis/FPT/llm", "GET, HEAD, POST, OPTIONS"),
        ("/api/v1/analysis/insights", "POST, OPTIONS"),
        ("/", "GET, HEAD, OPTIONS"),
    ],
)
def test_options_tells_the_methods(client, services, path, methods):
    answer = client.options(path)
    assert (answer.status_code, answer.content, answer.headers["allow"]) == (204, b"", methods)
    assert services.llm.asked == []


def test_options_of_nothing(client):
    problem(client.options("/api/v1/nothing"), 404, "unknown-route")


def test_a_browser_may_ask_first(client):
    headers = {
        "Origin": "https://a.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type, if-none-match, last-event-id, x-request-id",
    }
    answer = client.options("/api/v1/analysis/FPT/llm", headers=headers)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")


@pytest.mark.parametrize("given", ["0123456789abcdef", "my.request-1_2~3"])
def test_a_sane_request_id_is_kept(client, given):
    answer = client.get("/api/v1/stocks/ZZZ", headers={"X-Request-Id": given})
    assert (answer.headers["x-request-id"], answer.json()["request_id"]) == (given, given)


@pytest.mark.parametrize("given", ["short", "a b c d e f", "x" * 65, '"}{"admin":1', "<script>alert(1)", "ä" * 10])
def test_any_other_is_replaced(client, given):
    answer = client.get("/api/v1/stocks/FPT", headers={"X-Request-Id": given.encode()})
    assert answer.status_code == 200
    assert len(answer.headers["x-request-id"]) == 32


def test_nothing_is_taken_for_another_type(client):
    for path in ("/api/v1/stocks", "/api/v1/nothing", "/"):
        assert client.get(path).headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("application/json", 200),
        ("application/*;q=0.5", 200),
        ("text/html, application/xhtml+xml, */*;q=0.8", 200),
        ("application/problem+json, application/json", 200),
        ("", 200),
        ("text/csv", 406),
        ("text/html", 406),
        ("text/event-stream", 406),
        ("application/json;q=0", 406),
        ("application/xml, image/*", 406),
    ],
)
def test_what_may_be_answered(client, accept, status):
    answer = client.get("/api/v1/stocks/FPT", headers={"Accept": accept})
    assert answer.status_code == status
    if status == 406:
        assert problem(answer, 406, "not-acceptable").errors[0].value == accept


def test_a_stream_may_be_asked_for(client):
    assert client.head("/api/v1/stream", headers={"Accept": "text/event-stream"}).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "json-ish", ""])
def test_a_body_of_another_type_is_refused(client, services, kind):
    answer = client.post("/api/v1/analysis/FPT/llm", content='{"language": "vi"}', headers={"Content-Type": kind})
    assert problem(answer, 415, "unsupported-media-type").errors[0].field == "header.content-type"
    assert answer.headers["accept-post"] == "application/json"
    assert services.llm.asked == []


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/a+json", "APPLICATION/JSON"])
def test_json_by_another_name_is_not(client, kind):
    answer = client.post("/api/v1/analysis/FPT/llm", content='{"language": "vi"}', headers={"Content-Type": kind})
    assert answer.status_code == 200


@pytest.fixture
def strict(services):
    return Client(create_app(services, HttpTerms(body_bytes=2_000)), raise_server_exceptions=False)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("path", ["analysis/FPT/llm", "analysis/insights"])
def test_a_long_body_is_not_read(strict, services, path, chunked):
    body = b'{"symbols": [' + b'"FPT",' * 1_000
    content = iter([body[at : at + 500] for at in range(0, len(body), 500)]) if chunked else body
    answer = strict.post(f"/api/v1/{path}", content=content, headers={"Content-Type": "application/json"})
    problem(answer, 413, "request-too-large")
    assert services.llm.asked == []


def test_a_body_of_the_longest_length_is_read(strict):
    body = b'{"symbols": ["FPT"]}'.ljust(2_000)
    answer = strict.post("/api/v1/analysis/insights", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200


def refused_field(answer, field):
    assert [fault.field for fault in problem(answer, 422, "invalid-request").errors] == [field]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=5&limit=500", "query.limit"),
        ("limit=5&%6Cimit=500", "query.limit"),
        ("limit[$gt]=1", "query.limit[$gt]"),
        ("$where=1", "query.$where"),
        ("limit=5%00", "query.limit"),
        ("q=a%0d%0aX-Evil:%201", "query.q"),
        ("a%0d%0ab=1", "query.a??b"),
        ("%EF%BD%8Cimit=1", "query.\uff4cimit"),
        ("x.y=1", "query.x.y"),
    ],
)
@pytest.mark.parametrize("path", ["stocks", "analysis/FPT/insight"])
def test_tricks_in_parameters_reach_no_store(client, services, path, query, field):
    answer = client.get(f"/api/v1/{path}?{query}")
    refused_field(answer, field)
    assert "x-evil" not in answer.headers
    assert (services.prices.calls, services.insights.calls) == (0, 0)


def test_a_long_question_is_refused(client, services):
    problem(client.get(f"/api/v1/stocks?q={'a' * LONGEST_QUERY}"), 414, "query-too-long")
    assert services.prices.calls == 0


def test_long_headers_are_refused(client, services):
    answer = client.get("/api/v1/stocks", headers={"X-Long": "a" * LARGEST_HEADERS})
    problem(answer, 431, "headers-too-large")
    assert services.prices.calls == 0


@pytest.mark.parametrize("hidden", ["%2f", "%2F", "%5c", "%5C", "%00", "..%2F..%2Fetc%2Fpasswd"])
@pytest.mark.parametrize("path", ["stocks/FPT{}prices", "analysis/{}/insight", "stocks/FPT{}"])
def test_hidden_slashes_are_refused(client, services, path, hidden):
    """A gateway before us may have let them pass for something else."""
    problem(client.get(f"/api/v1/{path.format(hidden)}"), 400, "malformed-path")
    assert (services.prices.calls, services.insights.calls) == (0, 0)


def test_a_gateway_that_passes_them_on_is_no_help(services):
    from mangum import Mangum

    answer = Mangum(create_app(services), lifespan="off")(proxy_event("/api/v1/stocks/FPT%2Fprices"), CONTEXT)
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (400, "application/problem+json")


@pytest.mark.parametrize(
    "symbol",
    ["FPT:*", "insight:FPT", "FPT\nVCB", "F*T", "{market}:rows", "\uff26\uff30\uff34", "F\u0420T", "fp\u0131"],
    ids=["pattern", "key", "line break", "star", "slot", "full width", "Cyrillic", "dotless i"],
)
def test_keys_of_redis_are_no_symbols(client, services, symbol):
    from urllib.parse import quote

    problem(client.get(f"/api/v1/analysis/{quote(symbol)}/insight"), 422, "invalid-request")
    assert (services.prices.calls, services.insights.calls) == (0, 0)


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_the_method_is_the_method(client, services, header):
    assert client.get("/api/v1/analysis/FPT/llm", headers={header: "POST"}).status_code in (200, 404)
    assert client.post("/api/v1/stocks", headers={header: "GET"}).status_code == 405
    assert services.llm.asked == []


@pytest.mark.parametrize("header", ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix"])
def test_the_path_is_the_path(client, header):
    assert client.get("/api/v1/nothing", headers={header: "/api/v1/stocks"}).status_code == 404
