"""A breaker before a store: while the store is away, most requests are told so at once and do not wait for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, TypeVar

from stock_ai.errors import RateLimitedError, RetryableError

_T = TypeVar("_T")
REST_SECONDS: Final = 2.0


class StoreAwayError(RateLimitedError):
    """A store was away a moment ago and is left alone; `retry_after` is when it is asked again."""


class Breaker:
    """Closed until a call fails for a reason that may pass; then one call each `rest_seconds` tries the store.

    Drivers try again by themselves, so one failure is enough. `patience` bounds each call.
    """

    def __init__(
        self,
        name: str,
        patience: Callable[[], AbstractContextManager[Any]] = nullcontext,
        rest_seconds: float = REST_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._patience = patience
        self._rest_seconds = rest_seconds
        self._now = now
        self._lock = threading.Lock()
        self._next_try: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether the store did not answer when it was last asked."""
        return self._next_try is not None

    def call(self, work: Callable[[], _T], *, patient: bool = False) -> _T:
        """What `work` returns; `patient` lets it take as long as it needs.

        Raises:
            StoreAwayError: the store was away a moment ago; it was not asked.
            RetryableError: it is away now.
        """
        with self._lock:
            if self._next_try is not None:
                left = self._next_try - self._now()
                if left > 0:
                    raise StoreAwayError(f"{self.name} is away", left)
                # The others go on being refused while this call tries.
                self._next_try = self._now() + self._rest_seconds
        try:
            with nullcontext() if patient else self._patience():
                result = work()
        except RateLimitedError:
            self._next_try = None  # The store has answered: somebody is over a limit that it keeps.
            raise
        except RetryableError:
            self._next_try = self._now() + self._rest_seconds
            raise
        self._next_try = None
        return result


class Guarded:
    """A store behind a breaker: every method is called through it, everything else is the store's own."""

    def __init__(self, store: object, breaker: Breaker, *, patient: bool = False) -> None:
        self._store = store
        self._breaker = breaker
        self._patient = patient

    def __getattr__(self, name: str) -> Any:
        """The store's attribute; kept where it is a method."""
        found = getattr(self._store, name)
        if not callable(found):
            return found

        def call(*args: Any, **options: Any) -> Any:
            return self._breaker.call(lambda: found(*args, **options), patient=self._patient)

        self.__dict__[name] = call
        return call
