"""`MongoListings` over a real server."""

import datetime as dt

import pymongo
import pytest

from stock_ai.errors import RetryableError
from stock_ai.market.sessions import Exchange
from stock_ai.models.listing import Listing, Sector
from stock_ai.ports.prices import Move
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


def fpt(**said):
    return Listing(**{"symbol": "FPT", "as_of": TUESDAY, "source": "vnstock", **said})


def test_a_description_is_kept_and_what_it_does_not_say_stays(mongo_database):
    listings = MongoListings(mongo_database)
    listings.record(Exchange.HOSE, ["FPT"], MONDAY)
    assert listings.get("FPT") == Listing(symbol="FPT", exchange="HOSE", as_of=MONDAY)
    said = fpt(name="CTCP FPT", name_en="FPT Corporation", sector=Sector.TECHNOLOGY)
    vnm = Listing(symbol="VNM", exchange="HOSE", name="CTCP Sữa Việt Nam", as_of=TUESDAY, source="vnstock")
    assert listings.describe([said, vnm]) == 2
    assert listings.describe([said, vnm, fpt()]) == 0
    whole = fpt(name="CTCP FPT", name_en="FPT Corporation", sector=Sector.TECHNOLOGY, exchange="HOSE")
    assert listings.get("FPT") == whole
    assert listings.all() == {"FPT": whole, "VNM": vnm}
    assert listings.get("ZZZ") is None
    assert listings.exchanges() == {"FPT": Exchange.HOSE, "VNM": Exchange.HOSE}


def test_an_older_description_changes_nothing_and_an_exchange_is_not_overruled(mongo_database):
    listings = MongoListings(mongo_database)
    listings.record(Exchange.HOSE, ["FPT"], MONDAY)
    assert listings.describe([fpt(name="new", exchange="HNX")]) == 1
    assert listings.describe([fpt(name="old", as_of=MONDAY)]) == 0
    found = listings.get("FPT")
    assert (found.name, found.exchange, found.as_of) == ("new", "HOSE", TUESDAY)
    assert listings.record(Exchange.HNX, ["FPT"], TUESDAY) == [Move("FPT", Exchange.HOSE, Exchange.HNX)]
    assert listings.get("FPT").exchange == "HNX"


def test_a_symbol_without_an_exchange_is_on_none(mongo_database):
    listings = MongoListings(mongo_database)
    listings.describe([fpt(symbol="VNINDEX", name="VN-Index")])
    assert listings.exchanges() == {}
    assert listings.get("VNINDEX").exchange is None
    assert listings.record(Exchange.HOSE, ["FPT"], TUESDAY) == []


def test_a_sector_of_another_version_is_not_known(mongo_database):
    listings = MongoListings(mongo_database)
    listings.describe([fpt(sector=Sector.BANKS)])
    mongo_database["listings"].update_one({"_id": "FPT"}, {"$set": {"sector": "space"}})
    assert listings.get("FPT").sector is None


def test_an_absent_server_is_retryable():
    with pymongo.MongoClient("mongodb://127.0.0.1:1", serverSelectionTimeoutMS=50) as client:
        listings = MongoListings(client["away"])
        asks = (
            listings.exchanges,
            listings.all,
            lambda: listings.get("FPT"),
            lambda: listings.describe([fpt()]),
            lambda: listings.record(Exchange.HNX, ["ACB"], MONDAY),
        )
        for ask in asks:
            with pytest.raises(RetryableError):
                ask()
