"""Explanations over HTTP: kept texts, waiting for new ones, and asking again."""

from __future__ import annotations

import datetime as dt
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.services import LlmTerms
from stock_ai.errors import BudgetSpentError, RateLimitedError, RetryableError
from stock_ai.models.llm import Explained, Language, Served
from tests.fakes.api_services import NOW, make_analysis, make_text, memory_services
from tests.fakes.http_client import Client

PATH = "/api/v1/analysis/FPT/llm"


def text_id(services, language=Language.ENGLISH, provider=None, watermark="ai-FPT-BUY"):
    return services.llm_engine(provider).text_id("FPT", watermark, language)


def keep(services, **changes):
    """Keep a text under the name that a question would give it."""
    text = make_text(analysis_id=text_id(services), event_time=NOW - dt.timedelta(seconds=90), **changes)
    services.llm_texts.kept["FPT", text.analysis_id] = text
    return text


def explained(**changes):
    return Explained(analysis=make_text(**changes), served=Served.WRITTEN).model_dump(mode="json")


@pytest.fixture
def impatient(services):
    """A client of an API that waits for next to nothing, and whose function answers when `gate` is set."""
    services.llm_terms = LlmTerms(wait_seconds=0.02)
    services.llm.gate = threading.Event()
    # One event loop for all requests, as in a server.
    with TestClient(create_app(services), raise_server_exceptions=False) as client:
        yield client
        services.llm.gate.set()


def eventually(answer, status):
    """Ask again until the status is there."""
    deadline = time.monotonic() + 10
    while (given := answer()).status_code != status:
        assert time.monotonic() < deadline, given.text
    return given


def test_a_kept_text_is_answered_as_it_is_with_its_age(client, services):
    kept = keep(services)
    answer = client.post(PATH).json()
    more = {name: answer.pop(name) for name in ("served", "age_seconds", "freshness")}
    assert answer == kept.model_dump(mode="json")
    assert (more["served"], more["age_seconds"]) == ("cached", 90)
    assert more["freshness"] == client.get("/api/v1/analysis/FPT/insight").json()["freshness"]
    assert services.llm.asked == []
    assert not services.llm_limit.admitted


def test_a_kept_text_costs_one_read(client, services):
    keep(services)
    client.post(PATH, json={})
    services.llm_texts.calls = services.insights.calls = services.prices.calls = 0
    assert client.post(PATH).status_code == 200
    assert (services.llm_texts.calls, services.prices.calls) == (1, 0)


def test_a_text_of_older_facts_is_not_current(client, services):
    keep(services)
    assert client.post(PATH).json()["served"] == "cached"
    services.insights.apply([make_analysis(analysis_id="ai-newer", event_time=NOW + dt.timedelta(minutes=5))])
    # In other words: what was asked a moment ago is answered from memory.
    assert client.post(PATH, json={"language": "en"}).json()["served"] == "written"
    assert len(services.llm.asked) == 1


def test_the_same_question_a_moment_later_is_answered_from_memory(client, services, monkeypatch):
    keep(services)
    first = client.post(PATH, headers={"Origin": "https://app.example"})
    services.llm_texts.calls = 0
    again = client.post(PATH, headers={"Origin": "https://app.example"})
    assert (again.json(), services.llm_texts.calls) == (first.json(), 0)
    ours = {"x-request-id"}
    assert {name: value for name, value in again.headers.items() if name not in ours} == {
        name: value for name, value in first.headers.items() if name not in ours
    }
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert client.post(PATH, content=b" " * 300, headers={"Content-Type": "application/json"}).status_code == 422
    assert client.post("/api/v1/analysis/VCB/llm").status_code == 404
    monkeypatch.setattr("api.recent.SECONDS", -1.0)
    client.post(PATH, json={"language": "en"})
    services.llm_texts.calls = 0
    assert client.post(PATH, json={"language": "en"}).status_code == 200
    assert services.llm_texts.calls == 1


def test_a_named_author_writes_a_text_of_its_own(client, services):
    keep(services)
    assert client.post(PATH, json={"provider": "openai"}).status_code == 200
    assert services.llm.asked == [{"symbol": "FPT", "language": "en", "provider": "openai"}]


def test_freshness_of_a_stale_text_is_its_own(client, services, monkeypatch):
    old = make_text(as_of=dt.date(2025, 8, 20), ai_analysis_id="ai-old")
    monkeypatch.setattr(type(services.llm), "__call__", lambda *_: Explained(analysis=old, served=Served.STALE))
    answer = client.post(PATH).json()
    assert (answer["served"], answer["freshness"]["as_of"], answer["freshness"]["sessions_behind"]) == (
        "stale",
        "2025-08-20",
        2,
    )


def test_who_waits_too_long_is_told_where_to_ask_again(impatient, services):
    answer = impatient.post(PATH, json={"language": "vi"})
    location = f"{PATH}/{text_id(services, Language.VIETNAMESE)}"
    assert (answer.status_code, answer.headers["location"]) == (202, location)
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json() == {"symbol": "FPT", "language": "vi", "status": "writing", "location": location}
    assert impatient.get(location).status_code == 202


def test_the_writing_goes_on_after_the_answer(impatient, services):
    location = impatient.post(PATH).headers["location"]
    name = location.rsplit("/", 1)[1]
    services.llm_flights.leads.add(name)
    assert impatient.get(location).status_code == 202
    services.llm_flights.tell(name, "phase", {"phase": "writing"})
    assert impatient.get(location).status_code == 202
    services.llm_flights.tell(name, "done", explained(analysis_id=name))
    services.llm.gate.set()
    done = eventually(lambda: impatient.get(location), 200)
    assert (done.json()["analysis_id"], done.json()["served"]) == (name, "written")
    assert len(services.llm.asked) == 1


def test_a_poll_finds_a_kept_text_after_its_flight_is_forgotten(client, services):
    kept = keep(services)
    assert client.get(f"{PATH}/{kept.analysis_id}").json()["served"] == "cached"


def test_a_poll_tells_how_the_writing_has_failed(client, services):
    name = text_id(services)
    services.llm_flights.tell(name, "failed", {"kind": "RunAbortedError", "message": "LLM_X: no", "retry_after": None})
    answer = client.get(f"{PATH}/{name}")
    assert (answer.status_code, answer.json()["detail"]) == (503, "LLM_X: no")
    services.llm_flights.tell(name, "failed", {"kind": "BudgetSpentError", "message": "spent", "retry_after": 7.0})
    services.llm_flights.events[name].pop(0)
    answer = client.get(f"{PATH}/{name}")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


def test_while_nobody_can_be_asked_the_last_text_is_given_and_marked(client, services):
    services.llm.error = RetryableError("llm_analysis could not be asked")
    assert client.post(PATH).status_code == 503
    old = make_text(analysis_id="of older facts", ai_analysis_id="older", event_time=NOW - dt.timedelta(hours=3))
    services.llm_texts.newest["FPT", Language.ENGLISH] = old
    answer = client.post(PATH)
    given = answer.json()
    assert (answer.status_code, given["served"], given["analysis_id"]) == (200, "stale", "of older facts")
    assert given["age_seconds"] == 3 * 3600
    assert answer.headers["x-degraded"] == "llm"
    assert given["freshness"]["degraded"] == ["llm"]
    services.llm.error = BudgetSpentError("spent", 7.0)
    assert client.post(PATH).status_code == 429


@pytest.mark.parametrize(("name", "status"), [("0" * 32, 404), ("F" * 32, 422), ("latest", 422)])
def test_a_poll_of_what_nobody_writes(client, name, status):
    answer = client.get(f"{PATH}/{name}")
    assert answer.status_code == status
    if status == 404:
        assert answer.json()["type"] == "urn:stock-ai:problem:no-text"


def test_a_poll_of_another_symbols_text(client, services):
    name = text_id(services)
    services.llm_flights.tell(name, "done", explained(analysis_id=name))
    assert client.get(f"/api/v1/analysis/HPG/llm/{name}").status_code == 404


def test_a_flight_of_another_process_is_followed_and_costs_nothing(services):
    name = text_id(services)
    services.llm_flights.leads.add(name)
    services.llm_limit.allowed = 0
    with TestClient(create_app(services)) as client, ThreadPoolExecutor() as pool:
        waiting = pool.submit(client.post, PATH)
        services.llm_flights.tell(name, "done", explained(summary="By another one."))
        assert waiting.result(30).json()["summary"] == "By another one."
    assert services.llm.asked == []


def test_a_busy_function_means_to_follow_who_writes_the_same(services):
    name = text_id(services)
    services.llm.error = RateLimitedError("llm_analysis is busy")
    services.llm.gate = threading.Event()
    with TestClient(create_app(services)) as client, ThreadPoolExecutor() as pool:
        waiting = pool.submit(client.post, PATH)
        assert services.llm.began.wait(10)
        services.llm_flights.leads.add(name)
        services.llm.gate.set()
        services.llm_flights.tell(name, "done", explained(summary="By another one."))
        assert waiting.result(30).json()["summary"] == "By another one."


def test_a_hundred_wait_for_one_writer_while_others_are_served(services):
    services.llm.gate = threading.Event()
    services.llm_limit.allowed = 1
    with TestClient(create_app(services)) as client, ThreadPoolExecutor(100) as pool:
        waiting = [pool.submit(client.post, PATH) for _ in range(100)]
        assert services.llm.began.wait(10)
        for _ in range(50):
            assert client.get("/api/v1/health").status_code == 200
            assert client.get("/api/v1/stocks/FPT").status_code == 200
        assert not any(one.done() for one in waiting)
        services.llm.gate.set()
        assert {one.result(30).status_code for one in waiting} == {200}
    assert len(services.llm.asked) == 1
    assert sum(services.llm_limit.admitted.values()) == 1


def test_who_joins_shares_the_failure(services):
    services.llm.gate = threading.Event()
    services.llm.error = BudgetSpentError("spent", 60)
    with TestClient(create_app(services)) as client, ThreadPoolExecutor(5) as pool:
        waiting = [pool.submit(client.post, PATH) for _ in range(5)]
        assert services.llm.began.wait(10)
        services.llm.gate.set()
        assert {one.result(30).status_code for one in waiting} == {429}


def test_a_refused_client_is_no_trouble_to_others(client, services):
    services.llm_limit.allowed = 0
    assert client.post(PATH).status_code == 429
    services.llm_limit.allowed = 1
    assert client.post(PATH).status_code == 200


def test_the_newest_text_and_its_tag(client, services):
    assert client.get(PATH).json()["type"] == "urn:stock-ai:problem:no-text"
    services.llm_texts.newest["FPT", "en"] = make_text()
    first = client.get(PATH)
    assert (first.status_code, first.json()["served"]) == (200, "cached")
    again = client.get(PATH, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    services.insights.apply([make_analysis(analysis_id="ai-newer", event_time=NOW + dt.timedelta(minutes=5))])
    later = client.get(PATH, headers={"If-None-Match": first.headers["etag"]})
    assert (later.status_code, later.json()["served"]) == (200, "stale")
    assert client.get(PATH, params={"language": "vi"}).status_code == 404
    assert client.get("/api/v1/analysis/ZZZ/llm").json()["type"] == "urn:stock-ai:problem:unknown-symbol"


def test_usage_counts_what_was_kept(client, services):
    keep(services)
    for _ in range(3):
        client.post(PATH)
    usage = client.get("/api/v1/llm/usage").json()
    assert (usage["day"], usage["left_usd"]) == ("2025-08-23", 0.7)
    assert [(each["provider"], each["cached"]) for each in usage["models"]] == [("template", 3)]
    assert client.get("/api/v1/llm/usage", params={"day": "2025-08-01"}).json()["day"] == "2025-08-01"


def test_usage_is_empty_without_questions():
    assert Client(create_app(memory_services())).get("/api/v1/llm/usage").json()["models"] == []
