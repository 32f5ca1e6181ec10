"""Which dead letters need nobody's attention any more, in MongoDB."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from pymongo.database import Database

from stock_ai.clock import to_millisecond
from stock_ai.storage.mongo import Document, insert_new, translated
from stock_ai.storage.quarantine import MongoQuarantine


class MongoRedriveLog:
    """Implements `stock_ai.streaming.dead_letters.RedriveLog` on collection `redrives` and on the quarantine."""

    def __init__(self, database: Database[Document]) -> None:
        self._redrives = database["redrives"]
        self._quarantine = MongoQuarantine(database)

    def known(self) -> set[str]:
        """The ids of every dead letter that was sent again."""
        with translated():
            return {document["_id"] for document in self._redrives.find({}, {"_id": 1})}

    def record(self, letter_ids: Sequence[str], redriven_at: dt.datetime) -> None:
        """Remember that these were sent again; one that is already remembered keeps its first instant."""
        if letter_ids:
            with translated():
                insert_new(
                    self._redrives,
                    [{"_id": letter_id, "redriven_at": to_millisecond(redriven_at)} for letter_id in letter_ids],
                )

    def settled(self) -> set[tuple[str, bytes]]:
        """See `RedriveLog.settled`."""
        return self._quarantine.released()
