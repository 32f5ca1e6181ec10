"""Changes of insights to many listeners."""

from __future__ import annotations

import asyncio
import threading

import pytest

from api import streaming
from api.app import create_app
from api.services import LlmTerms
from api.streaming import ChangeHub
from stock_ai.errors import InvalidInputError, RetryableError
from stock_ai.models.market_view import InsightChange
from tests.fakes.api_services import MemoryChanges
from tests.fakes.http_client import Client
from tests.unit.api.test_api_problems import problem

ALL = frozenset()


@pytest.fixture
def feed():
    return MemoryChanges()


@pytest.fixture
def hub(feed):
    return ChangeHub(lambda: feed)


async def next_event(events):
    """Id and symbol of the next event; comments and the head are passed over."""
    while True:
        block = (await asyncio.wait_for(anext(events), 10)).decode()
        lines = dict(line.split(": ", 1) for line in block.strip().split("\n") if ": " in line)
        if "event" in lines:
            assert lines["event"] == "insight"
            return lines["id"], InsightChange.model_validate_json(lines["data"]).symbol


async def listen(hub, symbols=ALL, after=None):
    events = await hub.events(symbols, after)
    assert (await anext(events)).startswith(b"retry: ")
    return events


def test_a_change_is_told_to_everybody_once_and_in_order(hub, feed):
    async def run():
        feed.tell("OLD")
        listeners = [await listen(hub) for _ in range(50)]
        for symbol in ("FPT", "VCB", "FPT"):
            await asyncio.to_thread(feed.tell, symbol)
        for events in listeners:
            assert [await next_event(events) for _ in range(3)] == [("2-0", "FPT"), ("3-0", "VCB"), ("4-0", "FPT")]
            await events.aclose()

    asyncio.run(run())


def test_only_the_symbols_that_are_wanted(hub, feed):
    async def run():
        events = await listen(hub, frozenset({"VCB"}))
        for symbol in ("FPT", "VCB", "HPG", "VCB"):
            feed.tell(symbol)
        assert [await next_event(events) for _ in range(2)] == [("2-0", "VCB"), ("4-0", "VCB")]
        await events.aclose()

    asyncio.run(run())


def test_a_client_that_was_cut_off_misses_nothing(hub, feed):
    """Of more changes than one page, while others listen and more come."""

    async def run():
        other = await listen(hub)
        ids = [feed.tell("FPT") for _ in range(1_200)]
        events = await listen(hub, after="100-0")
        more = [feed.tell("VCB") for _ in range(50)]
        assert [(await next_event(events))[0] for _ in range(1_150)] == ids[100:] + more
        await events.aclose()
        await other.aclose()

    asyncio.run(run())


def test_one_thread_reads_for_all_and_ends_with_the_last(hub, feed):
    before = set(threading.enumerate())

    def reading():
        return [thread for thread in set(threading.enumerate()) - before if thread.name == "changes"]

    async def run():
        listeners = [await listen(hub) for _ in range(20)]
        (thread,) = reading()
        for events in listeners:
            await events.aclose()
        at_once = await listen(hub)
        assert reading() == [thread], "who comes back finds the reader"
        await at_once.aclose()
        feed.tell("FPT")
        await asyncio.to_thread(thread.join, 10)
        assert reading() == []
        again = await listen(hub)
        feed.tell("VCB")
        assert await next_event(again) == ("2-0", "VCB")
        await again.aclose()

    asyncio.run(run())


def test_a_listener_that_does_not_keep_up_is_let_go_and_holds_up_nobody(hub, feed, monkeypatch):
    monkeypatch.setattr(streaming, "_BEHIND", 10)

    async def run():
        slow, quick = await listen(hub), await listen(hub)
        feed.tell("FPT")
        assert await next_event(slow) == await next_event(quick)
        for number in range(100):
            feed.tell("FPT")
            assert (await next_event(quick))[0] == f"{number + 2}-0"
        # It ends, here after what it could still read for itself.
        assert len([block async for block in slow]) <= 100
        await quick.aclose()

    asyncio.run(run())


def test_while_nothing_changes_it_says_that_it_is_there(hub, monkeypatch):
    monkeypatch.setattr(streaming, "_HEARTBEAT_SECONDS", 0.01)

    async def run():
        events = await listen(hub)
        assert (await anext(events)).startswith(b":")
        await events.aclose()

    asyncio.run(run())


def test_changes_that_are_away_come_back(hub, feed, monkeypatch):
    monkeypatch.setattr(streaming, "_REST_SECONDS", 0.01)

    async def run():
        events = await listen(hub)
        feed.down = True
        feed.tell("FPT")
        first = asyncio.ensure_future(next_event(events))
        await asyncio.sleep(0)
        feed.down = False
        assert await first == ("1-0", "FPT")
        await events.aclose()

    asyncio.run(run())


def test_a_fault_is_told_before_anything_else(hub, feed, monkeypatch):
    feed.down = True
    with pytest.raises(RetryableError):
        asyncio.run(hub.events(ALL, None))
    feed.down = False
    monkeypatch.setattr(streaming, "MOST_LISTENERS", 0)
    with pytest.raises(RetryableError):
        asyncio.run(hub.events(ALL, None))


def test_away_is_503(services):
    services.changes.down = True
    client = Client(create_app(services), raise_server_exceptions=False)
    problem(client.get("/api/v1/stream"), 503, "temporarily-unavailable")


def test_behind_a_gateway_it_says_what_to_do_instead(services):
    services.llm_terms = LlmTerms(streaming=False)
    client = Client(create_app(services), raise_server_exceptions=False)
    assert "If-None-Match" in problem(client.get("/api/v1/stream"), 501, "streaming-unavailable").detail


@pytest.mark.parametrize("symbols", ["F-T", "FPT,$ne", "\uff26\uff30\uff34", ",".join(f"A{n:02}" for n in range(101))])
def test_wrong_symbols_are_named(client, symbols):
    answer = client.get("/api/v1/stream", params={"symbols": symbols})
    assert problem(answer, 422, "invalid-request").errors[0].field == "query.symbols"


@pytest.mark.parametrize("given", ["nonsense", "1", "-1-0", "1-0-0", "9" * 39])
def test_a_wrong_last_event_is_named(services, given):
    def refuse(after, limit, wait_ms):
        raise InvalidInputError(f"Last-Event-ID: {after!r} is no id of a change")

    services.changes.changes = refuse
    client = Client(create_app(services), raise_server_exceptions=False)
    answer = client.get("/api/v1/stream", headers={"Last-Event-ID": given})
    assert problem(answer, 422, "invalid-request").errors[0].field == "header.last-event-id"


def test_who_is_let_go_is_so_once(feed, monkeypatch):
    monkeypatch.setattr(streaming, "_BEHIND", 2)

    async def run():
        faults = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
        listener = streaming._Listener()
        feed.tell("FPT")
        for _ in range(10):
            listener.give(feed.told * 3)
        await asyncio.sleep(0)
        assert [listener.queue.get_nowait() is None for _ in range(3)] == [False, False, True]
        assert (listener.queue.qsize(), faults) == (0, [])

    asyncio.run(run())
