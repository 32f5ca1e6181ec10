"""A kept explanation over HTTP, against a bare FastAPI route that returns as many bytes.

Both are served by one uvicorn process and asked in turn over one connection each, so the ratio is that of two requests
as a client sees them. Twice: asked again and again, which our process remembers for a second, against a route that
returns bytes at hand; and in words too long to be remembered, against a route that reads the same two keys of Redis.

`python -m tests.load.llm_cached FD REDIS_URL LENGTH` serves on the socket it inherits.
"""

from __future__ import annotations

import datetime as dt
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import redis
import uvicorn
from fastapi import Body, FastAPI, Response

from api.app import create_app
from api.kept_texts import KeptTexts, Question, body
from api.routers.llm import ExplanationRequest
from api.services import LlmTerms, Services
from api.wiring import connect
from local.embedded.process import die_with_parent
from local.embedded.valkey import ValkeyServer
from stock_ai.clock import utc_now
from stock_ai.models import keys
from stock_ai.models.llm import CitedFact, Language, Served
from stock_ai.settings import KafkaSettings, LlmSettings, MongoSettings, RedisSettings
from stock_ai.storage.answers import RedisTexts
from stock_ai.storage.insights import RedisInsightStore
from stock_ai.storage.redis_client import redis_client
from tests.fakes.api_services import DAY, make_analysis, make_text
from tests.load.result import Result, paired

LIMIT = 1.2
READ_LIMIT = 1.5
"""Of a route without CORS, request ids and routers: what these cost, once a second."""
ROUNDS = 31
REQUESTS = 100
OURS = "/api/v1/analysis/FPT/llm"
BARE = "/bare/FPT/llm"
BARE_READING = "/bare/FPT/read"
SHORT = b'{"language":"en"}'
LONG = SHORT.ljust(300)


def _services(redis_url: str) -> Services:
    nowhere = "127.0.0.1:1"
    return connect(
        MongoSettings(MONGODB_URI=f"mongodb://{nowhere}"),
        RedisSettings(REDIS_URL=redis_url),
        KafkaSettings(KAFKA_BOOTSTRAP_SERVERS=nowhere),
        None,
        LlmSettings(LLM_PROVIDER="template"),
        LlmTerms(),
    )


def _bare(content: bytes, client: redis.Redis) -> FastAPI:
    app = FastAPI()

    @app.post("/bare/{symbol}/llm")
    async def explain(symbol: str, how: Annotated[ExplanationRequest, Body()]) -> Response:
        return Response(content, media_type="application/json")

    @app.post("/bare/{symbol}/read")
    def read(symbol: str, how: Annotated[ExplanationRequest, Body()]) -> Response:
        with client.pipeline(transaction=False) as pipeline:
            pipeline.get(keys.insight("FPT"))
            pipeline.get(keys.llm_latest("FPT", "en"))
            pipeline.execute()
        return Response(content, media_type="application/json")

    return app


def serve(descriptor: int, redis_url: str, length: int) -> None:
    """Both applications, until the process is ended."""
    ours = create_app(_services(redis_url))
    with socket.socket(fileno=descriptor) as listening:
        bare = _bare(b"x" * length, redis_client(RedisSettings(REDIS_URL=redis_url)))

        async def both(scope, receive, send):
            await (bare if scope["path"].startswith("/bare") else ours)(scope, receive, send)

        config = uvicorn.Config(both, access_log=False, log_level="warning", lifespan="off")
        uvicorn.Server(config).run(sockets=[listening])


class _Connection:
    """One kept connection. Head and body go out in one packet: apart, the server's kernel would wait 40 ms for more."""

    def __init__(self, port: int, path: str, body: bytes) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._request = head.encode() + body

    def ask(self) -> bytes:
        """The body of one answer."""
        self._socket.sendall(self._request)
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._socket.recv(65_536)
        head, _, body = got.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), got
        (length,) = (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        while len(body) < length:
            body += self._socket.recv(65_536)
        return body

    def seconds(self) -> float:
        """Of one request, the mean of many."""
        started = time.perf_counter()
        for _ in range(REQUESTS):
            self.ask()
        return (time.perf_counter() - started) / REQUESTS


def _keep(redis_url: str) -> int:
    """Store an insight of usual size and its text of usual length; the length of the answer."""
    names = [f"indicator_{number}" for number in range(60)]
    analysis = make_analysis(indicators=dict.fromkeys(names, 123.456789), event_time=utc_now())
    facts = [
        CitedFact(id=f"fact_{n}", name=f"A fact about {n}", value=n, unit="VND", date=DAY, cited_in=["summary"])
        for n in range(15)
    ]
    sentence = "The close of 99,000 VND is 2.1 % above its average of fifty sessions. "
    with redis.Redis.from_url(redis_url) as client:
        RedisInsightStore(client).apply([analysis])
        services = _services(redis_url)
        engine = services.llm_engine(None)
        text = make_text(
            analysis_id=engine.text_id("FPT", analysis.analysis_id, Language.ENGLISH),
            ai_analysis_id=analysis.analysis_id,
            event_time=utc_now() - dt.timedelta(minutes=5),
            summary=sentence * 4,
            drivers=[sentence * 2] * 4,
            risks=[sentence * 2] * 3,
            cited=facts,
        )
        RedisTexts(client, 3600).put(text, latest=True)
    found = KeptTexts(services).find(Question("FPT", Language.ENGLISH))
    assert found.text is not None
    return len(body(services, found.text, Served.CACHED, found.facts))


def bench() -> list[Result]:
    """Milliseconds of a request."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ValkeyServer(Path(folder) / "redis") as server,
        socket.create_server(("127.0.0.1", 0)) as listening,
    ):
        length = _keep(server.address)
        command = [sys.executable, "-m", "tests.load.llm_cached", str(listening.fileno()), server.address, str(length)]
        child = subprocess.Popen(command, pass_fds=[listening.fileno()], preexec_fn=die_with_parent)
        try:
            port = listening.getsockname()[1]
            at_hand = _Connection(port, OURS, SHORT), _Connection(port, BARE, SHORT)
            read = _Connection(port, OURS, LONG), _Connection(port, BARE_READING, LONG)
            return [_compared("llm_cached", LIMIT, *at_hand), _compared("llm_cached_read", READ_LIMIT, *read)]
        finally:
            child.kill()
            child.wait()


def _compared(name: str, limit: float, ours: _Connection, bare: _Connection) -> Result:
    assert b'"served":"cached"' in ours.ask()
    assert abs(len(ours.ask()) - len(bare.ask())) < 20
    measured, baseline = paired(ours.seconds, bare.seconds, ROUNDS)
    return Result(name, measured / baseline, limit, "ms", baseline * 1000, measured * 1000, higher_is_better=False)


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
