"""How often one client may ask."""

from __future__ import annotations

import pytest

from api.app import create_app
from api.limits import RequestLimit
from api.terms import HttpTerms
from tests.fakes.api_services import MemoryCounts
from tests.fakes.http_client import Client
from tests.unit.api.test_api_problems import problem


class Seconds:
    """A clock that a test moves."""

    def __init__(self, at=6_000.0):
        self.at = at

    def __call__(self):
        return self.at


def ask(limit, client="192.0.2.1", times=1):
    for _ in range(times):
        if limit.count(client).due:
            limit.tell(client)
    return limit.usage(client)


@pytest.fixture
def counts():
    return MemoryCounts()


@pytest.fixture
def now():
    return Seconds()


@pytest.fixture
def limit(counts, now):
    return RequestLimit(100, lambda: counts, now)


def test_a_client_has_so_many_and_then_none(limit, now):
    assert ask(limit)[:2] == (99, 60)
    now.at += 12.5
    assert ask(limit, times=99)[:2] == (0, 48)
    assert ask(limit)[:2] == (-1, 48)
    assert ask(limit, "192.0.2.2").left == 99
    now.at = 6_060
    assert ask(limit)[:2] == (99, 60)


def test_processes_count_together(counts, now):
    here, there = (RequestLimit(100, lambda: counts, now) for _ in range(2))
    ask(here, times=50)
    ask(there, times=50)
    # What the others have not told yet may be a twentieth of what is allowed.
    assert ask(here, times=5).left <= 0
    assert ask(there, times=10).left == -1


def test_few_requests_wait_for_the_common_count(limit, counts, now):
    ask(limit, times=100)
    assert counts.calls <= 21
    assert sum(counts.counts.values()) >= 95
    now.at += 1
    ask(limit)
    told = counts.calls
    for _ in range(1_000):
        now.at += 0.01
        ask(limit)
    assert counts.calls == told, "one that is refused costs nothing"


def test_a_slow_client_is_told_of_once_a_second(limit, counts, now):
    for _ in range(20):
        ask(limit)
        now.at += 0.25
    assert counts.calls <= 6


def test_while_the_common_count_is_away_each_counts_alone(limit, counts):
    counts.down = True
    assert ask(limit, times=60).left == 40
    assert ask(limit, times=41).left == -1


def test_a_minute_that_ends_while_it_is_told_is_no_fault(limit, now):
    limit.count("192.0.2.1")
    now.at += 60
    limit.count("192.0.2.2")
    limit.tell("192.0.2.1")
    assert not limit.usage("192.0.2.1").due
    assert limit.usage("192.0.2.1").left == 100


@pytest.fixture
def client(services):
    terms = HttpTerms(requests_per_minute=3, keep_seconds=1.0)
    return Client(create_app(services, terms), raise_server_exceptions=False)


def test_the_headers_say_what_is_left(client):
    for left in (2, 1, 0):
        answer = client.get("/api/v1/analysis/FPT/insight", headers={"Origin": "https://a.example"})
        assert (answer.status_code, answer.headers["ratelimit-policy"]) == (200, '"minute";q=3;w=60')
        assert answer.headers["ratelimit"].startswith(f'"minute";r={left};t=')
        assert {"RateLimit", "RateLimit-Policy"} <= set(answer.headers["access-control-expose-headers"].split(", "))
    answer = client.get("/api/v1/analysis/FPT/insight", headers={"Origin": "https://a.example"})
    assert "3 requests" in problem(answer, 429, "rate-limited").detail
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.headers["ratelimit"].startswith('"minute";r=0;t=')
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["/", "/api/v1/health", "/openapi.json"])
def test_what_tells_no_data_is_not_counted(client, path):
    for _ in range(5):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "ratelimit" not in answer.headers


def test_what_is_refused_counts_too(client):
    for _ in range(3):
        client.get("/api/v1/stocks?limit[$gt]=1")
    assert client.get("/api/v1/stocks").status_code == 429


def test_without_a_limit_nothing_is_said(services):
    answer = Client(create_app(services)).get("/api/v1/stocks")
    assert "ratelimit" not in answer.headers
    assert services.request_counts.calls == 0
