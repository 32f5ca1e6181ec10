"""Each store is stopped in turn while every route is asked: no answer fails that can be given without it."""

from __future__ import annotations

import collections
import contextlib
import datetime as dt
import itertools
import socket
import threading
import time
from typing import NamedTuple

import httpx
import pytest

from api.app import create_app
from api.marks import HEADER
from api.services import LlmTerms
from api.terms import HttpTerms
from api.wiring import connect
from local.embedded.mongodb import MongoServer
from local.embedded.valkey import ValkeyServer
from stock_ai.errors import RetryableError
from stock_ai.settings import KafkaSettings, LlmSettings, MongoSettings, RedisSettings
from stock_ai.storage.analyses import MongoAnalysisStore
from stock_ai.storage.insights import RedisInsightStore
from stock_ai.storage.mongo import database
from stock_ai.storage.prices import MongoPriceStore
from stock_ai.storage.redis_client import redis_client
from tests.fakes.api_services import make_analysis, make_bar
from tests.integration.api.serving import serving

THREADS = 6
PHASE_SECONDS = 4.0
SETTLE_SECONDS = 30.0
SYMBOLS = ("FPT", "VCB", "HPG", "MWG")
BATCH = "/analysis/insights"
"""Asked by POST."""
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


class Load:
    """Threads that ask every route in turn until they are told to stop."""

    def __init__(self, url):
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
                route, symbol = ROUTES[number % len(ROUTES)], SYMBOLS[number % len(SYMBOLS)]
                began = time.perf_counter()
                if route == BATCH:
                    answer = client.post(route, json={"symbols": list(SYMBOLS)})
                else:
                    answer = client.get(route.format(symbol=symbol))
                seconds = time.perf_counter() - began
                self._asked.append(Asked(route, answer.status_code, answer.headers.get(HEADER, ""), seconds))

    def during(self, seconds):
        """What is answered within the next seconds, and to requests that are under way."""
        first = len(self._asked)
        time.sleep(seconds)  # The load itself is what is waited for.
        return self._asked[first:]


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    # Of a port of its own each, where it comes back to.
    ports = _free_ports(2)
    with MongoServer(folder / "mongodb", ports[0]) as mongodb, ValkeyServer(folder / "redis", ports[1]) as redis:
        yield {"mongodb": mongodb, "redis": redis}


def _free_ports(count):
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


@pytest.fixture(scope="module")
def services(stores):
    mongo = MongoSettings(MONGODB_URI=stores["mongodb"].address, MONGODB_DATABASE="degradation")
    redis = RedisSettings(REDIS_URL=stores["redis"].address)
    bars = database(mongo)
    days = [dt.date(2025, 6, 2) + dt.timedelta(days=n) for n in range(80)]
    days = [day for day in days if day.weekday() < 5]
    MongoPriceStore(bars).upsert([make_bar(symbol, day) for symbol in (*SYMBOLS, "VNINDEX") for day in days])
    signals = zip(SYMBOLS, ("BUY", "SELL", "HOLD", "BUY"), strict=True)
    analyses = [make_analysis(symbol, signal) for symbol, signal in signals]
    MongoAnalysisStore(bars).add(analyses)
    RedisInsightStore(redis_client(redis)).apply(analyses)

    def nobody(request):
        raise RetryableError("no language model here")

    kafka = KafkaSettings(KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    services = connect(mongo, redis, kafka, nobody, LlmSettings(LLM_PROVIDER="template"), LlmTerms())
    services.probes.pop("kafka")
    return services


@pytest.fixture(scope="module")
def url(services):
    # Answers are not kept: each is to be made.
    with serving(create_app(services, HttpTerms(requests_per_minute=10**9))) as url:
        yield url


def failed(asked):
    return dict(collections.Counter((each.route, each.status) for each in asked if each.status >= 500))


def health(url):
    return httpx.get(f"{url}/api/v1/health", timeout=30).json()


def settled(url, state):
    """Wait until health says so."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while (told := health(url))["status"] != state:
        assert time.monotonic() < deadline, told
        time.sleep(0.1)
    return told


def slowest(asked, share):
    times = sorted(each.seconds for each in asked)
    return times[int(len(times) * share)]


@pytest.mark.parametrize("store", ["redis", "mongodb"])
def test_a_stopped_store_fails_only_what_needs_it(url, stores, store):
    settled(url, "up")
    with Load(url) as load:
        before = load.during(1.5)
        assert failed(before) == {}
        assert {each.degraded for each in before} == {""}
        stores[store].stop()
        going = load.during(5.0)
        told = settled(url, "degraded")
        gone = load.during(PHASE_SECONDS)
        (shortfall,) = told["degraded"]
        assert shortfall["dependency"] == store
        excused = set(shortfall["unavailable"])
        for asked in (going, gone):
            unexcused = {route for route, _ in failed(asked)} - {r for r in ROUTES if r.partition("?")[0] in excused}
            assert unexcused == set(), (store, failed(asked))
            assert {status for _, status in failed(asked)} <= {503}
        marked = {each.route.partition("?")[0] for each in gone if each.degraded == store}
        assert marked <= set(shortfall["reduced"])
        if store == "redis":
            assert {"/analysis/{symbol}/insight", "/signals", "/market/overview"} <= marked
        # All but the few calls that try the store again.
        assert slowest(gone, 0.9) < 1.5
        print(f"{store} away: {len(going)} + {len(gone)} answers, p90 {slowest(gone, 0.9) * 1000:.0f} ms")
        stores[store].start()
        settled(url, "up")
        load.during(2.5)
        after = load.during(1.0)
        assert failed(after) == {}
        assert {each.degraded for each in after} <= {"", "redis"} if store == "redis" else {""}
