"""Every accepted analysis, in MongoDB."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
from collections.abc import Iterator, Sequence

from pymongo import ASCENDING, UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database

from stock_ai.merging import to_millisecond
from stock_ai.models.analysis import AiAnalysis
from stock_ai.models.base import digest
from stock_ai.models.insight import HistoryKind
from stock_ai.models.llm import LlmAnalysis
from stock_ai.storage.mongo import Document, insert_new, translated


class MongoAnalysisStore:
    """Implements `stock_ai.ports.AnalysisStore` on collection `analyses`, one document per analysis.

    An analysis that is made again unchanged keeps its id. The document holds the first and the last time it was made:
    the history is told by the first, and what is current by the last, as when A came, then B, then A again. The id of a
    text names what it was asked from, and a language model words it differently each time: each wording is kept.
    """

    def __init__(self, database: Database[Document]) -> None:
        self._analyses = database["analyses"]

    def add(self, analyses: Sequence[AiAnalysis | LlmAnalysis]) -> None:
        """See `AnalysisStore.add`."""
        documents: dict[str, Document] = {}
        for analysis in analyses:
            document = _to_document(analysis)
            known = documents.setdefault(document["_id"], document)
            known["event_time"] = min(known["event_time"], document["event_time"])
            known["last_event_time"] = max(known["last_event_time"], document["last_event_time"])
        if not documents:
            return
        batch = list(documents.values())
        with translated():
            repeated = [batch[position] for position in insert_new(self._indexed_analyses, batch)]
            if repeated:
                self._analyses.bulk_write([_widening(document) for document in repeated], ordered=False)

    def all(self) -> Iterator[AiAnalysis | LlmAnalysis]:
        """See `AnalysisStore.all`. One that was made several times comes as first made and as last made."""
        with translated():
            found = self._analyses.find().sort([("symbol", ASCENDING), ("event_time", ASCENDING)])
            for _, documents in itertools.groupby(found, key=lambda document: document["symbol"]):
                made = [
                    from_document(document, instant)
                    for document in documents
                    for instant in sorted({document["event_time"], document["last_event_time"]})
                ]
                yield from sorted(made, key=lambda analysis: (analysis.event_time, analysis.analysis_id))

    def count(self) -> int:
        """See `AnalysisStore.count`."""
        with translated():
            return self._analyses.estimated_document_count()

    @functools.cached_property
    def _indexed_analyses(self) -> Collection[Document]:
        """The collection, its index made sure of once per process, before the first write."""
        self._analyses.create_index([("symbol", ASCENDING), ("event_time", ASCENDING)])
        # For the newest of each kind, see `MongoInsightReader`.
        self._analyses.create_index([("kind", ASCENDING), ("symbol", ASCENDING), ("last_event_time", ASCENDING)])
        return self._analyses


def _to_document(analysis: AiAnalysis | LlmAnalysis) -> Document:
    event_time = to_millisecond(analysis).event_time
    # As text, since names of indicators are not ours to restrict to what a document may call its fields.
    payload = analysis.model_dump_json(exclude={"event_time"})
    return {
        "_id": analysis.analysis_id if isinstance(analysis, AiAnalysis) else digest(analysis.analysis_id, payload),
        "kind": str(HistoryKind.AI if isinstance(analysis, AiAnalysis) else HistoryKind.LLM),
        "symbol": analysis.symbol,
        "event_time": event_time,
        "last_event_time": event_time,
        "payload": payload,
    }


def from_document(document: Document, event_time: dt.datetime) -> AiAnalysis | LlmAnalysis:
    """The analysis of a document of `analyses`, as made at `event_time`."""
    model: type[AiAnalysis] | type[LlmAnalysis] = AiAnalysis if document["kind"] == HistoryKind.AI else LlmAnalysis
    instant = event_time.isoformat().encode()
    # The payload is our own JSON object without the event time, which goes in front.
    return model.model_validate_json(b'{"event_time":"' + instant + b'",' + document["payload"][1:].encode())


def _widening(document: Document) -> UpdateOne:
    return UpdateOne(
        {"_id": document["_id"]},
        {"$min": {"event_time": document["event_time"]}, "$max": {"last_event_time": document["last_event_time"]}},
    )
