"""Every error is a problem document that names what is wrong and shows no internals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.dependencies import _symbol
from api.problems import Problem
from stock_ai.errors import BudgetSpentError, InvalidInputError, NotFoundError, RetryableError, RunAbortedError
from stock_ai.market.symbols import is_symbol


def problem(answer, status, kind):
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    document = Problem.model_validate(answer.json())
    assert (document.status, document.type) == (status, f"urn:stock-ai:problem:{kind}")
    assert document.request_id == answer.headers["x-request-id"]
    return document


@pytest.mark.parametrize("path", ["stocks/ZZZ", "stocks/ZZZ/prices", "stocks/ZZZ/indicators", "analysis/ZZZ/insight"])
def test_unknown_symbol(client, path):
    assert "ZZZ" in problem(client.get(f"/api/v1/{path}"), 404, "unknown-symbol").detail


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "stocks/VCB/indicators"),
        ("GET", "analysis/VCB/insight"),
        ("GET", "analysis/VCB/history"),
        ("POST", "analysis/VCB/llm"),
    ],
)
def test_pending_analysis_is_a_problem_of_its_own(client, services, method, path):
    document = problem(client.request(method, f"/api/v1/{path}"), 404, "analysis-pending")
    assert "VCB" in document.detail
    assert services.llm.asked == []


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        ("stocks/F-T", "path.symbol", "F-T"),
        ("stocks/FPT/prices?limit=0", "query.limit", "0"),
        ("stocks/FPT/prices?limit=many", "query.limit", "many"),
        ("stocks/FPT/prices?start=2025-13-01", "query.start", "2025-13-01"),
        ("stocks/FPT/prices?interval=1Y", "query.interval", "1Y"),
        ("stocks/FPT/prices?end=9999-12-31", "query.end", "9999-12-31"),
        ("stocks/FPT/prices?cursor=FPT", "query.cursor", "FPT"),
        ("stocks/FPT/prices?adjusted=perhaps", "query.adjusted", "perhaps"),
        ("stocks/FPT/prices?from=2025-01-01", "query.from", "2025-01-01"),
        ("stocks/FPT/prices?start[$gt]=1", "query.start[$gt]", "1"),
        ("stocks?offset=-1", "query.offset", "-1"),
        ("analysis/FPT/history?limit=501", "query.limit", "501"),
    ],
)
def test_wrong_input_is_named_with_its_value(client, path, field, value):
    document = problem(client.get(f"/api/v1/{path}"), 422, "invalid-request")
    assert [(fault.field, fault.value) for fault in document.errors] == [(field, value)]
    assert field in document.detail
    assert value in document.detail


def test_start_after_end(client):
    answer = client.get("/api/v1/stocks/FPT/prices?start=2025-08-22&end=2025-08-01")
    assert "start 2025-08-22 is after end 2025-08-01" in problem(answer, 422, "invalid-request").detail


@pytest.mark.parametrize(
    ("body", "field"),
    [('{"language": "fr"}', "body.language"), ('{"lang": "vi"}', "body.lang"), ("{", "body.1"), ('["vi"]', "body")],
)
def test_wrong_body(client, services, body, field):
    answer = client.post("/api/v1/analysis/FPT/llm", content=body, headers={"content-type": "application/json"})
    assert problem(answer, 422, "invalid-request").errors[0].field == field
    assert services.llm.asked == []


@pytest.mark.parametrize(
    "symbol",
    [
        "..%2F..%2Fetc%2Fpasswd",
        "FPT%0d%0aX-Evil:%201",
        "%7B%22%24gt%22%3A%22%22%7D",
        "$where",
        "FPT%00",
        "%EF%AC%81X",
        "F" * 5000,
    ],
    ids=["encoded slashes", "header injection", "mongo operator", "operator name", "nul", "ligature", "very long"],
)
def test_tricks_in_the_path_reach_no_store(client, services, symbol):
    answer = client.get(f"/api/v1/analysis/{symbol}/insight")
    assert answer.status_code in (400, 404, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "x-evil" not in answer.headers
    assert len(answer.content) < 12_000
    assert (services.prices.calls, services.insights.calls) == (0, 0)


@given(st.text(max_size=10))
def test_whatever_passes_as_a_symbol_is_one(text):
    try:
        symbol = _symbol(text)
    except ValueError:
        return
    assert is_symbol(symbol)
    assert symbol == text.upper()


def test_unknown_route_and_method(client):
    assert "/api/v2/stocks" in problem(client.get("/api/v2/stocks"), 404, "unknown-route").detail
    refused = client.delete("/api/v1/stocks")
    problem(refused, 405, "method-not-allowed")
    assert refused.headers["allow"] == "GET, HEAD, OPTIONS"
    assert client.put("/api/v1/analysis/FPT/llm").headers["allow"] == "GET, HEAD, POST, OPTIONS"


def test_store_that_is_away(client, services):
    services.prices.down = True
    answer = client.get("/api/v1/stocks/FPT/prices")
    document = problem(answer, 503, "temporarily-unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert "store is away" not in document.detail


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (RetryableError("Anthropic answered 529"), 503, "temporarily-unavailable"),
        (NotFoundError("symbol FPT has no analysis to explain"), 404, "unknown-symbol"),
        (KeyError("internal secret"), 500, "internal-error"),
    ],
)
def test_failures_of_the_explaining_function(client, services, error, status, kind):
    services.llm.error = error
    document = problem(client.post("/api/v1/analysis/FPT/llm"), status, kind)
    if status >= 500:
        assert str(error) not in document.model_dump_json()


@pytest.mark.parametrize(
    "error",
    [
        RunAbortedError("the key in ANTHROPIC_API_KEY was refused"),
        InvalidInputError("LLM_PROVIDER is anthropic, but ANTHROPIC_API_KEY is not set"),
    ],
)
def test_a_wrong_setting_of_the_explaining_function_is_named(client, services, error):
    services.llm.error = error
    document = problem(client.post("/api/v1/analysis/FPT/llm"), 503, "llm-misconfigured")
    assert document.detail == str(error)


def test_an_author_that_is_not_there_is_the_askers_fault(client, services):
    services.llm.error = InvalidInputError("provider openai is not configured: OPENAI_API_KEY is not set")
    answer = client.post("/api/v1/analysis/FPT/llm", json={"provider": "openai"})
    assert "openai" in problem(answer, 422, "invalid-request").detail


def test_a_spent_budget_says_when_the_next_one_begins(client, services):
    services.llm.error = BudgetSpentError("the budget of 0 USD is spent for 2025-08-23", 49_999.2)
    answer = client.post("/api/v1/analysis/FPT/llm")
    assert "0 USD" in problem(answer, 429, "llm-budget-spent").detail
    assert answer.headers["retry-after"] == "50000"


def test_a_client_that_asks_too_often_is_told_when_to_come_back(client, services):
    services.llm_limit.allowed = 0
    answer = client.post("/api/v1/analysis/FPT/llm")
    problem(answer, 429, "rate-limited")
    assert answer.headers["retry-after"] == "13"
    assert services.llm.asked == []


def test_browsers_may_read_errors_and_the_headers_they_need(client, services):
    services.llm.error = KeyError("unforeseen")
    answer = client.post("/api/v1/analysis/FPT/llm", headers={"Origin": "https://app.example"})
    assert answer.status_code == 500
    assert answer.headers["access-control-allow-origin"] == "*"
    assert {"ETag", "Retry-After", "X-Request-Id"} <= set(answer.headers["access-control-expose-headers"].split(", "))
