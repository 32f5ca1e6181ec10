"""Where each symbol trades, in MongoDB."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from pymongo import UpdateOne
from pymongo.database import Database

from stock_ai.market.sessions import Exchange
from stock_ai.ports import Move
from stock_ai.storage.mongo import Document, translated


class MongoListings:
    """Implements `stock_ai.ports.Listings`.

    Collection `listings` has one document per symbol: its exchange, since when it has been seen there, when it was last
    seen on any, and the exchanges it was on before. A symbol that is listed no more stays.
    """

    def __init__(self, database: Database[Document]) -> None:
        self._listings = database["listings"]

    def record(self, exchange: Exchange, symbols: Sequence[str], on: dt.date) -> Sequence[Move]:
        """See `Listings.record`. Recording the same again changes nothing."""
        known = self.exchanges()
        day = on.isoformat()
        moves: list[Move] = []
        writes: list[UpdateOne] = []
        for symbol in sorted(set(symbols)):
            before = known.get(symbol)
            change: Document = {"$set": {"seen_on": day}}
            if before is not exchange:
                change["$set"] |= {"exchange": str(exchange), "since": day}
            if before not in (None, exchange):
                moves.append(Move(symbol, before, exchange))
                change["$push"] = {"before": {"exchange": str(before), "until": day}}
            writes.append(UpdateOne({"_id": symbol}, change, upsert=True))
        if writes:
            with translated():
                self._listings.bulk_write(writes, ordered=False)
        return moves

    def exchanges(self) -> dict[str, Exchange]:
        """See `Listings.exchanges`."""
        with translated():
            return {found["_id"]: Exchange(found["exchange"]) for found in self._listings.find({}, {"exchange": 1})}
