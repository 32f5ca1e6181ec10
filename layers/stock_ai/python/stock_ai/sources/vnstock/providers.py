"""Asking vnstock's providers: in order of preference, paced, within a deadline, each behind its circuit breaker."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from typing import Final, TypeVar

import pybreaker

from stock_ai.clock import Clock
from stock_ai.errors import InvalidInputError, PaceExceededError, RateLimitedError, RetryableError
from stock_ai.resilience.deadline import Deadline
from stock_ai.resilience.pacing import Pacer
from stock_ai.resilience.retrying import Backoff
from stock_ai.sources.vnstock.library import KBS, VCI, NotServedError

logger = logging.getLogger(__name__)

T = TypeVar("T")

PROVIDERS: Final = (KBS, VCI)
"""In order of preference: VCI refuses cloud addresses at times, rounds prices to 10 VND and fails with null volumes."""


class Providers:
    """KBS first, VCI where KBS fails."""

    def __init__(
        self,
        clock: Clock,
        pacer: Pacer,
        load: Callable[[], None],
        *,
        deadline: float,
        patience: float,
        breaks_after: int,
        breaks_for: float,
        backoff: Backoff,
    ) -> None:
        """Ask nothing yet; `load` sets the library up before a call. The options are those of `VnstockSource`."""
        self._clock = clock
        self._pacer = pacer
        self._load = load
        self._deadline = Deadline(deadline)
        # The import asks the network as well, with timeouts of its own.
        self._loading = Deadline(max(deadline, 60.0))
        self._patience = dt.timedelta(seconds=patience)
        self._backoff = backoff
        self._breakers = {
            provider: pybreaker.CircuitBreaker(
                fail_max=breaks_after,
                reset_timeout=breaks_for,
                exclude=[PaceExceededError, InvalidInputError],
                throw_new_error_on_trip=False,
                name=provider,
            )
            for provider in PROVIDERS
        }

    def call(self, provider: str, ask: Callable[[], T]) -> T:
        """One call of the library, when its turn comes.

        Raises:
            RateLimitedError, RetryableError: the provider cannot be asked, or what `ask` raises.
        """

        def in_turn() -> T:
            self._loading.call(self._load)
            self._pacer.acquire(self._clock() + self._patience)
            return self._deadline.call(ask)

        try:
            return self._breakers[provider].call(in_turn)
        except pybreaker.CircuitBreakerError:
            raise RetryableError(f"{provider}: left alone after failures in a row") from None

    def ask(self, what: str, serve: Callable[[str], T]) -> T:
        """The answer of the first provider that `serve` gets one of, asked again after a while where none gave one.

        Raises:
            NotServedError: nobody has it.
            RateLimitedError, RetryableError: nobody could be asked, or gave an answer that can be used.
        """
        return self._backoff(lambda: self._first_able(what, serve))

    def _first_able(self, what: str, serve: Callable[[str], T]) -> T:
        failures: list[RetryableError] = []
        not_served: NotServedError | None = None
        for provider in PROVIDERS:
            try:
                return serve(provider)
            except PaceExceededError:
                raise
            except NotServedError as error:
                not_served = error
            except RetryableError as error:
                failures.append(error)
                last = provider == PROVIDERS[-1]
                logger.warning(
                    "%s: %s failed, %s: %s", what, provider, "no other left" if last else "asking the next", error
                )
        if not_served is not None and not failures:
            raise not_served
        message = "; ".join(str(error) for error in failures)
        waits = [error.retry_after for error in failures if isinstance(error, RateLimitedError)]
        if waits:
            raise RateLimitedError(message, min((wait for wait in waits if wait is not None), default=None))
        raise RetryableError(message)
