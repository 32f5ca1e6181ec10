"""`RedisLlmUsage` over a real server."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest

from stock_ai.errors import BudgetSpentError
from stock_ai.models.llm import LlmUsage
from stock_ai.models.llm_usage import LlmModelUsage
from stock_ai.storage.llm_usage import KEPT_SECONDS, Counter, RedisLlmUsage, until_next_day
from tests.fakes.clock import FixedClock

EVENING = dt.datetime(2025, 8, 25, 16, 30, tzinfo=dt.UTC)
"""23:30 at the exchange."""
DAY = dt.date(2025, 8, 25)
USED = LlmUsage(
    calls=2, input_tokens=900, cache_read_tokens=100, cache_write_tokens=50, output_tokens=300, cost_usd=0.0123454
)


@pytest.fixture
def clock():
    return FixedClock(EVENING)


def test_what_was_used_takes_the_place_of_what_was_set_aside(redis_client, clock):
    usage = RedisLlmUsage(redis_client, clock, budget_usd=1)
    hold = usage.reserve(0.25)
    held = usage.day(DAY)
    assert (held.spent_usd, held.held_usd, held.left_usd, held.models) == (0, 0.25, 0.75, [])
    usage.settle(hold, "anthropic", "claude|x", USED)
    usage.settle(usage.reserve(0.1), "openai", "gpt-5", LlmUsage(calls=1), failed=True)
    for counter in Counter:
        usage.count("anthropic", "claude|x", counter, by=3)
    day = usage.day(DAY)
    # A part of a micro-dollar counts as a whole one.
    assert (day.spent_usd, day.held_usd, day.left_usd) == (0.012346, 0, 0.987654)
    assert day.models == [
        LlmModelUsage(
            provider="anthropic",
            model="claude|x",
            calls=2,
            input_tokens=900,
            cache_read_tokens=100,
            cache_write_tokens=50,
            output_tokens=300,
            cost_usd=0.012346,
            cached=3,
            repairs=3,
            removed_sentences=3,
            fallbacks=3,
        ),
        LlmModelUsage(provider="openai", model="gpt-5", calls=1, failed_calls=1),
    ]


def test_the_budget_is_that_of_the_day_at_the_exchange(redis_client, clock):
    usage = RedisLlmUsage(redis_client, clock, budget_usd=1)
    hold = usage.reserve(1.0)
    with pytest.raises(BudgetSpentError, match="1 USD is spent for 2025-08-25") as refused:
        usage.reserve(0.000001)
    assert refused.value.retry_after == 1800
    clock.advance(minutes=30)
    usage.reserve(1.0)
    # What began yesterday is settled on yesterday.
    usage.settle(hold, "openai", "gpt-5", LlmUsage(calls=1, cost_usd=0.4))
    assert usage.day(DAY).spent_usd == 0.4
    assert usage.day(DAY + dt.timedelta(days=1)).held_usd == 1
    assert 0 < redis_client.ttl("llm:usage:2025-08-25") <= KEPT_SECONDS


def test_a_budget_of_zero_refuses_even_a_free_call(redis_client, clock):
    with pytest.raises(BudgetSpentError):
        RedisLlmUsage(redis_client, clock, budget_usd=0).reserve(0.0)


def test_callers_at_once_never_overshoot(redis_client, clock):
    usage = RedisLlmUsage(redis_client, clock, budget_usd=0.95)

    def attempt(_):
        try:
            return usage.reserve(0.1)
        except BudgetSpentError:
            return None

    with ThreadPoolExecutor(50) as pool:
        holds = [hold for hold in pool.map(attempt, range(50)) if hold is not None]
    assert len(holds) == 9
    assert usage.day(DAY).held_usd == pytest.approx(0.9)


def test_a_day_without_calls_is_all_zeros(redis_client, clock):
    day = RedisLlmUsage(redis_client, clock, budget_usd=2.5).day(DAY)
    assert (day.budget_usd, day.spent_usd, day.left_usd, day.models) == (2.5, 0, 2.5, [])


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        (dt.datetime(2025, 8, 25, 16, 59, 59, tzinfo=dt.UTC), 1),
        (dt.datetime(2025, 8, 25, 17, 0, tzinfo=dt.UTC), 24 * 3600),
    ],
)
def test_a_new_day_begins_at_the_exchanges_midnight(now, seconds):
    assert until_next_day(now) == seconds
