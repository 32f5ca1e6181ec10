"""Insights made from the analyses in MongoDB, for as long as Redis is away: the same answers, slower."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from pymongo import DESCENDING
from pymongo.database import Database

from stock_ai.clock import Clock
from stock_ai.market_view import row
from stock_ai.merging import history_members, history_page, merge, newest
from stock_ai.models.insight import HistoryKind, HistoryPage, HistoryPosition, Insight
from stock_ai.models.market_view import MarketRows
from stock_ai.storage.analyses import from_document
from stock_ai.storage.mongo import Document, translated

_LAST = "last_event_time"
_WINDOWS = (dt.timedelta(days=1), dt.timedelta(days=4))
"""Since the last pass over the market; and a weekend more."""


class MongoInsightReader:
    """Implements `stock_ai.ports.InsightReader` and `stock_ai.ports.MarketReader`.

    What it reads is what `MongoAnalysisStore` keeps, so an insight is here as soon as aggregation has begun with it.
    Every call may raise `RetryableError`.
    """

    def __init__(self, database: Database[Document], symbols: Callable[[], Sequence[str]], clock: Clock) -> None:
        """`symbols` tells those that may have an analysis: all with bars. `clock` tells where to look first."""
        self._analyses = database["analyses"]
        self._symbols = symbols
        self._clock = clock

    def get(self, symbol: str) -> Insight | None:
        """See `InsightReader.get`."""
        return self._insight(symbol, tuple(HistoryKind))

    def get_many(self, symbols: Sequence[str]) -> dict[str, Insight]:
        """See `InsightReader.get_many`. Some reads of an index for each symbol."""
        return {symbol: insight for symbol in symbols if (insight := self.get(symbol)) is not None}

    def history(self, symbol: str, limit: int, before: HistoryPosition | None = None) -> HistoryPage:
        """See `InsightReader.history`. Reads every analysis of the symbol."""
        with translated():
            made = [from_document(found, found["event_time"]) for found in self._analyses.find({"symbol": symbol})]
        return history_page(newest(history_members(made)), limit, before)

    def rows(self) -> MarketRows:
        """See `MarketReader.rows`. Of no version, since only all of these reads tell whether anything has changed."""
        with translated():
            # Most symbols have no text, and to find none takes a read for each window.
            told = {found["symbol"] for found in self._analyses.find({"kind": str(HistoryKind.LLM)}, {"symbol": 1})}
        insights = [
            self._insight(symbol, tuple(HistoryKind) if symbol in told else (HistoryKind.AI,))
            for symbol in sorted(self._symbols())
        ]
        return MarketRows(None, tuple(row(insight) for insight in insights if insight is not None))

    def _insight(self, symbol: str, kinds: Sequence[HistoryKind]) -> Insight | None:
        with translated():
            documents = [
                found for kind in kinds for found in self._newest_documents({"kind": str(kind), "symbol": symbol})
            ]
        insight: Insight | None = None
        for document in documents:
            insight = merge(insight, from_document(document, document[_LAST]))
        return insight

    def _newest_documents(self, wanted: Document) -> list[Document]:
        """Those of the last event time, of which there can be several."""
        now = self._clock()
        # The embedded server sorts all that a query matches, so it is asked for the last days first.
        for since in (*(now - window for window in _WINDOWS), None):
            within = wanted | ({} if since is None else {_LAST: {"$gte": since}})
            found = list(self._analyses.find(within).sort(_LAST, DESCENDING).limit(2))
            if len(found) == 2 and found[0][_LAST] == found[1][_LAST]:
                return list(self._analyses.find(wanted | {_LAST: found[0][_LAST]}))
            if found:
                return found[:1]
        return []
