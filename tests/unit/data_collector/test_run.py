"""Which way of collecting an event asks for, and what the calendar has to do with it."""

from __future__ import annotations

import datetime as dt

import pytest

from functions.data_collector.live import CROSSCHECKED
from functions.data_collector.plans import INTRADAY, OVERLAP_SESSIONS
from functions.data_collector.ports import Ports
from functions.data_collector.request import Do, Wanted
from functions.data_collector.run import run
from functions.data_collector.service import RESERVE_MS
from stock_ai.errors import InvalidInputError
from stock_ai.market.trading_calendar import Exchange, TradingCalendar
from stock_ai.models.base import Interval, PriceBasis
from stock_ai.models.price import StockPrice
from stock_ai.settings import SourceSettings
from tests.fakes.clock import FixedClock
from tests.fakes.collection import (
    FakeMarket,
    MemoryCollectionLog,
    MemoryCollectionPlans,
    MemoryListings,
    MemoryQualityLog,
)
from tests.fakes.messages import bar
from tests.fakes.publisher import RecordingPublisher
from tests.fakes.stores import MemoryPriceStore

TODAY = dt.date(2026, 11, 25)
IN_SESSION = dt.datetime(2026, 11, 25, 3, 0, tzinfo=dt.UTC)
LUNCH = dt.datetime(2026, 11, 25, 5, 0, tzinfo=dt.UTC)
AFTER_CLOSE = dt.datetime(2026, 11, 25, 8, 10, tzinfo=dt.UTC)
CLOSED = "closures:\n  2026-11-25: a holiday\n"
FIRST = dict.fromkeys(("FPT", "VCB", "VNINDEX"), dt.date(2026, 1, 1))


class Collector:
    """The function with its fakes; calling it runs once."""

    def __init__(self, now=AFTER_CLOSE, closures="", first=FIRST, trades_today=True):
        self.market = FakeMarket(first, TODAY, trades_today)
        self.publisher = RecordingPublisher()
        self.store, self.plans = MemoryPriceStore(), MemoryCollectionPlans()
        self.quality, self.listings = MemoryQualityLog(), MemoryListings()
        self.ports = Ports(
            self.publisher,
            MemoryCollectionLog(),
            self.plans,
            self.store,
            self.quality,
            self.listings,
            TradingCalendar.from_yaml(closures, "test.yaml"),
            FixedClock(now),
        )

    def __call__(self, do, interval=Interval.DAY, source=None, **settings):
        wanted = Wanted(do, interval, SourceSettings.model_validate({"PRICE_SOURCE": "vnstock", **settings}))
        return run(wanted, lambda: source or self.market, self.ports, lambda: 10 * RESERVE_MS, "one")

    def published(self):
        return [StockPrice.model_validate_json(sent.value) for sent in self.publisher.sent]


def test_after_the_close_todays_bars_come_as_traded_and_the_history_by_a_plan():
    collector = Collector()
    report = collector(Do.CLOSE)
    assert (report.symbols, report.skipped, report.unfinished_plans) == (3, "", 0)
    assert report.read == report.published == len(collector.published())
    today = [each for each in collector.published() if each.time == TODAY and each.symbol == "FPT"]
    assert {each.basis for each in today} == {PriceBasis.RAW, PriceBasis.ADJUSTED}
    # Until the next corporate action the adjusted close of the newest session is its close.
    assert all(each.adjusted_close == each.close for each in today)
    assert collector.market.boards == [("FPT", "VCB")]


def test_only_what_is_missing_or_may_have_changed_is_asked_for():
    collector = Collector()
    collector.store.upsert([bar("FPT", dt.date(2026, 11, 20))])
    collector(Do.CLOSE)
    fpt, *_ = [since for symbol, since, _ in collector.market.asked if symbol == "FPT"]
    assert (dt.date(2026, 11, 20) - fpt).days == OVERLAP_SESSIONS * 7 / 5
    vcb, *_ = [since for symbol, since, _ in collector.market.asked if symbol == "VCB"]
    assert vcb < dt.date(2024, 1, 1)


def test_a_tick_publishes_the_board_and_goes_on_with_what_is_unfinished():
    collector = Collector(IN_SESSION)
    report = collector(Do.TICK)
    assert report.published == 3
    assert {each.time for each in collector.published()} == {TODAY}
    assert collector.market.asked == [("VNINDEX", TODAY, TODAY)]


def test_at_lunch_no_board_is_asked_for():
    collector = Collector(LUNCH)
    assert collector(Do.TICK).published == 0
    assert collector.market.boards == []


def test_on_a_closed_day_a_tick_asks_for_nothing():
    collector = Collector(IN_SESSION, CLOSED)
    assert collector(Do.TICK).skipped == "a holiday"
    assert (collector.market.boards, collector.market.asked) == ([], [])


def test_on_a_closed_day_the_close_finds_nothing_and_says_so():
    collector = Collector(closures=CLOSED, trades_today=False)
    report = collector(Do.CLOSE)
    assert (report.skipped, report.published) == ("a holiday", 0)
    assert collector.plans.unfinished("vnstock") == []


def test_a_surprise_session_is_collected_with_a_warning(caplog):
    collector = Collector(closures=CLOSED)
    assert collector(Do.CLOSE).published > 0
    assert "unexpected session" in caplog.text


def test_a_file_is_not_read_on_a_closed_day_unless_somebody_asks():
    class Files:
        name = "csv"
        read = 0

        def symbols(self):
            return ["FPT"]

        def check(self, symbols):
            self.read += 1

        def bars(self, symbol, since, until):
            return []

        def descriptions(self):
            return []

    files = Files()
    collector = Collector(closures=CLOSED)
    assert collector(Do.CLOSE, source=files).skipped == "a holiday"
    assert files.read == 0
    assert collector(Do.COLLECT, source=files).skipped == ""
    assert files.read == 1


def test_a_backfill_is_one_plan_that_the_same_request_goes_on_with():
    collector = Collector()
    report = collector(Do.BACKFILL, PRICE_SYMBOLS="FPT,VN30", PRICE_SINCE="2026-06-01", PRICE_UNTIL="2026-06-30")
    assert (report.symbols, report.unfinished_plans) == (3, 0)
    assert {each.time.month for each in collector.published()} == {6}
    asked = len(collector.market.asked)
    collector(Do.BACKFILL, PRICE_SYMBOLS="VN30,FPT", PRICE_SINCE="2026-06-01", PRICE_UNTIL="2026-06-30")
    assert len(collector.market.asked) == 2 * asked


def test_minutes_need_a_live_source():
    collector = Collector()
    report = collector(Do.BACKFILL, Interval.MINUTES_15, PRICE_SYMBOLS="FPT", PRICE_SINCE="2026-11-01")
    assert report.unfinished_plans == 0
    assert collector.market.asked == [("FPT", dt.date(2026, 11, 1), TODAY)]


def test_a_wrong_symbol_is_refused_before_anything_is_asked():
    collector = Collector()
    with pytest.raises(InvalidInputError, match="A-B"):
        collector(Do.COLLECT, PRICE_SYMBOLS="FPT,A-B")
    assert collector.market.boards == []


def stored_as_given(collector):
    """What has been published is stored, and no bar is on its way."""
    collector.store.upsert(collector.published())
    collector.publisher.sent.clear()


@pytest.mark.parametrize("do", [Do.CLOSE, Do.COLLECT])
def test_a_history_adjusted_again_is_collected_whole_as_one_event(do):
    collector = Collector()
    collector(do)
    stored_as_given(collector)
    before = {each.time: each.adjusted_close for each in collector.store.bars("FPT", Interval.DAY, None, None, 999)}
    collector.ports.clock.now += dt.timedelta(days=1)
    collector.market.today, collector.market.factors = TODAY + dt.timedelta(days=1), {"FPT": 0.5}
    collector(do)
    (event,) = collector.quality.events
    assert (event.symbol, event.consistent, round(event.factor, 3)) == ("FPT", True, 0.5)
    history = {each.time: each.adjusted_close for each in collector.published() if each.symbol == "FPT"}
    # From the first stored session on, none of it in the old terms.
    assert min(history) == min(before)
    assert {date: history[date] for date in before} == {date: round(price * 0.5) for date, price in before.items()}
    # Nothing was asked for the others but the days that always are.
    assert len({each.time for each in collector.published() if each.symbol == "VCB"}) < OVERLAP_SESSIONS
    stored_as_given(collector)
    collector(do)
    assert len(collector.quality.events) == 1


def test_a_backfill_of_a_part_takes_the_newer_bars_with_it_when_history_was_adjusted_again():
    collector = Collector()
    collector(Do.CLOSE)
    stored_as_given(collector)
    collector.market.factors = {"FPT": 0.8}
    collector(Do.BACKFILL, PRICE_SYMBOLS="FPT", PRICE_SINCE="2026-03-01", PRICE_UNTIL="2026-06-30")
    stored = collector.store.bars("FPT", Interval.DAY, None, None, 999)
    assert {each.time for each in collector.published()} == {each.time for each in stored}
    assert len(collector.quality.events) == 1


def test_single_corrected_bars_are_a_conflict_that_is_logged_and_published():
    collector = Collector()
    collector(Do.CLOSE)
    collector.store.upsert(collector.published())
    wednesday = TODAY - dt.timedelta(days=7)
    (wrong,) = [each for each in collector.published() if (each.symbol, each.time) == ("FPT", wednesday)]
    later = wrong.ingested_at + dt.timedelta(seconds=1)
    corrected = wrong.model_copy(update={"adjusted_close": wrong.close + 900, "event_id": "x", "ingested_at": later})
    collector.store.upsert([corrected])
    collector.publisher.sent.clear()
    asked = len(collector.market.asked)
    collector(Do.CLOSE)
    (event,) = collector.quality.events
    assert (event.consistent, event.last) == (False, wednesday)
    assert wrong.close in {each.close for each in collector.published() if each.time == wednesday}
    assert len([each for each in collector.market.asked[asked:] if each[0] == "FPT"]) == 2


def test_after_the_close_exchanges_are_recorded_and_a_move_is_told(caplog):
    collector = Collector()
    collector.listings.known = {"FPT": Exchange.HNX}
    collector.market.exchanges = {"FPT": Exchange.HOSE, "VCB": Exchange.HOSE}
    collector(Do.CLOSE)
    assert collector.listings.known == collector.market.exchanges
    assert "moved to another exchange" in caplog.text


def test_every_evening_some_symbols_are_crosschecked_and_after_some_evenings_all(caplog):
    symbols = [f"A{number:02d}" for number in range(25)]
    collector = Collector(first=dict.fromkeys(symbols, dt.date(2026, 11, 1)))
    collector.market.disputed = {"A07"}
    checked = set()
    for _ in range(3):
        collector.quality.checks.clear()
        collector(Do.CLOSE, PRICE_SYMBOLS=",".join(symbols))
        assert len(collector.quality.checks) == CROSSCHECKED
        checked |= set(collector.quality.checks)
        collector.ports.clock.now += dt.timedelta(days=1)
    assert checked == set(symbols)
    assert "providers differ" in caplog.text


def test_bars_within_the_day_are_collected_in_the_evening_from_a_live_source_only():
    collector = Collector()
    collector(Do.INTRADAY, PRICE_SYMBOLS="FPT,VCB")
    assert collector.market.boards == []
    assert collector.market.asked == [
        (symbol, dt.date(2026, 11, 23), TODAY) for _ in INTRADAY for symbol in ("FPT", "VCB")
    ]
    assert Collector(closures=CLOSED)(Do.INTRADAY).skipped == "a holiday"
