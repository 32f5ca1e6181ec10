"""The newest outcomes of one symbol, in MongoDB, without those of the years before."""

from __future__ import annotations

import datetime as dt

from pymongo.database import Database

from stock_ai.storage.mongo import Document, translated
from stock_ai.track_record.records import Outcome


class MongoRecentOutcomes:
    """Reads what `MongoTrackRecord` writes into collection `outcomes`, by its index on symbol and date."""

    def __init__(self, database: Database[Document]) -> None:
        self._outcomes = database["outcomes"]

    def recent(self, symbol: str, since: dt.date) -> list[Outcome]:
        """The outcome rows of the signals of `since` and later, every horizon and revision, in any order.

        Raises:
            RetryableError: MongoDB is away.
        """
        chosen = {
            "symbol": symbol,
            "as_of": {"$gte": dt.datetime.combine(since, dt.time.min, dt.UTC)},
        }
        with translated():
            found = self._outcomes.find(chosen, {"payload": 1})
            return [Outcome.model_validate_json(document["payload"]) for document in found]
