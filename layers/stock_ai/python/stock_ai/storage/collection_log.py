"""What was last collected, in MongoDB."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pymongo import ReplaceOne
from pymongo.database import Database

from stock_ai.storage.mongo import translated

COLLECTION = "collections"


class MongoCollectionLog:
    """Implements `stock_ai.ports.CollectionLog`: one document per source and symbol.

    Instants are kept to the millisecond, as MongoDB does, and returned in UTC.
    """

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        """Keep the log in `database`, which must give instants back aware (`stock_ai.storage.mongo.database`)."""
        self._documents = database[COLLECTION]

    def last(self, source: str) -> dict[str, tuple[str, dt.datetime]]:
        """See `stock_ai.ports.CollectionLog`.

        Raises:
            RetryableError: MongoDB is away.
        """
        with translated():
            return {
                document["symbol"]: (document["fingerprint"], document["ingested_at"].astimezone(dt.UTC))
                for document in self._documents.find({"source": source})
            }

    def record(self, source: str, seen: dict[str, tuple[str, dt.datetime]]) -> None:
        """See `stock_ai.ports.CollectionLog`.

        Raises:
            RetryableError: MongoDB is away; recording all again is safe.
        """
        writes = [
            ReplaceOne(
                {"_id": f"{source}:{symbol}"},
                {"source": source, "symbol": symbol, "fingerprint": fingerprint, "ingested_at": ingested_at},
                upsert=True,
            )
            for symbol, (fingerprint, ingested_at) in seen.items()
        ]
        if writes:
            with translated():
                self._documents.bulk_write(writes, ordered=False)
