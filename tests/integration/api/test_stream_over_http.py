"""Changes over HTTP, from the writer of insights to many listeners."""

from __future__ import annotations

import asyncio
import contextlib
import time

import httpx
import pytest

from api.app import create_app
from api.services import LlmTerms
from api.terms import HttpTerms
from api.wiring import connect
from stock_ai.settings import KafkaSettings, LlmSettings, MongoSettings, RedisSettings
from stock_ai.storage.insights import RedisInsightStore
from tests.fakes.api_services import make_analysis
from tests.integration.api.serving import serving

LISTENERS = 100


@pytest.fixture
def url(redis_client, redis_url):
    services = connect(
        MongoSettings(MONGODB_URI="mongodb://127.0.0.1:1"),
        RedisSettings(REDIS_URL=redis_url),
        KafkaSettings(KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1"),
        None,
        LlmSettings(),
        LlmTerms(),
    )
    with serving(create_app(services, HttpTerms(keep_seconds=1.0))) as url:
        yield url


async def events(lines, count):
    """The next events as pairs of id and symbol."""
    found, event_id = [], None
    async for line in lines:
        name, _, value = line.partition(": ")
        if name == "id":
            event_id = value
        elif name == "data":
            found.append((event_id, value.split('"symbol":"')[1].split('"')[0]))
            if len(found) == count:
                return found
    raise AssertionError(f"ended after {found}")


def test_many_listen_and_nobody_else_waits(url, redis_client):
    store = RedisInsightStore(redis_client)

    async def listen(client, ready, query="", count=3, **headers):
        async with client.stream("GET", f"/api/v1/stream{query}", headers=headers) as answer:
            assert answer.status_code == 200
            assert "content-encoding" not in answer.headers
            lines = answer.aiter_lines()
            assert await anext(lines) == "retry: 3000"
            # Events are told from the moment of the request.
            ready.release()
            return await events(lines, count)

    async def run():
        limits = httpx.Limits(max_connections=LISTENERS + 20)
        async with httpx.AsyncClient(base_url=url, timeout=30, limits=limits) as client:
            ready = asyncio.Semaphore(0)
            listeners = [asyncio.create_task(listen(client, ready)) for _ in range(LISTENERS)]
            one = asyncio.create_task(listen(client, ready, "?symbols=vcb", 1))
            for _ in range(LISTENERS + 1):
                await ready.acquire()
            began = time.perf_counter()
            for _ in range(50):
                assert (await client.get("/")).status_code == 200
            others = time.perf_counter() - began
            for symbol in ("FPT", "VCB", "HPG"):
                await asyncio.to_thread(store.apply, [make_analysis(symbol)])
            told = await asyncio.gather(*listeners)
            assert [symbol for _, symbol in told[0]] == ["FPT", "VCB", "HPG"]
            assert all(each == told[0] for each in told)
            assert await one == told[0][1:2]
            assert others < 5
            missed = await listen(client, ready, "", 2, **{"Last-Event-ID": told[0][0][0]})
            assert missed == told[0][1:]

    asyncio.run(run())


def test_one_reader_asks_redis_for_all(url, redis_client):
    def waiting():
        """Connections that wait for Redis."""
        return {each["id"] for each in redis_client.client_list() if "b" in each["flags"]}

    before = waiting()

    async def run():
        limits = httpx.Limits(max_connections=40)
        async with httpx.AsyncClient(base_url=url, timeout=30, limits=limits) as client, streams(client, 20):
            assert len(waiting() - before) == 1

    asyncio.run(run())


@contextlib.asynccontextmanager
async def streams(client, count):
    """`count` open streams whose head has come."""
    lines = []
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(count):
            answer = await stack.enter_async_context(client.stream("GET", "/api/v1/stream"))
            # Held on to: a response whose lines are let go is closed.
            lines.append(answer.aiter_lines())
            assert await anext(lines[-1]) == "retry: 3000"
        yield


def test_a_wrong_place_to_go_on_from_is_refused(url):
    answer = httpx.get(f"{url}/api/v1/stream", headers={"Last-Event-ID": "nonsense"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "header.last-event-id")
