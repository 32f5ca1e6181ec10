"""A hard deadline for calls into code that cannot be told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from stock_ai.errors import RetryableError

T = TypeVar("T")


class Deadline:
    """Runs each call in a thread of its own; one that overruns is left behind there, since threads cannot be ended.

    No more than `most_left` are left behind at a time: then calls are refused until one comes back. The threads do not
    keep the process alive.
    """

    def __init__(self, seconds: float, most_left: int = 3) -> None:
        self._seconds = seconds
        self._most_left = most_left
        self._left: list[threading.Thread] = []
        self._lock = threading.Lock()

    @property
    def left_behind(self) -> int:
        """How many overrun calls still run."""
        with self._lock:
            self._left = [thread for thread in self._left if thread.is_alive()]
            return len(self._left)

    def call(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises.

        Raises:
            RetryableError: it took too long, or too many calls before it still run.
        """
        if (left := self.left_behind) >= self._most_left:
            raise RetryableError(f"{left} earlier calls have not come back")
        future: Future[T] = Future()
        thread = threading.Thread(target=_run, args=(work, future), name="with-deadline", daemon=True)
        thread.start()
        try:
            return future.result(self._seconds)
        except TimeoutError:
            if future.done():  # the work's own
                raise
            with self._lock:
                self._left.append(thread)
            raise RetryableError(f"no answer within {self._seconds:g} s") from None


def _run(work: Callable[[], T], future: Future[T]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - it is the caller's, who waits for it
        future.set_exception(error)
