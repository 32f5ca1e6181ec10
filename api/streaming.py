"""Changes of insights to many listeners at once: one thread reads them, each listener has a queue of its own.

The thread begins with the first listener and ends a moment after the last one. A listener that does not keep up is let
go; it comes back with the id of the last event it has seen (HTML standard, "Server-sent events").
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Final

from fastapi.concurrency import run_in_threadpool

from api.services import ChangeFeed
from stock_ai.errors import RetryableError
from stock_ai.observability import logger

if TYPE_CHECKING:
    from stock_ai.storage.market_views import Change

MOST_LISTENERS: Final = 1_000
_WAIT_MS: Final = 2_000
_PAGE: Final = 500
_BEHIND: Final = 2_000
"""Events that wait for one listener: more than one pass over the market makes."""
_HEARTBEAT_SECONDS: Final = 15.0
_RETRY_MS: Final = 3_000
_REST_SECONDS: Final = 1.0


class TooManyListenersError(RetryableError):
    """As many listen as may; one of them will leave."""


class _Listener:
    """A queue in the loop of whoever listens."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.queue: asyncio.Queue[Change | None] = asyncio.Queue(_BEHIND + 1)
        self._left_behind = False

    def give(self, changes: Sequence[Change]) -> None:
        """From the reading thread."""
        self._loop.call_soon_threadsafe(self._take, changes)

    def _take(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if self._left_behind:
                return
            if self.queue.qsize() >= _BEHIND:
                self._left_behind = True
                self.queue.put_nowait(None)
                return
            self.queue.put_nowait(change)


class ChangeHub:
    """Reads the changes once for everybody who listens in this process."""

    def __init__(self, feed: Callable[[], ChangeFeed]) -> None:
        self._feed = feed
        self._lock = threading.Lock()
        self._listeners: set[_Listener] = set()
        self._reading = False

    async def events(self, symbols: frozenset[str], after: str | None) -> AsyncIterator[bytes]:
        """Server-sent events of the changes of `symbols` (none: of all) after the one called `after`, without end.

        Raises:
            InvalidInputError: `after` is no id of a change.
            RetryableError: the changes cannot be read now, or too many listen.
        """
        if len(self._listeners) >= MOST_LISTENERS:
            raise TooManyListenersError(f"{MOST_LISTENERS} listen already")
        feed = self._feed()
        since = await run_in_threadpool(feed.last_change) if after is None else after
        # Before anything is told, so that a fault can still be answered as one.
        await run_in_threadpool(feed.changes, since, 1, 0)
        return self._told(feed, symbols, since)

    async def _told(self, feed: ChangeFeed, symbols: frozenset[str], since: str) -> AsyncIterator[bytes]:
        listener = self._joined(since)
        try:
            yield f"retry: {_RETRY_MS}\n\n".encode()
            while missed := await run_in_threadpool(feed.changes, since, _PAGE, 0):
                for change in missed:
                    if told := _event(change, symbols):
                        yield told
                since = missed[-1].id
            seen = _order(since)
            while True:
                try:
                    async with asyncio.timeout(_HEARTBEAT_SECONDS):
                        now = await listener.queue.get()
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if now is None:
                    return
                # What came while the missed ones were read is in both.
                if _order(now.id) > seen and (told := _event(now, symbols)):
                    yield told
        except RetryableError:
            return  # It comes back, and is told then what it has missed.
        finally:
            self._left(listener)

    def _joined(self, since: str) -> _Listener:
        listener = _Listener()
        with self._lock:
            self._listeners.add(listener)
            if not self._reading:
                self._reading = True
                # What came before, the first listener reads for itself.
                threading.Thread(target=self._read, args=(since,), name="changes", daemon=True).start()
        return listener

    def _left(self, listener: _Listener) -> None:
        with self._lock:
            self._listeners.discard(listener)

    def _read(self, since: str) -> None:
        """Until nobody listens. While the changes are away it tries now and then, and nobody is told anything."""
        feed = self._feed()
        while True:
            try:
                changes = feed.changes(since, _PAGE, _WAIT_MS)
            except RetryableError as error:
                logger.warning("changes not read", extra={"fault": str(error)})
                changes = ()
                time.sleep(_REST_SECONDS)
            since = changes[-1].id if changes else since
            with self._lock:
                listeners = list(self._listeners)
                self._reading = bool(listeners)
            if not listeners:
                return
            if changes:
                for listener in listeners:
                    listener.give(changes)


def _order(change_id: str) -> tuple[int, int]:
    instant, _, number = change_id.partition("-")
    return int(instant), int(number)


def _event(change: Change, symbols: frozenset[str]) -> bytes | None:
    if symbols and change.change.symbol not in symbols:
        return None
    return b"id: %s\nevent: insight\ndata: %s\n\n" % (change.id.encode(), change.change.wire())
