"""Which analysis of each symbol was published last, in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping

from pymongo import ReplaceOne
from pymongo.database import Database

from stock_ai.storage.mongo import Document, translated

COLLECTION = "published_analyses"
_STOPPED = "stopped at"
"""No symbol has a blank in its name."""


class MongoPublishedAnalyses:
    """One document per symbol with the id of its last published analysis, and one of where the last short run stopped.

    Every method raises `RetryableError` while MongoDB is away; doing the same again is safe.
    """

    def __init__(self, database: Database[Document]) -> None:
        self._documents = database[COLLECTION]

    def last(self) -> dict[str, str]:
        """The id of the last published analysis of each symbol."""
        with translated():
            found = list(self._documents.find())
        return {document["_id"]: document["analysis_id"] for document in found if document["_id"] != _STOPPED}

    def record(self, published: Mapping[str, str]) -> None:
        """Note the ids of published analyses, by symbol, in place of those before."""
        writes = [
            ReplaceOne({"_id": symbol}, {"analysis_id": analysis_id}, upsert=True)
            for symbol, analysis_id in published.items()
        ]
        if writes:
            with translated():
                self._documents.bulk_write(writes, ordered=False)

    def stopped_at(self) -> str | None:
        """The symbol before which the last run that was cut short has stopped; None before the first such run."""
        with translated():
            document = self._documents.find_one({"_id": _STOPPED})
        return None if document is None else str(document["symbol"])

    def stop_at(self, symbol: str) -> None:
        """Note where a run stops."""
        with translated():
            self._documents.replace_one({"_id": _STOPPED}, {"symbol": symbol}, upsert=True)
