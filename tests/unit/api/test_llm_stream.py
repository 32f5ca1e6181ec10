"""The making of a text as server-sent events."""

from __future__ import annotations

import json
import threading

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from stock_ai.models.llm import Explained, Served
from tests.fakes.api_services import make_text
from tests.unit.api.test_llm_routes import explained, keep, text_id

STREAM = "/api/v1/analysis/FPT/llm/stream"


def events(answer):
    """The events of a whole answer as (id, event, data)."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    blocks = [block for block in answer.text.split("\n\n") if block and block != ":"]
    assert blocks.pop(0) == "retry: 2000"
    found = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    return [(block.get("id"), block["event"], json.loads(block["data"])) for block in found]


@pytest.fixture
def flight(services):
    """A text that another process has begun; `tell` adds events."""
    name = text_id(services)
    services.llm_flights.leads.add(name)
    return lambda event, data: services.llm_flights.tell(name, event, data)


def test_a_kept_text_is_there_at_once(client, services):
    kept = keep(services)
    told = Explained(analysis=kept, served=Served.CACHED).model_dump(mode="json")
    assert events(client.get(STREAM)) == [("kept", "done", told)]
    assert client.get(STREAM, headers={"Last-Event-ID": "kept"}).status_code == 204
    assert services.llm.asked == []


def test_what_happens_is_told_until_the_end(client, flight):
    flight("phase", {"phase": "writing"})
    flight("sentence", {"at": "summary.0", "text": "Cổ phiếu tăng\n2 %."})
    flight("done", explained())
    assert events(client.get(STREAM)) == [
        ("1-0", "phase", {"phase": "writing"}),
        ("2-0", "sentence", {"at": "summary.0", "text": "Cổ phiếu tăng\n2 %."}),
        ("3-0", "done", explained()),
    ]


def test_a_client_that_was_cut_off_goes_on(client, flight):
    for phase in ("facts", "writing", "checking"):
        flight("phase", {"phase": phase})
    flight("done", explained())
    told = events(client.get(STREAM, headers={"Last-Event-ID": "2-0"}))
    assert [identity for identity, _, _ in told] == ["3-0", "4-0"]
    assert client.get(STREAM, headers={"Last-Event-ID": "4-0"}).status_code == 204


def test_it_has_the_text_written_where_nobody_does(client, services):
    """The function tells no event here: its answer is the end."""
    assert events(client.get(STREAM)) == [(None, "done", explained())]
    assert services.llm.asked == [{"symbol": "FPT", "language": "en"}]


def test_who_begins_hears_what_its_writer_tells(services):
    name = text_id(services)
    services.llm.gate = threading.Event()

    def write():
        assert services.llm.began.wait(10)
        services.llm_flights.leads.add(name)
        services.llm_flights.tell(name, "phase", {"phase": "writing"})
        services.llm_flights.tell(name, "done", explained())
        services.llm.gate.set()

    writer = threading.Thread(target=write)
    writer.start()
    with TestClient(create_app(services)) as client:
        told = events(client.get(STREAM))
    writer.join()
    assert [(identity, event) for identity, event, _ in told] == [("1-0", "phase"), ("2-0", "done")]


def test_a_failure_is_the_last_event_and_the_next_question_begins_anew(client, services, flight):
    flight("phase", {"phase": "writing"})
    flight("failed", {"kind": "BudgetSpentError", "message": "spent", "retry_after": 60.0})
    assert client.get(STREAM, headers={"Last-Event-ID": "2-0"}).status_code == 204
    assert services.llm.asked == []
    assert events(client.get(STREAM)) == [(None, "done", explained())]
    assert len(services.llm.asked) == 1


@pytest.mark.parametrize(
    ("kind", "message", "shown"),
    [
        ("BudgetSpentError", "spent", True),
        ("RunAbortedError", "ANTHROPIC_API_KEY was refused", True),
        ("RetryableError", "Redis: ConnectionError", False),
    ],
)
def test_a_failure_under_way_shows_no_insides(services, kind, message, shown):
    name = text_id(services)
    services.llm_flights.leads.add(name)
    follow = services.llm_flights.follow

    def fail_then_follow(*args):
        # Only once the stream is being followed.
        if args[1] > 0:
            services.llm_flights.tell(name, "failed", {"kind": kind, "message": message, "retry_after": None})
        return follow(*args)

    services.llm_flights.follow = fail_then_follow
    with TestClient(create_app(services)) as client:
        ((_, event, data),) = events(client.get(STREAM))
    assert event == "failed"
    assert (message in data["message"]) is shown


def test_a_client_over_its_limit_gets_a_problem_and_no_stream(client, services):
    services.llm_limit.allowed = 0
    assert client.get(STREAM).status_code == 429
    assert client.get("/api/v1/analysis/ZZZ/llm/stream").status_code == 404


def test_an_unforeseen_error_shows_no_insides(client, services):
    services.llm.error = KeyError("internal secret")
    ((_, event, data),) = events(client.get(STREAM))
    assert event == "failed"
    assert "secret" not in json.dumps(data)


def test_vietnamese_is_asked_for_by_the_query(client, services):
    events(client.get(STREAM, params={"language": "vi"}))
    assert services.llm.asked == [{"symbol": "FPT", "language": "vi"}]
    assert make_text(language="vi").language == "vi"
