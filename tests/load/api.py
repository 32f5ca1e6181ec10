"""A current insight over HTTP, against a bare FastAPI route that returns as many bytes at hand.

- `api_mangum`: one proxy event in process, the insight asked for again and again, as many look at the same symbols.
- `api_mangum_read`: the same where each is read from Redis, checked and written anew. It has no limit of its own: the
  bare route reads nothing.
- `api_throughput`: requests a second on one uvicorn process over loopback, from clients that keep their connections.
- `api_p99`: the 99th percentile in ms of requests that come at half that rate, against 50 ms. The median of rounds,
  each at half of what was reached right before it: a machine that has slowed down would be asked for all it can do.
- `api_memory`: resident MB after 100,000 requests, against those after the first 20,000.

`python -m tests.load.api FD REDIS_URL LENGTH` serves both applications on the socket it inherits.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import redis
import uvicorn
from fastapi import FastAPI, Response
from mangum import Mangum

from api.app import create_app
from api.services import LlmTerms, Services
from api.terms import HttpTerms
from api.wiring import connect
from local.embedded.process import die_with_parent
from local.embedded.valkey import ValkeyServer
from stock_ai.clock import utc_now
from stock_ai.settings import KafkaSettings, LlmSettings, MongoSettings, RedisSettings
from stock_ai.storage.insights import RedisInsightStore
from tests.fakes.api_services import make_analysis
from tests.load.result import Result, in_turn, paired

MANGUM_LIMIT = 1.2
READ_LIMIT = 20.0
"""Guards against a slip: the bare route reads nothing."""
THROUGHPUT_LIMIT = 0.7
P99_LIMIT_MS = 50.0
MEMORY_LIMIT = 1.05
OURS = "/api/v1/analysis/{}/insight"
BARE = "/bare/{}/insight"
SYMBOLS = [f"A{number:02}" for number in range(30)]
"""As many as the VN30 has, which most look at."""
TERMS = HttpTerms(requests_per_minute=10**9, keep_seconds=1.0)
ROUNDS = 15
CALLS = 200
CLIENTS = 8
SECONDS = 2.0
THROUGHPUT_ROUNDS, LATENCY_ROUNDS = 9, 5
WARM_UP_REQUESTS, REQUESTS = 20_000, 100_000
CONTEXT = SimpleNamespace(aws_request_id="1", function_name="api")


def _services(redis_url: str) -> Services:
    nowhere = "127.0.0.1:1"
    return connect(
        MongoSettings(MONGODB_URI=f"mongodb://{nowhere}"),
        RedisSettings(REDIS_URL=redis_url),
        KafkaSettings(KAFKA_BOOTSTRAP_SERVERS=nowhere),
        None,
        LlmSettings(),
        LlmTerms(),
    )


def _bare(content: bytes) -> FastAPI:
    app = FastAPI()

    @app.get("/bare/{symbol}/insight")
    async def insight(symbol: str) -> Response:
        return Response(content, media_type="application/json")

    return app


def serve(descriptor: int, redis_url: str, length: int) -> None:
    """Both applications, until the process is ended."""
    ours, bare = create_app(_services(redis_url), TERMS), _bare(b"x" * length)

    async def both(scope: Any, receive: Any, send: Any) -> None:
        await (bare if scope["path"].startswith("/bare") else ours)(scope, receive, send)

    with socket.socket(fileno=descriptor) as listening:
        config = uvicorn.Config(both, access_log=False, log_level="warning", lifespan="off")
        uvicorn.Server(config).run(sockets=[listening])


def _event(path: str) -> dict[str, Any]:
    """A REST API (v1) proxy event with the headers that a browser sends."""
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "gzip, br",
        "Host": "a.example",
        "User-Agent": "Mozilla/5.0",
    }
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": "GET",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {"path": f"/v1{path}", "requestId": "r", "identity": {"sourceIp": "192.0.2.1"}},
        "body": None,
        "isBase64Encoded": False,
    }


def _timed(app: FastAPI, path: str, length: int) -> Callable[[], float]:
    door, event = Mangum(app, lifespan="off"), _event(path)

    def mean() -> float:
        answer = door(event, CONTEXT)
        assert (answer["statusCode"], len(answer["body"])) == (200, length), answer["body"][:300]
        started = time.perf_counter()
        for _ in range(CALLS):
            door(event, CONTEXT)
        return (time.perf_counter() - started) / CALLS

    return mean


def _in_process(redis_url: str, length: int) -> list[Result]:
    bare = _timed(_bare(b"x" * length), BARE.format(SYMBOLS[0]), length)
    results = []
    for name, terms, limit in (
        ("api_mangum", TERMS, MANGUM_LIMIT),
        ("api_mangum_read", HttpTerms(requests_per_minute=10**9), READ_LIMIT),
    ):
        ours = _timed(create_app(_services(redis_url), terms), OURS.format(SYMBOLS[0]), length)
        ours(), bare()
        measured, baseline = paired(ours, bare, ROUNDS)
        results.append(Result(name, measured / baseline, limit, "us", baseline * 1e6, measured * 1e6, False))
    return results


class _Clients:
    """Connections that are kept open, each asked for one answer at a time."""

    def __init__(self, port: int, path: str) -> None:
        self._port = port
        self._requests = [
            f"GET {path.format(symbol)} HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n".encode()
            for symbol in SYMBOLS
        ]
        self.seconds: list[float] = []

    async def saturate(self, seconds: float) -> float:
        """Requests a second that `CLIENTS` get answered when each asks again at once."""
        ends = time.perf_counter() + seconds
        asking = [self._ask(start, lambda _: time.perf_counter() < ends) for start in range(CLIENTS)]
        done = await asyncio.gather(*asking)
        return sum(done) / seconds

    async def ask(self, requests: int) -> None:
        """So many requests, as fast as they are answered."""
        await asyncio.gather(*(self._ask(start, lambda n: n < requests // CLIENTS) for start in range(CLIENTS)))

    async def at_rate(self, rate: float, seconds: float) -> None:
        """Requests that come at even intervals, whether those before are answered or not; `seconds` takes each time."""
        pause, began = CLIENTS / rate, time.perf_counter() + 0.1

        async def one(start: int) -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            for number in range(int(seconds / pause)):
                due = began + (number + start / CLIENTS) * pause
                if (wait := due - time.perf_counter()) > 0:
                    await asyncio.sleep(wait)
                await self._exchange(reader, writer, number + start)
                self.seconds.append(time.perf_counter() - due)
            writer.close()

        await asyncio.gather(*(one(start) for start in range(CLIENTS)))

    async def _ask(self, start: int, goes_on: Callable[[int], bool]) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        for number in itertools.count():
            if not goes_on(number):
                writer.close()
                return number
            await self._exchange(reader, writer, number + start)
        raise AssertionError

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        writer.write(self._requests[number % len(self._requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _p99_ms(port: int, requests_a_second: float) -> float:
    clients = _Clients(port, OURS)
    asyncio.run(clients.at_rate(requests_a_second, SECONDS))
    return statistics.quantiles(clients.seconds, n=100)[98] * 1e3


def _over_loopback(port: int, pid: int) -> list[Result]:
    def rate(path: str) -> float:
        return asyncio.run(_Clients(port, path).saturate(SECONDS))

    rate(OURS), rate(BARE)
    ratio, ours, bare = in_turn(lambda: rate(OURS), lambda: rate(BARE), THROUGHPUT_ROUNDS)
    throughput = Result("api_throughput", ratio, THROUGHPUT_LIMIT, "requests/s", bare, ours, True)

    p99 = statistics.median(_p99_ms(port, rate(OURS) / 2) for _ in range(LATENCY_ROUNDS))
    slow = Result("api_p99", p99 / P99_LIMIT_MS, 1.0, "ms", P99_LIMIT_MS, p99, False)

    asyncio.run(_Clients(port, OURS).ask(WARM_UP_REQUESTS))
    before = _resident_mb(pid)
    asyncio.run(_Clients(port, OURS).ask(REQUESTS))
    after = _resident_mb(pid)
    return [throughput, slow, Result("api_memory", after / before, MEMORY_LIMIT, "MB", before, after, False)]


def _fill(redis_url: str) -> int:
    """Store insights of usual size; the length of an answer."""
    names = [f"indicator_{number}" for number in range(60)]
    indicators = dict.fromkeys(names, 123.456789)
    with redis.Redis.from_url(redis_url) as client:
        analyses = [make_analysis(each, indicators=indicators, event_time=utc_now()) for each in SYMBOLS]
        RedisInsightStore(client).apply(analyses)
    answer = Mangum(create_app(_services(redis_url)), lifespan="off")(_event(OURS.format(SYMBOLS[0])), CONTEXT)
    assert json.loads(answer["body"])["symbol"] == SYMBOLS[0]
    return len(answer["body"])


def bench() -> list[Result]:
    """Five ratios."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ValkeyServer(Path(folder) / "redis") as server,
        socket.create_server(("127.0.0.1", 0)) as listening,
    ):
        length = _fill(server.address)
        results = _in_process(server.address, length)
        command = [sys.executable, "-m", "tests.load.api", str(listening.fileno()), server.address, str(length)]
        child = subprocess.Popen(command, pass_fds=[listening.fileno()], preexec_fn=die_with_parent)
        try:
            return results + _over_loopback(listening.getsockname()[1], child.pid)
        finally:
            child.kill()
            child.wait()


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
