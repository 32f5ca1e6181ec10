"""Bars in MongoDB: one document per (symbol, interval, time)."""

from __future__ import annotations

import datetime as dt
import functools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from pymongo import ASCENDING, DESCENDING, UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database

from stock_ai.errors import RetryableError
from stock_ai.market.calendar import EXCHANGE_ZONE
from stock_ai.models.base import Interval
from stock_ai.models.price import StockPrice
from stock_ai.ports.prices import StoreCounts, SymbolInfo
from stock_ai.storage.bar_changes import BarChanges
from stock_ai.storage.bar_documents import combined, content, from_document, replacement, to_document, versions
from stock_ai.storage.mongo import Document, insert_new, midnight, translated
from stock_ai.storage.transactions import update_together

_ATTEMPTS = 5
_LONG_SERIES = 10
_READ_AT_ONCE = 50
"""Identities in one read: with 200 the embedded server takes twice as long for each, with 1,600 ten times."""
_ONE_DAY = dt.timedelta(days=1)


class MongoPriceStore:
    """Implements `stock_ai.ports.PriceStore`.

    Collection `prices` holds the bars, `symbols` the stored span of daily bars of each symbol. Of two versions of a bar
    the newer by (`ingested_at` to the millisecond, `event_id`) stays, whichever came first; but prices as traded are
    never replaced by adjusted ones, of which then only `adjusted_close` is taken.
    """

    def __init__(self, database: Database[Document]) -> None:
        self._prices = database["prices"]
        self._symbols = database["symbols"]
        self._changes = BarChanges(database)

    def upsert(self, bars: Sequence[StockPrice]) -> StoreCounts:
        """See `PriceStore.upsert`. A newer version with the same content only moves `ingested_at`: unchanged."""
        if not bars:
            return StoreCounts()
        newest: dict[str, Document] = {}
        for bar in bars:
            document = to_document(bar)
            other = newest.setdefault(document["_id"], document)
            if other is not document:
                newest[document["_id"]] = combined(other, document)
        documents = list(newest.values())
        with translated(), self._changes.writing(documents) as changed:
            self._widen_spans(documents)
            taken = set(insert_new(self._indexed_prices, documents))
            changed += [document for position, document in enumerate(documents) if position not in taken]
            stored = len(changed) + self._replace_older([documents[position] for position in sorted(taken)], changed)
        return StoreCounts(stored=stored, unchanged=len(bars) - stored)

    def symbols(self) -> Sequence[SymbolInfo]:
        """See `PriceStore.symbols`."""
        with translated():
            return sorted((_info(document) for document in self._symbols.find()), key=lambda info: info.symbol)

    def symbol(self, symbol: str) -> SymbolInfo | None:
        """See `PriceStore.symbol`."""
        with translated():
            document = self._symbols.find_one({"_id": symbol})
        return None if document is None else _info(document)

    def bars(
        self, symbol: str, interval: Interval, since: dt.date | None, until: dt.date | None, limit: int
    ) -> Sequence[StockPrice]:
        """See `PriceStore.bars`."""
        if interval is Interval.DAY:
            documents = self._daily(symbol, since, until, limit)
        else:
            span: Document = {}
            if since is not None:
                span["$gte"] = dt.datetime.combine(since, dt.time.min, EXCHANGE_ZONE)
            if until is not None:
                span["$lt"] = dt.datetime.combine(until + _ONE_DAY, dt.time.min, EXCHANGE_ZONE)
            match = {"symbol": symbol, "interval": str(interval)} | ({"time": span} if span else {})
            with translated():
                documents = list(self._prices.find(match).sort("time", DESCENDING).limit(limit))[::-1]
        return [from_document(document) for document in documents]

    def count(self) -> int:
        """How many bars are stored, of all symbols and intervals."""
        with translated():
            return self._prices.estimated_document_count()

    def _daily(self, symbol: str, since: dt.date | None, until: dt.date | None, limit: int) -> list[Document]:
        """The documents of the newest daily bars, oldest first.

        `time` is bounded from below, in steps back from the newest bar, because the embedded server reads a whole
        symbol for a sorted read with a limit.
        """
        info = self.symbol(symbol)
        if info is None:
            return []
        first = max(info.first, since or info.first)
        last = min(info.last, until or info.last)
        # 250 sessions take a year of 365 days; the margin is for the holidays of Tet.
        days = limit * 3 // 2 + 15
        documents: list[Document] = []
        with translated():
            while first <= last:
                start = max(first, last - min(dt.timedelta(days=days), last - first))
                match = {"symbol": symbol, "interval": str(Interval.DAY)}
                span = {"$gte": midnight(start), "$lte": midnight(last)}
                documents = list(self._prices.find(match | {"time": span}).sort("time", ASCENDING))
                if len(documents) >= limit or start == first:
                    break
                days *= 2
        return documents[-limit:]

    @functools.cached_property
    def _indexed_prices(self) -> Collection[Document]:
        """The collection of bars, its index made sure of once per process, before the first write."""
        self._prices.create_index([("symbol", ASCENDING), ("interval", ASCENDING), ("time", ASCENDING)], unique=True)
        return self._prices

    @functools.cached_property
    def _spans(self) -> dict[str, tuple[dt.datetime, dt.datetime]]:
        """The spans known to be stored. Spans only grow, so one that another writer has grown is no fault here."""
        return {document["_id"]: (document["first"], document["last"]) for document in self._symbols.find()}

    def _widen_spans(self, documents: Iterable[Document]) -> None:
        """Widen the spans before the bars are stored: after a crash in between, storing again sets all right."""
        wider: dict[str, tuple[dt.datetime, dt.datetime]] = {}
        for document in documents:
            if document["interval"] == Interval.DAY:
                symbol, time = document["symbol"], document["time"]
                known = wider.get(symbol) or self._spans.get(symbol)
                first, last = known or (time, time)
                if known is None or not first <= time <= last:
                    wider[symbol] = min(first, time), max(last, time)
        if wider:
            updates = [
                UpdateOne({"_id": symbol}, {"$min": {"first": first}, "$max": {"last": last}}, upsert=True)
                for symbol, (first, last) in wider.items()
            ]
            if self._spans:
                update_together(self._symbols, updates)
            else:
                self._symbols.bulk_write(updates, ordered=False)
            self._spans.update(wider)

    def _replace_older(self, documents: Sequence[Document], touched: list[Document]) -> int:
        """Replace what is stored under the identities of `documents` where it is older; how many changed content.

        Each document that may have changed content is added to `touched`, before it is written.

        Each update is by `_id` and expects the version that was read. A filter that says "older" in one `$or` takes the
        embedded server 100 times as long, and one on (symbol, interval, time, ingested_at) leaves its index.
        """
        stored = 0
        for _ in range(_ATTEMPTS):
            changed: list[UpdateOne] = []
            confirmed: list[UpdateOne] = []
            for current, document in self._stored_versions(documents):
                joined = combined(current, document)
                if versions(current) == versions(joined):
                    continue
                if content(current) == content(joined):
                    confirmed.append(replacement(current, joined))
                else:
                    changed.append(replacement(current, joined))
                    touched.append(joined)
            written = self._write(changed)
            stored += written
            if written == len(changed) and self._write(confirmed) == len(confirmed):
                return stored
        raise RetryableError(f"MongoDB: bars of {documents[0]['symbol']} changed at every attempt")

    def _stored_versions(self, documents: Iterable[Document]) -> Iterator[tuple[Document, Document]]:
        """What is stored under the identity of each document, with the document.

        A long series is one range read; of short ones, such as a price board's, many are read at once by `_id`.
        """
        short: list[Document] = []
        for (symbol, interval), group in _by_series(documents).items():
            if len(group) < _LONG_SERIES:
                short += group
                continue
            times = [document["time"] for document in group]
            match = {"symbol": symbol, "interval": interval, "time": {"$gte": min(times), "$lte": max(times)}}
            stored = {document["_id"]: document for document in self._prices.find(match)}
            yield from ((stored[document["_id"]], document) for document in group)
        for start in range(0, len(short), _READ_AT_ONCE):
            group = short[start : start + _READ_AT_ONCE]
            found = self._prices.find({"_id": {"$in": [document["_id"] for document in group]}})
            stored = {document["_id"]: document for document in found}
            yield from ((stored[document["_id"]], document) for document in group)

    def _write(self, updates: Sequence[UpdateOne]) -> int:
        return update_together(self._prices, updates).matched_count if updates else 0


def _by_series(documents: Iterable[Document]) -> dict[tuple[str, str], list[Document]]:
    series: defaultdict[tuple[str, str], list[Document]] = defaultdict(list)
    for document in documents:
        series[document["symbol"], document["interval"]].append(document)
    return series


def _info(document: Document) -> SymbolInfo:
    return SymbolInfo(document["_id"], document["first"].date(), document["last"].date())
