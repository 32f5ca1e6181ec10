"""What language models cost, by day, in Redis: a budget that no number of callers at once can overshoot."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple, cast

import redis

from stock_ai.clock import Clock
from stock_ai.errors import BudgetSpentError
from stock_ai.market.calendar import EXCHANGE_ZONE, exchange_date
from stock_ai.models import keys
from stock_ai.models.llm import LlmUsage
from stock_ai.models.llm_usage import LlmModelUsage, LlmUsageDay
from stock_ai.storage.redis_errors import translated

KEPT_SECONDS: Final = 40 * 24 * 3600
MICRO: Final = 1_000_000
"""Micro-dollars in a dollar: money is counted in whole ones."""

_SPENT, _HELD = "spent", "held"
_COST = "cost_micro"
_TOKENS = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")

_RESERVE = f"""
local used = (tonumber(redis.call('HGET', KEYS[1], '{_SPENT}')) or 0)
           + (tonumber(redis.call('HGET', KEYS[1], '{_HELD}')) or 0)
if used + ARGV[1] > tonumber(ARGV[2]) then return 0 end
redis.call('HINCRBY', KEYS[1], '{_HELD}', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""


class Counter(StrEnum):
    """What is counted beside calls, tokens and money."""

    CACHED = "cached"
    REPAIRS = "repairs"
    REMOVED_SENTENCES = "removed_sentences"
    FALLBACKS = "fallbacks"


class Hold(NamedTuple):
    """Money set aside for one call."""

    day: dt.date
    micro_usd: int


def until_next_day(now: dt.datetime) -> float:
    """Seconds from `now` (aware) to the exchange's next midnight, when a new budget begins."""
    midnight = dt.datetime.combine(exchange_date(now) + dt.timedelta(days=1), dt.time(), EXCHANGE_ZONE)
    return (midnight - now).total_seconds()


class RedisLlmUsage:
    """One hash per day of the exchange, kept for 40 days. Every call raises `RetryableError` when Redis is away.

    A hold that is never settled, since its process died, counts as spent for the rest of the day: the provider may have
    billed the call.
    """

    def __init__(self, client: redis.Redis, clock: Clock, budget_usd: float) -> None:
        self._redis = client
        self._clock = clock
        self._budget = round(budget_usd * MICRO)

    def reserve(self, upper_bound_usd: float) -> Hold:
        """Set aside what a call may cost at most.

        Raises:
            BudgetSpentError: today's budget does not allow it; `retry_after` is the time to the next day.
        """
        now = self._clock()
        hold = Hold(exchange_date(now), max(1, _micro(upper_bound_usd)))
        with translated():
            allowed = self._redis.eval(_RESERVE, 1, _key(hold.day), hold.micro_usd, self._budget, KEPT_SECONDS)
        if not allowed:
            raise BudgetSpentError(
                f"the budget for language models of {self._budget / MICRO:g} USD is spent for {hold.day}",
                until_next_day(now),
            )
        return hold

    def settle(self, hold: Hold, provider: str, model: str, usage: LlmUsage, failed: bool = False) -> None:
        """Put what a call has really used in the place of what was set aside for it."""
        cost = _micro(usage.cost_usd)
        counts = {"calls": usage.calls, "failed_calls": int(failed), _COST: cost}
        counts |= {name: getattr(usage, name) for name in _TOKENS}
        self._add(
            hold.day,
            {_HELD: -hold.micro_usd, _SPENT: cost}
            | {_field(name, provider, model): count for name, count in counts.items()},
        )

    def count(self, provider: str, model: str, counter: Counter, by: int = 1) -> None:
        """Count something of today."""
        self._add(exchange_date(self._clock()), {_field(counter, provider, model): by})

    def day(self, day: dt.date) -> LlmUsageDay:
        """What was used on a day of the exchange; `budget_usd` is the one in force now."""
        with translated():
            found = cast("dict[bytes, bytes]", self._redis.hgetall(_key(day)))
        totals = {_SPENT: 0, _HELD: 0}
        models: dict[tuple[str, str], dict[str, int]] = {}
        for field, value in found.items():
            name, *author = field.decode().split("|", 2)
            if author:
                models.setdefault((author[0], author[1]), {})[name] = int(value)
            else:
                totals[name] = int(value)
        return LlmUsageDay(
            day=day,
            budget_usd=self._budget / MICRO,
            spent_usd=totals[_SPENT] / MICRO,
            held_usd=totals[_HELD] / MICRO,
            left_usd=max(0, self._budget - totals[_SPENT] - totals[_HELD]) / MICRO,
            models=[
                LlmModelUsage(provider=provider, model=model, cost_usd=counts.pop(_COST, 0) / MICRO, **counts)
                for (provider, model), counts in sorted(models.items())
            ],
        )

    def _add(self, day: dt.date, counts: Mapping[str, int]) -> None:
        with translated(), self._redis.pipeline(transaction=True) as pipeline:
            for field, count in counts.items():
                if count:
                    pipeline.hincrby(_key(day), field, count)
            pipeline.expire(_key(day), KEPT_SECONDS)
            pipeline.execute()


def _micro(usd: float) -> int:
    return math.ceil(round(usd * MICRO, 3))


def _key(day: dt.date) -> str:
    return keys.llm_usage(day.isoformat())


def _field(name: str, provider: str, model: str) -> str:
    return f"{name}|{provider}|{model}"
