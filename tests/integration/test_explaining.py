"""The service over a real Redis, asked by many at once as if each were a process of its own."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from stock_ai.errors import BudgetSpentError
from stock_ai.market.calendar import exchange_date
from stock_ai.models.llm import Language, LlmUsage, Served
from stock_ai.storage.answers import RedisTexts
from stock_ai.storage.flights import RedisFlights
from stock_ai.storage.llm_usage import RedisLlmUsage
from tests.fakes.clock import FixedClock
from tests.fakes.explaining import ANTHROPIC, NOW, Scripted, Sheets, explaining, make_draft, make_sheet

EN = Language.ENGLISH
DAY = exchange_date(NOW)


class Gathering(Sheets):
    """Opens `all_here` when so many have asked for facts."""

    def __init__(self, known, number):
        super().__init__(known)
        self._left = number
        self._lock = threading.Lock()
        self.all_here = threading.Event()

    def sheet(self, symbol):
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self.all_here.set()
        return super().sheet(symbol)


@pytest.fixture
def client(redis_url, redis_client):
    # Every process has its own connections; here all share one pool.
    with redis.Redis.from_url(redis_url, max_connections=400, socket_timeout=5) as client:
        yield client


def over_redis(client, provider, budget=1.0, lead_seconds=10.0, **given):
    return explaining(
        provider,
        texts=RedisTexts(client, 3600),
        flights=RedisFlights(client, lead_seconds),
        usage=RedisLlmUsage(client, FixedClock(NOW), budget),
        **given,
    )


def test_a_hundred_at_once_make_one_call_and_get_equal_answers(client):
    context = Gathering({"FPT": make_sheet()}, 100)
    provider = Scripted([make_draft()], before=lambda: context.all_here.wait(30))
    service = over_redis(client, provider, context=context)
    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda _: service.explain("FPT", EN), range(100)))
    assert len(provider.briefs) == 1
    assert len({explained.analysis.wire() for explained in answers}) == 1
    assert {explained.served for explained in answers} <= {Served.WRITTEN, Served.CACHED}
    assert len(service.publisher.sent) == 1
    day = service.usage.day(DAY)
    assert (sum(model.calls for model in day.models), day.held_usd) == (1, 0)
    assert sum(account.led for account in service.reports) == 1


def test_those_who_wait_for_a_dead_lead_take_over_once(client):
    provider = Scripted([make_draft()])
    service = over_redis(client, provider, lead_seconds=1.0)
    text_id = ANTHROPIC.text_id("FPT", make_sheet().analysis_id, EN)
    # Not entered, so never renewed: as if its process had been killed.
    dead = service.flights.lead(text_id)
    dead.emit("phase", {"phase": "writing"})
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: service.explain("FPT", EN), range(10)))
    assert len(provider.briefs) == 1
    assert len({explained.analysis.wire() for explained in answers}) == 1
    assert not service.flights.running(text_id)


def test_money_never_overshoots_with_many_symbols_at_once(client):
    symbols = [f"S{number:02}" for number in range(50)]
    context = Gathering({symbol: make_sheet(symbol) for symbol in symbols}, 50)
    seen = []

    def before():
        context.all_here.wait(30)
        day = service.usage.day(DAY)
        seen.append(day.spent_usd + day.held_usd)

    provider = Scripted(
        [lambda brief: make_draft(symbol=json.loads(brief.facts)["symbol"])],
        before=before,
        used=LlmUsage(calls=1, input_tokens=3000, output_tokens=4000),
    )
    service = over_redis(client, provider, budget=0.7, context=context)

    waits = []

    def ask(symbol):
        try:
            return service.explain(symbol, EN).analysis.symbol
        except BudgetSpentError as error:
            waits.append(error.retry_after)
            return None

    with ThreadPoolExecutor(50) as pool:
        answered = [symbol for symbol in pool.map(ask, symbols) if symbol]
    assert 2 <= len(answered) == len(provider.briefs) < 50
    # From 16:00 to midnight at the exchange.
    assert waits == [8 * 3600] * (50 - len(answered))
    assert max(seen) <= 0.7
    day = service.usage.day(DAY)
    assert day.spent_usd == pytest.approx(len(answered) * (3000 * 3 + 4000 * 15) / 1e6)
    assert day.spent_usd <= 0.7
    assert day.held_usd == 0


def test_a_budget_of_zero_asks_nobody(client):
    provider = Scripted([make_draft()])
    service = over_redis(client, provider, budget=0)
    for _ in range(2):
        with pytest.raises(BudgetSpentError):
            service.explain("FPT", EN)
    assert provider.briefs == []


def test_what_happens_is_told_to_those_who_follow(client):
    service = over_redis(client, Scripted([make_draft()]))
    service.explain("FPT", EN)
    text_id = ANTHROPIC.text_id("FPT", make_sheet().analysis_id, EN)
    told = [(event.event, event.data) for event in service.flights.follow(text_id, 0)]
    assert [name for name, _ in told] == ["phase"] * 3 + ["sentence"] * 3 + ["done"]
    assert [data["at"] for name, data in told if name == "sentence"] == ["summary.0", "drivers.0", "risks.0"]
