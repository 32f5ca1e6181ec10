"""Attempts, with waits that grow."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from stock_ai.errors import PaceExceededError, RateLimitedError, RetryableError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Backoff:
    """Tries again after a `RetryableError`: exponential waits with full jitter, and never before `retry_after`.

    Our own pace (`PaceExceededError`) is not tried again, since its caller has waited already, nor is a service that
    asks for more patience than `longest` seconds.
    """

    attempts: int = 2
    first: float = 1.0
    longest: float = 60.0
    sleep: Callable[[float], None] = time.sleep

    def __call__(self, work: Callable[[], T]) -> T:
        """What `work` returns; its last error when no attempt is left."""
        return Retrying(
            stop=stop_after_attempt(self.attempts),
            wait=self._wait,
            retry=retry_if_exception(self._worthwhile),
            sleep=self.sleep,
            reraise=True,
        )(work)

    def _worthwhile(self, error: BaseException) -> bool:
        if not isinstance(error, RetryableError) or isinstance(error, PaceExceededError):
            return False
        return _asked(error) <= self.longest

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return _asked(error) + wait_random_exponential(self.first, self.longest)(state)


def _asked(error: BaseException | None) -> float:
    return (error.retry_after or 0.0) if isinstance(error, RateLimitedError) else 0.0
