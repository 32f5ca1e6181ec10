"""Names and sectors are kept beside the prices, once a day, and never in their way."""

from __future__ import annotations

import datetime as dt

import pytest

from functions.data_collector.describing import describe, keep
from functions.data_collector.ports import Ports
from functions.data_collector.request import Do, Wanted
from functions.data_collector.run import run
from functions.data_collector.service import RESERVE_MS
from stock_ai.errors import InvalidInputError, RateLimitedError, RetryableError
from stock_ai.market.sessions import Exchange
from stock_ai.market.trading_calendar import TradingCalendar
from stock_ai.models.base import Interval
from stock_ai.models.listing import Listing, Sector
from stock_ai.ports.prices import Move
from stock_ai.settings import SourceSettings
from stock_ai.sources.simulated import SimulatedSource
from tests.fakes.clock import FixedClock
from tests.fakes.collection import (
    FakeMarket,
    MemoryCollectionLog,
    MemoryCollectionPlans,
    MemoryListings,
    MemoryQualityLog,
)
from tests.fakes.publisher import RecordingPublisher
from tests.fakes.stores import MemoryPriceStore

TODAY = dt.date(2026, 11, 25)
AFTER_CLOSE = dt.datetime(2026, 11, 25, 8, 10, tzinfo=dt.UTC)
PLENTY = 10 * RESERVE_MS


class AwayListings(MemoryListings):
    """Its store is away for names."""

    def describe(self, listings):
        raise RetryableError("MongoDB: away")


def make_ports(listings=None, now=AFTER_CLOSE):
    return Ports(
        RecordingPublisher(),
        MemoryCollectionLog(),
        MemoryCollectionPlans(),
        MemoryPriceStore(),
        MemoryQualityLog(),
        MemoryListings() if listings is None else listings,
        TradingCalendar.from_yaml("", "test.yaml"),
        FixedClock(now),
    )


@pytest.fixture
def market():
    market = FakeMarket(dict.fromkeys(("FPT", "VCB", "VNINDEX"), dt.date(2026, 11, 1)), TODAY)
    market.names = {"FPT": "CTCP FPT"}
    return market


def collect(do, source, ports):
    wanted = Wanted(do, Interval.DAY, SourceSettings.model_validate({"PRICE_SOURCE": source.name}))
    return run(wanted, lambda: source, ports, lambda: PLENTY, "one")


@pytest.mark.parametrize("do", [Do.CLOSE, Do.COLLECT])
def test_a_live_market_is_asked_once_a_day(market, do):
    ports = make_ports()
    for _ in range(3):
        collect(do, market, ports)
    assert market.descriptions_asked == 1
    assert ports.listings.get("FPT").name == "CTCP FPT"
    ports.clock.now += dt.timedelta(days=1)
    market.today += dt.timedelta(days=1)
    collect(do, market, ports)
    assert market.descriptions_asked == 2


def test_what_a_person_imported_today_does_not_stand_for_the_market(market):
    ports = make_ports()
    keep([Listing(symbol="VCB", name="mine", as_of=TODAY, source="file")], ports.listings)
    describe(market, ports, lambda: PLENTY)
    assert market.descriptions_asked == 1


def test_ticks_ask_for_no_names(market):
    collect(Do.TICK, market, make_ports(now=dt.datetime(2026, 11, 25, 3, tzinfo=dt.UTC)))
    assert market.descriptions_asked == 0


def test_no_names_are_asked_for_when_the_time_is_nearly_over(market):
    describe(market, make_ports(), lambda: RESERVE_MS - 1)
    assert market.descriptions_asked == 0


@pytest.mark.parametrize("error", [RetryableError("down"), RateLimitedError("slow"), InvalidInputError("odd")])
def test_a_failure_leaves_the_collection_as_it_is(market, error, caplog):
    market.faults["descriptions"] = [error]
    published = collect(Do.CLOSE, market, make_ports()).published
    assert published > 0
    assert "names and sectors not renewed" in caplog.text
    market.faults.clear()
    assert collect(Do.CLOSE, market, make_ports(AwayListings())).published == published


def test_a_live_market_tells_moves_by_what_an_exchange_lists(market, caplog):
    ports = make_ports()
    ports.listings.known = {"FPT": Exchange.HNX}
    describe(market, ports, lambda: PLENTY)
    assert ports.listings.get("FPT").exchange == "HNX"
    assert "moved" not in caplog.text


@pytest.mark.slow
def test_the_simulated_market_is_described_as_often_as_it_is_collected():
    ports = make_ports()
    source = SimulatedSource(ports.clock)
    assert collect(Do.COLLECT, source, ports).published > 0
    assert ports.listings.get("FPT").sector is Sector.TECHNOLOGY
    assert ports.listings.get("FPT").simulated
    assert set(ports.listings.all()) == set(source.symbols())


def test_a_file_moves_a_symbol_to_another_exchange():
    store = MemoryListings()
    acb = Listing(symbol="ACB", exchange=Exchange.HNX, as_of=TODAY, source="file")
    assert keep([acb], store) == (1, [])
    assert keep([acb], store) == (0, [])
    moved = Listing(symbol="ACB", exchange=Exchange.HOSE, as_of=TODAY, source="file")
    assert keep([moved], store)[1] == [Move("ACB", Exchange.HNX, Exchange.HOSE)]
    assert store.get("ACB").exchange == "HOSE"
    assert keep([], store) == (0, [])


@pytest.mark.slow
def test_moves_that_a_file_tells_are_logged(caplog):
    ports = make_ports()
    ports.listings.known = {"FPT": Exchange.HNX}
    collect(Do.COLLECT, SimulatedSource(ports.clock), ports)
    assert ports.listings.get("FPT").exchange == "HOSE"
    assert "moved to another exchange" in caplog.text
