"""Each dependency is stopped in turn while every route is asked: no answer fails that can be given without it.

Redis, MongoDB and Kafka are real servers. The function llm_analysis is played behind the API's own invoker.
"""

from __future__ import annotations

import collections
import contextlib
import datetime as dt
import io
import itertools
import json
import socket
import threading
import time
from typing import NamedTuple

import httpx
import pytest
from botocore.exceptions import EndpointConnectionError

from api.app import create_app
from api.llm_invoker import LambdaLlmInvoker
from api.marks import HEADER
from api.services import LlmTerms
from api.terms import HttpTerms
from api.wiring import connect
from local.embedded.kafka import KafkaServer
from local.embedded.mongodb import MongoServer
from local.embedded.valkey import ValkeyServer
from stock_ai.llm_engines import engines
from stock_ai.models.llm import Explained, Language, Served
from stock_ai.settings import KafkaSettings, LlmSettings, MongoSettings, RedisSettings
from stock_ai.storage.analyses import MongoAnalysisStore
from stock_ai.storage.answers import RedisTexts
from stock_ai.storage.insights import RedisInsightStore
from stock_ai.storage.mongo import database
from stock_ai.storage.prices import MongoPriceStore
from stock_ai.storage.redis_client import redis_client
from tests.fakes.api_services import NOW, make_analysis, make_bar, make_text
from tests.integration.api.serving import serving

THREADS = 6
PHASE_SECONDS = 4.0
SETTLE_SECONDS = 30.0
SYMBOLS = ("FPT", "VCB", "HPG", "MWG")
LLM = LlmSettings(LLM_PROVIDER="template")
BATCH = "POST /analysis/insights"
EXPLAIN = "POST /analysis/{symbol}/llm"
BODIES = {BATCH: {"symbols": list(SYMBOLS)}}
TEXTS = ("/analysis/{symbol}/llm", "/llm/usage")
ROUTES = (
    "/stocks",
    "/stocks?q=FPT",
    "/stocks/{symbol}",
    "/stocks/{symbol}/prices?limit=20",
    "/stocks/{symbol}/indicators",
    "/stocks/{symbol}/indicators/history?names=sma_20",
    "/indicators",
    "/analysis/{symbol}/insight",
    "/analysis/{symbol}/history",
    "/watchlist?symbols=FPT,VCB",
    "/signals",
    "/signals?signal=BUY&sort=-confidence",
    "/market/overview",
    "/market/movers?by=gainers",
    "/market/sectors",
    "/market/breadth",
    *TEXTS,
    "/track-record",
    "/track-record/{symbol}",
    "/market/quality",
    "/market/quality?symbol={symbol}",
    BATCH,
    "/health",
)


class Asked(NamedTuple):
    """One answer."""

    route: str
    status: int
    degraded: str
    seconds: float
    told: str | None
    """Of an explanation how it is served, of a problem its type."""


class Function:
    """Plays llm_analysis behind Lambda's API: it writes and keeps each text, until it is away."""

    def __init__(self, redis):
        self._insights = RedisInsightStore(redis)
        self._texts = RedisTexts(redis, 3600)
        self.away = False

    def invoke(self, *, FunctionName, Payload):  # noqa: N803 - as boto3 names them
        if self.away:
            raise EndpointConnectionError(endpoint_url=f"https://lambda.example/{FunctionName}")
        asked = json.loads(Payload)
        symbol, language = asked["symbol"], Language(asked["language"])
        facts = self._insights.get(symbol).ai.analysis_id
        name = engines(LLM)[0].text_id(symbol, facts, language)
        text = make_text(symbol, language, analysis_id=name, ai_analysis_id=facts)
        self._texts.put(text, latest=True)
        answer = Explained(analysis=text, served=Served.WRITTEN)
        return {"Payload": io.BytesIO(answer.model_dump_json().encode())}


class Load:
    """Threads that ask each of `routes` in turn until they are told to stop."""

    def __init__(self, url, routes=ROUTES):
        self.routes = routes
        self._url = url
        self._stop = threading.Event()
        self._asked: list[Asked] = []
        self._threads = [threading.Thread(target=self._ask, args=(start,)) for start in range(THREADS)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, start):
        with httpx.Client(base_url=f"{self._url}/api/v1", timeout=30) as client:
            for number in itertools.count(start * 3):
                if self._stop.is_set():
                    return
                lap, place = divmod(number, len(routes := self.routes))
                route, symbol = routes[place], SYMBOLS[lap % len(SYMBOLS)]
                method, _, path = route.rpartition(" ")
                began = time.perf_counter()
                answer = client.request(method or "GET", path.format(symbol=symbol), json=BODIES.get(route))
                seconds = time.perf_counter() - began
                content = answer.json()
                told = content.get("served", content.get("type"))
                self._asked.append(Asked(route, answer.status_code, answer.headers.get(HEADER, ""), seconds, told))

    def during(self, seconds):
        """What is answered within the next seconds, and to requests that are under way."""
        first = len(self._asked)
        time.sleep(seconds)  # The load itself is what is waited for.
        return self._asked[first:]


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    # Of a port of its own each, where it comes back to.
    ports = _free_ports(3)
    with (
        MongoServer(folder / "mongodb", ports[0]) as mongodb,
        ValkeyServer(folder / "redis", ports[1]) as redis,
        KafkaServer(folder / "kafka", ports[2]) as kafka,
    ):
        yield {"mongodb": mongodb, "redis": redis, "kafka": kafka}


def _free_ports(count):
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


@pytest.fixture(scope="module")
def cache(stores):
    return redis_client(RedisSettings(REDIS_URL=stores["redis"].address))


@pytest.fixture(scope="module")
def function(cache):
    return Function(cache)


@pytest.fixture(scope="module")
def services(stores, cache, function):
    mongo = MongoSettings(MONGODB_URI=stores["mongodb"].address, MONGODB_DATABASE="degradation")
    redis = RedisSettings(REDIS_URL=stores["redis"].address)
    bars = database(mongo)
    days = [dt.date(2025, 6, 2) + dt.timedelta(days=n) for n in range(80)]
    days = [day for day in days if day.weekday() < 5]
    MongoPriceStore(bars).upsert([make_bar(symbol, day) for symbol in (*SYMBOLS, "VNINDEX") for day in days])
    signals = zip(SYMBOLS, ("BUY", "SELL", "HOLD", "BUY"), strict=True)
    analyses = [make_analysis(symbol, signal) for symbol, signal in signals]
    MongoAnalysisStore(bars).add(analyses)
    RedisInsightStore(cache).apply(analyses)
    kafka = KafkaSettings(KAFKA_BOOTSTRAP_SERVERS=stores["kafka"].address)
    invoker = LambdaLlmInvoker("stock-ai-llm-analysis", lambda: function)
    return connect(mongo, redis, kafka, invoker, LLM, LlmTerms(requests_per_minute=0))


@pytest.fixture(scope="module")
def url(services):
    # Answers are not kept: each is to be made.
    with serving(create_app(services, HttpTerms(requests_per_minute=10**9))) as url:
        yield url


def failed(asked):
    return dict(collections.Counter((each.route, each.status) for each in asked if each.status >= 500))


def health(url):
    return httpx.get(f"{url}/api/v1/health", timeout=30).json()


def settled(url, *away):
    """Wait until health says that these, and no others, are away; what suffers by each."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        told = health(url)
        if tuple(each["dependency"] for each in told["degraded"]) == away:
            assert told["status"] == ("degraded" if away else "up")
            return told["degraded"]
        assert time.monotonic() < deadline, told
        time.sleep(0.1)


def path_of(route):
    return route.rpartition(" ")[2].partition("?")[0]


def slowest(asked, share):
    times = sorted(each.seconds for each in asked)
    return times[int(len(times) * share)]


@pytest.mark.parametrize("store", ["redis", "mongodb", "kafka"])
def test_a_stopped_store_fails_only_what_needs_it(url, stores, store):
    settled(url)
    with Load(url) as load:
        before = load.during(1.5)
        assert failed(before) == {}
        assert {each.degraded for each in before} == {""}
        stores[store].stop()
        going = load.during(5.0)
        (shortfall,) = settled(url, store)
        gone = load.during(PHASE_SECONDS)
        # Without Kafka no new text can be written, and here nobody asks for one: what is read all goes on.
        excused = set() if store == "kafka" else set(shortfall["unavailable"])
        for asked in (going, gone):
            unexcused = {route for route, _ in failed(asked)} - {r for r in ROUTES if path_of(r) in excused}
            assert unexcused == set(), (store, failed(asked))
            assert {status for _, status in failed(asked)} <= {503}
        marked = {path_of(each.route) for each in gone if each.degraded == store}
        assert marked <= set(shortfall["reduced"])
        if store == "redis":
            assert {"/analysis/{symbol}/insight", "/signals", "/market/overview"} <= marked
        # All but the few calls that try the store again.
        assert slowest(gone, 0.9) < 1.5
        print(f"{store} away: {len(going)} + {len(gone)} answers, p90 {slowest(gone, 0.9) * 1000:.0f} ms")
        stores[store].start()
        settled(url)
        load.during(2.5)
        after = load.during(1.0)
        assert failed(after) == {}
        assert {each.degraded for each in after} <= {"", "redis"} if store == "redis" else {""}


def test_a_function_that_is_away_takes_no_kept_text_away(url, cache, function):
    """FPT and VCB have a text of older facts then, HPG one whose facts hold, MWG none."""
    fpt, vcb, hpg, mwg = explains = [EXPLAIN.format(symbol=symbol) for symbol in SYMBOLS]
    settled(url)
    with Load(url, (fpt, vcb, hpg, *ROUTES)) as load:
        before = load.during(1.5)
        assert failed(before) == {}
        assert {each.degraded for each in before} == {""}
        assert {(each.route, each.status) for each in before if each.route in explains} == {
            (route, 200) for route in (fpt, vcb, hpg)
        }
        function.away = True
        newer = NOW + dt.timedelta(minutes=5)
        RedisInsightStore(cache).apply(
            [make_analysis(symbol, analysis_id=f"newer-{symbol}", event_time=newer) for symbol in ("FPT", "VCB")]
        )
        load.routes = (*explains, *ROUTES)
        going = load.during(1.5)  # For a second a text is given again whatever comes.
        gone = load.during(PHASE_SECONDS)
        for asked in (going, gone):
            assert set(failed(asked)) == {(mwg, 503)}, failed(asked)
        assert {(each.route, each.status, each.degraded, each.told) for each in gone if each.route in explains} == {
            (fpt, 200, "llm", "stale"),
            (vcb, 200, "llm", "stale"),
            (hpg, 200, "", "cached"),
            (mwg, 503, "", "urn:stock-ai:problem:temporarily-unavailable"),
        }
        assert {each.degraded for each in gone if each.route not in explains} == {""}
        stale, refused = (httpx.post(f"{url}/api/v1{path_of(route)}", timeout=30) for route in (fpt, mwg))
        assert stale.json()["freshness"]["degraded"] == ["llm"]
        assert int(refused.headers["Retry-After"]) >= 1
        assert slowest(gone, 0.9) < 1.5
        print(f"llm away: {len(going)} + {len(gone)} answers, p90 {slowest(gone, 0.9) * 1000:.0f} ms")
        function.away = False
        load.during(1.0)
        after = load.during(1.0)
        assert failed(after) == {}
        assert {each.degraded for each in after} == {""}
        assert {each.told for each in after if each.route in explains} <= {"written", "cached"}
