"""A provider with patience and a circuit breaker around it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from contextlib import suppress

import pybreaker

from functions.llm_analysis.asking import BrokenAnswerError
from functions.llm_analysis.finishing import total
from functions.llm_analysis.provider import Brief, OnText, Provider, Reply
from stock_ai.clock import Clock
from stock_ai.errors import RetryableError, RunAbortedError
from stock_ai.models.llm import LlmUsage
from stock_ai.resilience.retrying import Backoff


class _TrialError(Exception):
    """Holds the circuit open for all others while one request tries."""


class Guarded:
    """Implements `Provider` around another one. Safe for several threads, which ask at the same time.

    A `RetryableError` is tried again as `backoff` says, never before the provider's own Retry-After, and only while
    the next try starts within `deadline_seconds` of the request. `breaker` counts requests, not tries: failed ones in
    a row open it, any answer closes it, also a malformed one or a refused key. While it is open nothing is asked; after
    its `reset_timeout` one request tries, and the others are still turned away until that one has got its answer.

    At a new try `on_text` starts anew, with less text than it was given before.
    """

    def __init__(
        self,
        provider: Provider,
        backoff: Backoff,
        breaker: pybreaker.CircuitBreaker,
        *,
        deadline_seconds: float,
        clock: Clock,
    ) -> None:
        self.name = provider.name
        self.model = provider.model
        self._provider = provider
        self._backoff = backoff
        self._breaker = breaker
        self._patience = dt.timedelta(seconds=deadline_seconds)
        self._clock = clock

    def write(self, brief: Brief, on_text: OnText) -> Reply:
        """See `Provider.write`; the usage of the reply holds that of the tries before it.

        Raises:
            RetryableError: also while the provider is left alone. `BrokenAnswerError` where tokens are to be paid.
        """
        self._enter()
        try:
            reply = self._tried(brief, on_text)
        except RetryableError as error:
            self._count(error)
            raise
        except RunAbortedError:
            self._breaker.close()
            raise
        self._breaker.close()
        return reply

    def _tried(self, brief: Brief, on_text: OnText) -> Reply:
        give_up = self._clock() + self._patience
        failures: list[RetryableError] = []
        spent = LlmUsage()

        def attempt() -> Reply:
            nonlocal spent
            try:
                return self._provider.write(brief, on_text)
            except RetryableError as error:
                failures.append(error)
                spent = total([spent, error.usage if isinstance(error, BrokenAnswerError) else LlmUsage(calls=1)])
                raise

        def patiently(seconds: float) -> None:
            if self._clock() + dt.timedelta(seconds=seconds) > give_up:
                raise failures[-1]
            self._backoff.sleep(seconds)

        try:
            reply = dataclasses.replace(self._backoff, sleep=patiently)(attempt)
        except RetryableError as error:
            if spent.input_tokens or spent.output_tokens:
                raise BrokenAnswerError(str(error), spent) from None
            raise
        return dataclasses.replace(reply, usage=total([spent, reply.usage]))

    # The breaker runs what it is given under a lock, one at a time. So it is not given the request, which takes
    # seconds, but only how it went.

    def _enter(self) -> None:
        tries = False

        def trial() -> None:
            nonlocal tries
            tries = True
            raise _TrialError

        if self._breaker.current_state == pybreaker.STATE_CLOSED:
            return
        with suppress(pybreaker.CircuitBreakerError, _TrialError):
            self._breaker.call(trial)
        if not tries:
            raise RetryableError(f"{self.name} is left alone after failures in a row")

    def _count(self, error: RetryableError) -> None:
        def fail() -> None:
            raise error

        with suppress(pybreaker.CircuitBreakerError, RetryableError):
            self._breaker.call(fail)
