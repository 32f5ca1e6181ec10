"""Bars from a source to the topic of raw prices, every one of them: the consumer decides what is stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from functions.data_collector.messages import HEADERS, event_ids, messages
from stock_ai.clock import Clock, to_millisecond
from stock_ai.errors import RunAbortedError
from stock_ai.models.base import Interval, digest
from stock_ai.models.topics import STOCK_PRICES_RAW
from stock_ai.observability import logger
from stock_ai.ports.collection import CollectionLog
from stock_ai.ports.sources import PriceSource, SourceBar
from stock_ai.ports.streams import Publisher

GROUP = 10
"""Symbols that are logged together before the first bar of them is published."""

RESERVE_MS = 20_000
"""Time kept back for the last flush: a run that comes this near to its end stops."""


@dataclass(frozen=True, slots=True)
class CollectReport:
    """What one run did; `read` and `published` count bars and are equal."""

    source: str
    symbols: int
    read: int
    published: int
    skipped: str = ""
    """Why nothing was asked for, where the calendar says so."""
    unfinished_plans: int = 0
    """Plans that a later run goes on with."""


def collect(
    source: PriceSource,
    symbols: Sequence[str],
    since: dt.date | None,
    until: dt.date | None,
    publisher: Publisher,
    log: CollectionLog,
    clock: Clock,
    remaining_ms: Callable[[], int],
) -> CollectReport:
    """Publish the daily bars of `symbols` (empty: all of the source) with `since <= trading date <= until`.

    Bars of a symbol that are the same as at the last collection keep the instant at which they were first received;
    that instant is logged before they are published, so a run that dies in between changes nothing when it is redone.

    Raises:
        InvalidInputError: a symbol or the source's data is wrong; nothing was published.
        RetryableError: source, broker or log is away; running again is safe.
        RunAbortedError: the time is nearly over; what was published by then is acknowledged.
    """
    wanted = list(dict.fromkeys(symbols)) or list(source.symbols())
    source.check(wanted)
    last = log.last(source.name)
    # To the millisecond, as the log keeps it: an instant must read back equal.
    now = to_millisecond(clock())
    published = 0
    for start in range(0, len(wanted), GROUP):
        if remaining_ms() < RESERVE_MS:
            publisher.flush()
            raise RunAbortedError(
                f"out of time after {start} of {len(wanted)} symbols of {source.name}: {published} bars are published"
            )
        group = {symbol: _Batch.of(source, symbol, since, until) for symbol in wanted[start : start + GROUP]}
        fresh = {
            symbol: (batch.fingerprint, now)
            for symbol, batch in group.items()
            if batch.bars and last.get(symbol, ("",))[0] != batch.fingerprint
        }
        log.record(source.name, fresh)
        last.update(fresh)
        for symbol, batch in group.items():
            for message in batch.messages(source.name, last[symbol][1]) if batch.bars else ():
                publisher.publish(STOCK_PRICES_RAW, symbol, message, HEADERS)
            published += len(batch.bars)
        logger.info(
            "collected", source=source.name, symbols=min(start + GROUP, len(wanted)), of=len(wanted), bars=published
        )
    publisher.flush()
    return CollectReport(source.name, len(wanted), published, published)


@dataclass(frozen=True, slots=True)
class _Batch:
    """The bars of one symbol in this run, with the id of each and one fingerprint of all."""

    bars: Sequence[SourceBar]
    ids: list[str]
    fingerprint: str

    @classmethod
    def of(cls, source: PriceSource, symbol: str, since: dt.date | None, until: dt.date | None) -> _Batch:
        bars = source.bars(symbol, since, until)
        ids = event_ids(bars, Interval.DAY, source.name)
        return cls(bars, ids, digest(*ids))

    def messages(self, source: str, ingested_at: dt.datetime) -> list[bytes]:
        return messages(self.bars, self.ids, Interval.DAY, source, ingested_at)
