"""What is answered while a store is away."""

from __future__ import annotations

import json
import threading

import pytest

from api import handler as door
from api.app import create_app
from api.breakers import Breaker, Guarded, StoreAwayError
from api.degradation import FallbackMarket, degradable
from api.marks import HEADER
from api.problems import ClientLimitError
from api.settings import ApiSettings
from stock_ai.errors import RetryableError
from tests.fakes.api_services import CountingInsightStore, make_analysis, make_text
from tests.fakes.http_client import Client
from tests.unit.api.test_api_handler import CONTEXT, proxy_event
from tests.unit.api.test_api_problems import problem


class Store:
    """Answers, or not."""

    name = "store"

    def __init__(self):
        self.calls = 0
        self.error = None

    def ask(self, word, *, loudly=False):
        self.calls += 1
        if self.error is not None:
            raise self.error
        return word.upper() if loudly else word


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def at():
    return [0.0]


@pytest.fixture
def breaker(at):
    return Breaker("store", rest_seconds=2.0, now=lambda: at[0])


@pytest.fixture
def guarded(store, breaker):
    return Guarded(store, breaker)


def test_a_guarded_store_is_the_store(guarded):
    assert (guarded.ask("a"), guarded.ask("a", loudly=True), guarded.name) == ("a", "A", "store")
    with pytest.raises(AttributeError):
        guarded.nothing  # noqa: B018


def test_a_store_that_was_away_is_left_alone_for_a_while(guarded, store, breaker, at):
    store.error = RetryableError("away")
    with pytest.raises(RetryableError):
        guarded.ask("a")
    for at[0] in (0.5, 1.9):
        with pytest.raises(StoreAwayError) as caught:
            guarded.ask("a")
    assert (store.calls, breaker.is_open) == (1, True)
    assert caught.value.retry_after == pytest.approx(0.1)
    at[0] = 2.0
    with pytest.raises(RetryableError):
        guarded.ask("a")
    assert store.calls == 2
    store.error = None
    with pytest.raises(StoreAwayError):
        guarded.ask("a")
    at[0] = 4.0
    assert (guarded.ask("a"), guarded.ask("b"), breaker.is_open) == ("a", "b", False)


def test_while_one_call_tries_the_others_do_not_wait(breaker, at):
    with pytest.raises(RetryableError):
        breaker.call(_fail)
    at[0] = 3.0
    trying, release = threading.Event(), threading.Event()

    def slow():
        trying.set()
        assert release.wait(10)
        return "back"

    found = []
    thread = threading.Thread(target=lambda: found.append(breaker.call(slow)))
    thread.start()
    assert trying.wait(10)
    with pytest.raises(StoreAwayError):
        breaker.call(lambda: "never")
    release.set()
    thread.join()
    assert (found, breaker.call(lambda: "again")) == (["back"], "again")


def _fail():
    raise RetryableError("away")


@pytest.mark.parametrize("error", [ClientLimitError("too many", 3), KeyError("a fault of ours")])
def test_a_refusal_is_no_absence(guarded, store, breaker, error):
    store.error = error
    with pytest.raises(type(error)):
        guarded.ask("a")
    assert not breaker.is_open


@pytest.fixture
def redis(services):
    """The ports that Redis is behind."""
    hpg = make_analysis("HPG", "SELL", 0.7, indicators={"roc_1": 0.5})
    services.analyses.apply([make_analysis(), make_text(), hpg])
    services.analyses.calls = 0
    return services.insights


@pytest.fixture
def client(services, redis):
    return Client(create_app(degradable(services)), raise_server_exceptions=False)


@pytest.mark.parametrize(
    "path",
    [
        "analysis/FPT/insight",
        "analysis/FPT/history",
        "stocks/FPT",
        "stocks/FPT/indicators",
        "stocks",
        "signals",
        "watchlist?symbols=FPT",
        "market/overview",
        "market/movers",
    ],
)
def test_without_redis_it_comes_from_mongodb_and_says_so(client, services, redis, path):
    before = client.get(f"/api/v1/{path}")
    assert HEADER not in before.headers
    assert services.analyses.calls == 0
    redis.down = True
    answer = client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.headers.get(HEADER)) == (200, "redis"), answer.text
    assert answer.json()["freshness"]["degraded"] == ["redis"]
    calls = redis.calls
    assert client.get(f"/api/v1/{path}").status_code == 200
    assert redis.calls == calls, "it is left alone"


def test_the_insight_is_the_same(client, redis):
    before = client.get("/api/v1/analysis/HPG/insight").json()
    redis.down = True
    after = client.get("/api/v1/analysis/HPG/insight").json()
    assert after == before | {"freshness": before["freshness"] | {"degraded": ["redis"]}}


@pytest.mark.parametrize(
    "path", ["analysis/FPT/insight", "analysis/FPT/history", "signals", "market/movers", "market/breadth"]
)
def test_without_mongodb_insights_are_served(client, services, path):
    services.prices.down = True
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    assert "redis" not in answer.headers.get(HEADER, "")


def test_without_mongodb_prices_are_not_and_nobody_waits(client, services):
    services.prices.down = True
    for _ in range(5):
        answer = client.get("/api/v1/stocks/FPT/prices")
        problem(answer, 503, "temporarily-unavailable")
        assert int(answer.headers["retry-after"]) >= 1
    assert services.prices.calls == 1


def test_without_both_it_is_503(client, services, redis):
    redis.down = services.analyses.down = True
    problem(client.get("/api/v1/analysis/FPT/insight"), 503, "temporarily-unavailable")


def test_health_is_told_at_once_of_a_store_that_was_away(services):
    asked = []

    def gone():
        asked.append(1)
        raise ConnectionError("10.0.0.1")

    services.probes["redis"] = gone
    client = Client(create_app(degradable(services)))
    for _ in range(3):
        told = client.get("/api/v1/health").json()
        assert (told["status"], told["dependencies"]["redis"]["status"]) == ("degraded", "down")
    assert len(asked) == 1


def test_a_wrong_question_opens_nothing(client, services):
    """Unknown symbols are answers of the store."""
    for _ in range(3):
        assert client.get("/api/v1/stocks/ZZZ/prices").status_code == 404
    assert client.get("/api/v1/stocks/FPT/prices").status_code == 200


def test_the_markets_rows_are_read_from_mongodb_by_one(services):
    """And now and then: it takes some reads of every symbol."""
    first, second, at = CountingInsightStore(down=True), CountingInsightStore(), [0.0]
    second.apply([make_analysis()])
    second.calls = 0
    market = FallbackMarket(first, lambda: second, lambda: at[0])
    threads = [threading.Thread(target=market.rows) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ([row.symbol for row in market.rows().rows], second.calls) == (["FPT"], 1)
    at[0] = 30.0
    market.rows()
    assert second.calls == 2


def test_what_is_kept_of_mongodb_outlives_a_fault(services):
    first, second, at = CountingInsightStore(down=True), CountingInsightStore(), [0.0]
    second.apply([make_analysis()])
    market = FallbackMarket(first, lambda: second, lambda: at[0])
    market.rows()
    first.down = False
    assert market.rows().rows == ()


def test_it_is_counted(services, redis, monkeypatch, capsys):
    door._gateway.cache_clear()
    monkeypatch.setattr(door, "build", lambda: (degradable(services), ApiSettings.load()))
    redis.down = True
    for path in ("analysis/FPT/insight", "stocks/FPT/prices"):
        assert door.handler(proxy_event(f"/api/v1/{path}"), CONTEXT)["statusCode"] == 200
    door._gateway.cache_clear()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert [line["Degraded"] for line in lines if "Degraded" in line] == [[1.0]]
