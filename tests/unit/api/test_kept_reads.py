"""Answers at hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from api.app import create_app
from api.kept_reads import KeptReads
from api.terms import HttpTerms
from tests.fakes.api_services import make_analysis
from tests.fakes.http_client import Client

INSIGHT = "/api/v1/analysis/FPT/insight"


@pytest.fixture
def client(services):
    return Client(create_app(services, HttpTerms(keep_seconds=5.0)), raise_server_exceptions=False)


def same(one, other):
    own = {"x-request-id"}
    return one.content == other.content and {k: v for k, v in one.headers.items() if k not in own} == {
        k: v for k, v in other.headers.items() if k not in own
    }


def test_what_was_given_a_moment_ago_is_given_again_without_a_read(client, services):
    first = client.get(INSIGHT)
    reads = services.insights.calls
    again = client.get(INSIGHT)
    assert same(first, again)
    assert first.headers["x-request-id"] != again.headers["x-request-id"]
    known = client.get(INSIGHT, headers={"If-None-Match": first.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    assert services.insights.calls == reads


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_what_one_client_knows_is_kept_for_the_others(client, services, coding):
    """Of pages that look at one symbol most know its insight: without it none of them would spare the next a read."""
    asked = {"Accept-Encoding": coding}
    tag = Client(create_app(services)).get(INSIGHT, headers=asked).headers["etag"]
    assert client.get(INSIGHT, headers=asked | {"If-None-Match": tag}).status_code == 304
    reads = services.insights.calls
    other = client.get(INSIGHT, headers=asked)
    assert (other.status_code, other.headers["etag"], other.json()["symbol"]) == (200, tag, "FPT")
    assert services.insights.calls == reads


def test_other_questions_are_others(client, services):
    client.get("/api/v1/analysis/FPT/history?limit=1")
    assert len(client.get("/api/v1/analysis/FPT/history?limit=2").json()["entries"]) == 2
    assert client.get("/api/v1/analysis/HPG/insight").json()["symbol"] == "HPG"
    assert client.post(INSIGHT).status_code == 405
    assert client.head(INSIGHT).content == b""


def test_it_does_not_keep_what_must_not_be_kept(client, services):
    """Errors, and what says no-store."""
    assert client.get("/api/v1/analysis/VCB/insight").status_code == 404
    services.insights.apply([make_analysis("VCB")])
    assert client.get("/api/v1/analysis/VCB/insight").status_code == 200
    health = client.get("/api/v1/health").json()["dependencies"]["redis"]
    services.probes["redis"] = lambda: 1 / 0
    assert client.get("/api/v1/health").json()["dependencies"]["redis"] != health


def test_it_ends():
    at = 0.0
    kept = KeptReads(1.0, lambda: at)
    kept.put(("/a", b"", None), [], b"body", '"a"')
    at = 0.49
    assert kept.get(("/a", b"", None)).body == b"body"
    at = 1.0
    assert kept.get(("/a", b"", None)) is None


QUESTION = ("/a", b"", None)


@pytest.fixture
def now():
    return SimpleNamespace(seconds=0.0)


@pytest.fixture
def kept(now):
    """An old answer, which one asker is told to make anew."""
    kept = KeptReads(1.0, lambda: now.seconds)
    kept.put(QUESTION, [], b"old", '"a"')
    now.seconds = 1.2
    assert kept.get(QUESTION) is None
    return kept


def test_one_makes_it_anew_while_others_are_given_what_there_is(kept):
    assert [kept.get(QUESTION).body for _ in range(3)] == [b"old"] * 3
    kept.put(QUESTION, [], b"new", '"b"')
    assert kept.get(QUESTION).body == b"new"


def test_what_nobody_makes_anew_ends_all_the_same(kept, now):
    """The one who waited may have been refused; and nobody may have asked for long."""
    now.seconds = 2.0
    assert [kept.get(QUESTION) for _ in range(3)] == [None] * 3
    kept.put(QUESTION, [], b"old", '"a"')
    now.seconds = 4.0
    assert [kept.get(QUESTION) for _ in range(3)] == [None] * 3


def test_it_is_bounded():
    kept = KeptReads(1.0, lambda: 0.0)
    for number in range(100_000):
        kept.put((f"/{number}", b"", None), [], b"x" * 10_000, '"a"')
    assert len(kept._kept) <= 1_000
    assert sum(len(each.body) for each in kept._kept.values()) <= 8_000_000
    kept.put(("/long", b"", None), [], b"x" * 1_000_000, '"a"')
    assert kept.get(("/long", b"", None)) is None


def test_not_all_end_together():
    at = 0.0
    kept = KeptReads(1.0, lambda: at)
    questions = [(f"/api/v1/analysis/A{number:02}/insight", b"", None) for number in range(100)]
    for question in questions:
        kept.put(question, [], b"body", '"a"')
    at = 0.75
    assert 30 < sum(kept.get(question) is not None for question in questions) < 70
