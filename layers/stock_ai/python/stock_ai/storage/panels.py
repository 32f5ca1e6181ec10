"""The panel of all stored daily bars: a snapshot that is kept, and what changed in MongoDB since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bson.codec_options import CodecOptions
from pymongo.collection import Collection
from pymongo.database import Database

from stock_ai.clock import Clock
from stock_ai.errors import RetryableError, RunAbortedError
from stock_ai.indicators import Panel
from stock_ai.models.base import Interval
from stock_ai.observability import logger
from stock_ai.storage.bar_changes import BarChanges, Span, Watermark
from stock_ai.storage.bar_columns import FIELDS, BarColumns
from stock_ai.storage.bar_documents import identity
from stock_ai.storage.mongo import Document, midnight, translated
from stock_ai.storage.objects import StoredObject
from stock_ai.storage.panel_snapshots import Snapshot, UnusableSnapshotError, decode, encode

_BATCH = 10_000
_READ_AT_ONCE = 50
"""Identities in one read: the embedded server takes longer for each where there are more."""
_SHOWN = dict.fromkeys(FIELDS, 1) | {"_id": 0}


class PanelStore:
    """Every daily bar of every symbol, always: on-balance volume is that of the whole history, ranks need every stock.

    The snapshot only saves time. Whatever is wrong with it, the reason is logged, all bars are read from MongoDB, and a
    sound snapshot is written in its place. Several processes may share one: the last to write it wins, and as it holds
    the watermark of its own bars nothing is lost.
    """

    def __init__(self, database: Database[dict[str, Any]], stored: StoredObject, clock: Clock) -> None:
        self._prices = _prices(database)
        self._changes = BarChanges(database)
        self._stored = stored
        self._clock = clock
        self._kept: Snapshot | None = None
        self._panel = Panel(())

    def refresh(self) -> Panel:
        """The panel of the bars that are stored now; reads what changed since the last time.

        Raises:
            RetryableError: MongoDB is away.
        """
        kept = self._kept
        base = kept or self._loaded()
        with translated():
            found = None if base is None else self._changes.since(base.mark, self._clock())
            mark: Watermark | None
            if base is not None and found is not None:
                spans, mark = found
                columns = base.columns.merged(_of(self._prices, spans))
            else:
                if base is not None:
                    _tell_rebuild("it is of another database, or older than the log of changes")
                # Before the bars are read: what changes from here on is read again.
                mark = self._changes.newest(self._clock())
                columns = BarColumns.empty().merged(_all(self._prices))
        if kept is None or columns is not kept.columns:
            self._panel = columns.panel()
        # Without an entry in the log nothing would tell this database from another one.
        self._kept = None if mark is None else Snapshot(columns, mark)
        if self._kept is not None and (base is None or columns is not base.columns):
            self._write(self._kept)
        return self._panel

    def _loaded(self) -> Snapshot | None:
        try:
            content = self._stored.read()
            if content is None:
                _tell_rebuild("there is none yet")
                return None
            return decode(content)
        except (UnusableSnapshotError, RetryableError, RunAbortedError) as error:
            _tell_rebuild(str(error))
            return None

    def _write(self, snapshot: Snapshot) -> None:
        try:
            self._stored.write(encode(snapshot))
        except (RetryableError, RunAbortedError) as error:
            logger.warning("panel snapshot not written", extra={"reason": str(error)})
            return
        with translated():
            self._changes.prune(snapshot.mark, self._clock())


def _tell_rebuild(reason: str) -> None:
    logger.info("panel snapshot not used, all bars are read", extra={"reason": reason})


def _prices(database: Database[dict[str, Any]]) -> Collection[Document]:
    # Only dates are taken from instants, so there is no need to make each of them aware.
    return database["prices"].with_options(codec_options=CodecOptions(tz_aware=False))


def _all(prices: Collection[Document]) -> Iterator[Document]:
    """Every daily bar, in any order: sorting takes the server as long again as reading."""
    return prices.find({"interval": Interval.DAY.value}, _SHOWN, batch_size=_BATCH)


def _of(prices: Collection[Document], spans: Sequence[Span]) -> Iterator[Document]:
    """The daily bars within `spans`: single ones by their identities, many at once, and others by range."""
    single = [identity(span.symbol, Interval.DAY, span.first) for span in spans if span.first == span.last]
    for start in range(0, len(single), _READ_AT_ONCE):
        yield from prices.find({"_id": {"$in": single[start : start + _READ_AT_ONCE]}}, _SHOWN)
    for symbol, first, last in spans:
        if first != last:
            time = {"$gte": midnight(first), "$lte": midnight(last)}
            match = {"symbol": symbol, "interval": Interval.DAY.value, "time": time}
            yield from prices.find(match, _SHOWN, batch_size=_BATCH)
