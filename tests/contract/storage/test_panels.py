"""A panel from a real server without a snapshot, against the bars that were stored."""

import datetime as dt
import random
from decimal import Decimal

import numpy as np
import pymongo
import pytest

from stock_ai.clock import utc_now
from stock_ai.errors import RetryableError
from stock_ai.models.base import Interval, PriceBasis
from stock_ai.storage.panels import PanelStore
from stock_ai.storage.prices import MongoPriceStore
from tests.fakes.messages import NOW, bar
from tests.fakes.objects import MemoryObject
from tests.fakes.panels import assert_same_panel, panel_of

FIRST = dt.date(2024, 1, 1)


def fresh_panel(database):
    return PanelStore(database, MemoryObject(), utc_now).refresh()


def stored_bars():
    stocks = [
        bar(symbol, FIRST + dt.timedelta(days=day), close=99_000 + day, adjusted_close=49_500 + day)
        for symbol in ("FPT", "ACB")
        for day in range(40)
    ]
    index = bar("VNINDEX", open=Decimal("1640.15"), high=Decimal("1650"), low=Decimal("1630.1"), close=Decimal("1645"))
    gap = bar("VNM", adjusted_close=None, volume=None, provisional=True, source="vnstock")
    return [*stocks, index, gap, bar("FPT", time=NOW, interval=Interval.MINUTES_15)]


def test_a_panel_from_the_store_is_one_from_the_bars(mongo_database):
    bars = stored_bars()
    random.Random(1).shuffle(bars)
    MongoPriceStore(mongo_database).upsert(bars)
    panel = fresh_panel(mongo_database)
    assert panel.symbols == ("ACB", "FPT", "VNINDEX", "VNM")
    assert_same_panel(panel, panel_of(bars))


def test_values_units_and_gaps(mongo_database):
    MongoPriceStore(mongo_database).upsert(stored_bars())
    acb, fpt, index, vnm = fresh_panel(mongo_database)
    assert len(fpt) == len(acb) == 40
    assert (fpt.close[-1], fpt.adjusted_close[-1], fpt.adjusted) == (99_039, 49_539, True)
    assert fpt.dates[0] == np.datetime64("2024-01-01")
    assert fpt.last_date == FIRST + dt.timedelta(days=39)
    assert (index.open[0], index.close[0]) == (1640.15, 1645.0)
    assert np.isnan(vnm.adjusted_close[0])
    assert np.isnan(vnm.volume[0])
    assert (vnm.adjusted, vnm.traded, vnm.provisional, vnm.source) == (False, False, True, "vnstock")
    assert (fpt.provisional, fpt.simulated) == (False, False)


def test_one_bar_of_adjusted_prices_gives_the_symbol_that_basis(mongo_database):
    adjusted = bar("VCB", FIRST, basis=PriceBasis.ADJUSTED, adjusted_close=101_000)
    MongoPriceStore(mongo_database).upsert([adjusted, bar("VCB"), bar("FPT")])
    mongo_database["prices"].update_one({"symbol": "FPT"}, {"$unset": {"basis": 1}})
    assert [one.basis for one in fresh_panel(mongo_database)] == [PriceBasis.RAW, PriceBasis.ADJUSTED]


def test_an_empty_store_is_an_empty_panel(mongo_database):
    assert len(fresh_panel(mongo_database)) == 0


def test_an_absent_server_is_told_and_its_address_is_not():
    client = pymongo.MongoClient("mongodb://user:secret@127.0.0.1:9", serverSelectionTimeoutMS=50)
    with pytest.raises(RetryableError) as caught:
        fresh_panel(client["stock_ai"])
    assert "secret" not in str(caught.value)
