"""Explanations over HTTP with a real Redis and real servers: one writer for many, streams, polling, the command.

The writer is the service's own lead and stores around a text that a test hands out.
"""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
import uvicorn

from api.app import create_app
from api.client_limits import ClientLimit
from api.kept_texts import Question
from api.problems import ClientLimitError
from api.services import LlmTerms
from api.wiring import connect
from local.cli.explain import from_stores, over_http, rendered
from stock_ai.errors import InvalidInputError, RetryableError
from stock_ai.models.llm import Explained, Language, Served
from stock_ai.settings import KafkaSettings, LlmSettings, MongoSettings, RedisSettings
from stock_ai.storage.answers import RedisTexts
from stock_ai.storage.flights import RedisFlights
from stock_ai.storage.insights import RedisInsightStore
from tests.fakes.api_services import make_analysis, make_text

PATH = "/api/v1/analysis/FPT/llm"


@dataclass
class Writer:
    """Plays llm_analysis: leads the flight of the text, and writes when `gate` is set."""

    redis: object
    name: str = ""
    asked: list = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    began: threading.Event = field(default_factory=threading.Event)

    def __call__(self, request: dict[str, str]) -> Explained:
        flights = RedisFlights(self.redis)
        if (lead := flights.lead(self.name)) is None:
            *_, end = flights.follow(self.name, 30)
            return Explained.model_validate(end.data)
        with lead:
            self.asked.append(request)
            lead.emit("phase", {"phase": "writing"})
            self.began.set()
            assert self.gate.wait(30)
            lead.emit("sentence", {"at": "summary.0", "text": "Giá tăng."})
            text = make_text(language=request["language"], analysis_id=self.name)
            RedisTexts(self.redis, 60).put(text, latest=True)
            explained = Explained(analysis=text, served=Served.WRITTEN)
            lead.done(explained)
        return explained


@pytest.fixture
def writer(redis_client):
    writer = Writer(redis_client)
    yield writer
    writer.gate.set()


@pytest.fixture
def serve(redis_client, redis_url, mongo_uri, writer):
    """Starts an API under the terms given; gives its URL. There may be several over the same Redis."""
    servers = []

    def start(**terms):
        services = connect(
            MongoSettings(MONGODB_URI=mongo_uri, MONGODB_DATABASE="unused"),
            RedisSettings(REDIS_URL=redis_url),
            KafkaSettings(KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1"),
            writer,
            LlmSettings(LLM_PROVIDER="template"),
            LlmTerms(**terms),
        )
        RedisInsightStore(redis_client).apply([make_analysis()])
        writer.name = services.llm_engine(None).text_id("FPT", "ai-FPT-BUY", Language.ENGLISH)
        listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        server = uvicorn.Server(uvicorn.Config(create_app(services), log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        servers.append((server, thread, listening))
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    yield start
    writer.gate.set()
    for server, thread, listening in servers:
        server.should_exit = True
        thread.join(20)
        listening.close()


def ask(url, content=None, **headers):
    """Status, headers and body."""
    data = None if content is None else json.dumps(content).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def identities(stream):
    return [line.removeprefix(b"id: ").decode() for line in stream.split(b"\n") if line.startswith(b"id: ")]


def test_a_hundred_questions_at_two_servers_make_one_call(serve, writer):
    urls = [serve(), serve()]
    with ThreadPoolExecutor(100) as pool:
        waiting = [pool.submit(ask, urls[n % 2] + PATH, {}) for n in range(100)]
        assert writer.began.wait(20)
        for url in urls:
            assert ask(f"{url}/api/v1/health")[0] == 200
            assert ask(f"{url}/api/v1/analysis/FPT/insight")[0] == 200
        writer.gate.set()
        answers = [json.loads(one.result(40)[2]) for one in waiting]
    assert {answer["analysis_id"] for answer in answers} == {writer.name}
    assert len(writer.asked) == 1


def test_a_stream_tells_all_and_goes_on_where_it_was_cut_off(serve, writer):
    url = serve()
    with ThreadPoolExecutor() as pool:
        whole = pool.submit(ask, f"{url}{PATH}/stream")
        assert writer.began.wait(20)
        writer.gate.set()
        status, headers, stream = whole.result(30)
    assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    events = [line for line in stream.decode().split("\n") if line.startswith("event: ")]
    assert events == ["event: phase", "event: sentence", "event: done"]
    assert "Giá tăng." in stream.decode()
    first, *rest = identities(stream)
    _, _, resumed = ask(f"{url}{PATH}/stream", **{"Last-Event-ID": first})
    assert identities(resumed) == rest
    assert ask(f"{url}{PATH}/stream", **{"Last-Event-ID": rest[-1]})[0] == 204
    assert identities(ask(f"{url}{PATH}/stream")[2]) == ["kept"]
    assert len(writer.asked) == 1


def test_who_waits_too_long_polls_until_it_is_there(serve, writer):
    url = serve(wait_seconds=0.3)
    status, headers, _ = ask(url + PATH, {})
    assert status == 202
    assert ask(url + headers["location"])[0] == 202
    writer.gate.set()
    deadline = time.monotonic() + 10
    while (answer := ask(url + headers["location"]))[0] == 202:
        assert time.monotonic() < deadline
    assert (answer[0], json.loads(answer[2])["analysis_id"]) == (200, writer.name)
    assert json.loads(ask(url + PATH, {})[2])["served"] == "cached"
    assert len(writer.asked) == 1


def test_usage_counts_what_came_from_the_store(serve, writer):
    url = serve()
    writer.gate.set()
    for _ in range(4):
        ask(url + PATH, {})
    (model,) = json.loads(ask(f"{url}/api/v1/llm/usage")[2])["models"]
    assert (model["provider"], model["cached"]) == ("template", 3)


def test_a_client_has_only_so_many_written_a_minute(redis_client):
    limit = ClientLimit(redis_client, 2)
    for _ in range(2):
        limit.admit("192.0.2.1")
    with pytest.raises(ClientLimitError) as raised:
        ClientLimit(redis_client, 2).admit("192.0.2.1")
    assert 0 < raised.value.retry_after <= 60
    limit.admit("192.0.2.2")
    for _ in range(50):
        ClientLimit(redis_client, 0).admit("192.0.2.1")


def test_a_limit_without_redis_is_a_store_that_is_away():
    import redis

    with pytest.raises(RetryableError), redis.Redis(port=1) as nowhere:
        ClientLimit(nowhere, 2).admit("192.0.2.1")


def test_the_command_over_http(serve, writer):
    url = serve(wait_seconds=0.2)
    phases = []
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(over_http, url, Question("FPT", Language.ENGLISH), phases.append)
        assert writer.began.wait(20)
        deadline = time.monotonic() + 10
        while "writing" not in phases:
            assert time.monotonic() < deadline
        writer.gate.set()
        answer = waiting.result(30)
    assert answer["analysis_id"] == writer.name
    assert len(rendered(answer).renderables) > 3


def test_the_command_names_what_is_wrong(serve):
    url = serve()
    with pytest.raises(InvalidInputError, match="ZZZ"):
        over_http(url, Question("ZZZ", Language.ENGLISH), print)
    with pytest.raises(InvalidInputError):
        over_http(url, Question("F/../T", Language.ENGLISH), print)
    with pytest.raises(RetryableError, match="does not answer"):
        over_http("http://127.0.0.1:1", Question("FPT", Language.ENGLISH), print)
    with pytest.raises(InvalidInputError, match="no API"):
        over_http("nonsense", Question("FPT", Language.ENGLISH), print)


def test_the_command_over_stores(redis_url, mongo_uri, redis_client, writer):
    services = connect(
        MongoSettings(MONGODB_URI=mongo_uri, MONGODB_DATABASE="unused"),
        RedisSettings(REDIS_URL=redis_url),
        KafkaSettings(KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1"),
        writer,
        LlmSettings(LLM_PROVIDER="template"),
        LlmTerms(),
    )
    RedisInsightStore(redis_client).apply([make_analysis()])
    question = Question("FPT", Language.ENGLISH)
    writer.name = services.llm_engine(None).text_id("FPT", "ai-FPT-BUY", question.language)
    writer.gate.set()
    assert from_stores(services, question, print)["served"] == "written"
    assert from_stores(services, question, print)["served"] == "cached"
    assert len(writer.asked) == 1
