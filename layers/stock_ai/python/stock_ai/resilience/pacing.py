"""One pace for all callers of a rate-limited service, wherever they run."""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Protocol

import redis
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from stock_ai.clock import Clock
from stock_ai.errors import PaceExceededError, RetryableError

VNSTOCK = "vnstock"
VNSTOCK_GUEST_RATE = Fraction(15, 60)
"""Calls per second without a key: below the 20 a minute at which vnstock ends the process."""
VNSTOCK_KEYED_RATE = Fraction(50, 60)
"""Calls per second with VNSTOCK_API_KEY, whose limit is 60 a minute."""

_LONGEST_WINDOW = 60


class Pacer(Protocol):
    """Gives out turns."""

    @property
    def per_second(self) -> float:
        """Turns per second over time, for all callers together."""

    def acquire(self, deadline: dt.datetime) -> None:
        """Wait for a turn and take it.

        Raises:
            PaceExceededError: no turn comes before `deadline` (aware); `retry_after` says when one does.
            RetryableError: the shared pace cannot be read.
        """


def vnstock_rate(per_second: float | None, keyed: bool) -> Fraction:
    """The lower of what the operator allows (RATE_LIMIT_PER_SECOND) and what the tier allows, in calls per second."""
    tier = VNSTOCK_KEYED_RATE if keyed else VNSTOCK_GUEST_RATE
    return tier if per_second is None else min(Fraction(str(per_second)), tier)


class MovingWindowPacer:
    """At most so many turns in any window of the smallest whole seconds that the rate fits: 15 a minute are 1 in 4 s.

    Small windows keep bursts small. With a Redis client the turns of every process count, in the one key
    `pace:{name}`; without one, those of this object only.
    """

    def __init__(
        self,
        name: str,
        rate: Fraction,
        clock: Clock,
        client: redis.Redis | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._name = name
        self._window = _window(rate)
        self._clock = clock
        self._sleep = sleep
        # The scheme only chooses the client library; connections come from the given client's pool.
        storage = (
            MemoryStorage()
            if client is None
            else RedisStorage("redis://", connection_pool=client.connection_pool, key_prefix="pace")
        )
        self._turns = MovingWindowRateLimiter(storage)

    @property
    def per_second(self) -> float:
        """See `Pacer`."""
        return self._window.amount / self._window.get_expiry()

    def acquire(self, deadline: dt.datetime) -> None:
        """See `Pacer`. Does not wait at all when the turn would come too late."""
        while not self._taken():
            wait = self._until_free()
            if self._clock() + dt.timedelta(seconds=wait) > deadline:
                raise PaceExceededError(f"no turn for {self._name} for {wait:.1f} s", wait)
            self._sleep(wait)

    def _taken(self) -> bool:
        try:
            return self._turns.hit(self._window, self._name)
        except redis.RedisError as error:
            raise RetryableError(f"the pace of {self._name} cannot be read: {error}") from error

    def _until_free(self) -> float:
        try:
            reset = self._turns.get_window_stats(self._window, self._name).reset_time
        except redis.RedisError as error:
            raise RetryableError(f"the pace of {self._name} cannot be read: {error}") from error
        # `limits` measures by the system's clock. A moment more, lest rounding asks a hair too early.
        return max(reset - time.time(), 0.0) + 0.005


class _Window(RateLimitItemPerSecond):
    """Turns per window, in a key that does not tell the rate: callers with other rates still share it."""

    def key_for(self, *identifiers: bytes | str | float) -> str:
        return str(identifiers[0])


def _window(rate: Fraction) -> _Window:
    if rate <= 0:
        raise ValueError(f"a rate of {rate} per second lets nothing through")
    fitted = rate.limit_denominator(_LONGEST_WINDOW)
    if fitted > rate:
        fitted = Fraction(math.floor(rate * _LONGEST_WINDOW), _LONGEST_WINDOW)
    if fitted == 0:
        return _Window(1, math.ceil(1 / rate))
    return _Window(fitted.numerator, fitted.denominator)
