"""`MongoListings` over a real server."""

import datetime as dt

import pymongo
import pytest

from stock_ai.errors import RetryableError
from stock_ai.market.sessions import Exchange
from stock_ai.ports import Move
from stock_ai.storage.listings import MongoListings

MONDAY, TUESDAY = dt.date(2020, 12, 7), dt.date(2020, 12, 8)


def test_a_move_is_told_once_and_a_symbol_listed_no_more_stays(mongo_database):
    listings = MongoListings(mongo_database)
    assert listings.exchanges() == {}
    assert listings.record(Exchange.HNX, ["ACB", "SHB"], MONDAY) == []
    assert listings.record(Exchange.HOSE, ["FPT"], MONDAY) == []
    assert listings.record(Exchange.HOSE, ["FPT", "ACB"], TUESDAY) == [Move("ACB", Exchange.HNX, Exchange.HOSE)]
    assert listings.record(Exchange.HOSE, ["FPT", "ACB"], TUESDAY) == []
    assert listings.record(Exchange.HNX, [], TUESDAY) == []
    assert listings.exchanges() == {"ACB": Exchange.HOSE, "FPT": Exchange.HOSE, "SHB": Exchange.HNX}
    kept = mongo_database["listings"].find_one({"_id": "ACB"})
    assert (kept["since"], kept["before"]) == ("2020-12-08", [{"exchange": "HNX", "until": "2020-12-08"}])


def test_an_absent_server_is_retryable():
    with pymongo.MongoClient("mongodb://127.0.0.1:1", serverSelectionTimeoutMS=50) as client:
        listings = MongoListings(client["away"])
        for ask in (listings.exchanges, lambda: listings.record(Exchange.HNX, ["ACB"], MONDAY)):
            with pytest.raises(RetryableError):
                ask()
