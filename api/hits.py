"""Counts the answers from kept texts for the day's usage, now and then: no answer waits for it."""

from __future__ import annotations

import collections
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from api.services import Services
from stock_ai.errors import RetryableError
from stock_ai.observability import logger

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

_TELL_SECONDS = 1.0


class Hits:
    """What is counted is told at most once a second, in a thread of `pool`."""

    def __init__(self, services: Services, pool: Callable[[], ThreadPoolExecutor]) -> None:
        self._services = services
        self._pool = pool
        self._lock = threading.Lock()
        self._untold: collections.Counter[tuple[str, str]] = collections.Counter()
        self._due = 0.0

    def add(self, author: tuple[str, str]) -> None:
        """Count one answer from a kept text of `author`: provider and model."""
        with self._lock:
            self._untold[author] += 1
            now = time.monotonic()
            if now < self._due:
                return
            self._due = now + _TELL_SECONDS
        self._pool().submit(self.tell)

    def tell(self) -> None:
        """Bring what was counted into the day's usage. What cannot be told is lost: it is a statistic."""
        # Not at the top: with its driver.
        from stock_ai.storage.llm_usage import Counter

        with self._lock:
            untold, self._untold = self._untold, collections.Counter()
        try:
            for (provider, model), count in untold.items():
                self._services.llm_usage.count(provider, model, Counter.CACHED, count)
        except RetryableError as error:
            logger.warning("answers from kept texts not counted", extra={"fault": str(error)})
