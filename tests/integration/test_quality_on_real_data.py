"""The quality of the real market as it was published: what is missing, odd and adjusted in it."""

import datetime as dt
import time

import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest

from local.cli.quality import renew
from stock_ai.indicators import Bars, Panel
from stock_ai.market.trading_calendar import default_calendar
from stock_ai.models.price import StockPrice, price_event_id
from stock_ai.quality.assessment import assess
from stock_ai.quality.crosscheck import crosscheck
from stock_ai.quality.readjusting import readjustment
from stock_ai.quality.report import ActionKind, SetAside, WarningKind
from stock_ai.quality.soft import flags
from stock_ai.sources.csv_files import CsvSource
from stock_ai.storage.prices import MongoPriceStore
from stock_ai.storage.quality import MongoQualityStore
from tests.fakes.clock import FixedClock
from tests.fakes.panels import read_panel

COLUMNS = ("open", "high", "low", "close", "adjusted_close", "volume")
CLOCK = FixedClock(dt.datetime(2025, 8, 26, 10, 0, tzinfo=dt.UTC))


def split(table):
    """The sound bars as a panel, and the others as set aside, by the hard rules stated over columns."""
    symbols = table["symbol"].to_numpy(zero_copy_only=False)
    dates = table["date"].to_numpy(zero_copy_only=False).astype("datetime64[D]")
    columns = {name: table[name].to_numpy().astype(float) for name in COLUMNS}
    prices = np.stack([columns[name] for name in ("open", "high", "low", "close")])
    body = np.stack([columns["open"], columns["close"]])
    sound = (prices > 0).all(axis=0) & (columns["low"] <= body.min(axis=0)) & (columns["high"] >= body.max(axis=0))
    aside = [SetAside(symbols[at], dates[at].item(), "unsound") for at in np.flatnonzero(~sound)]
    order = np.lexsort((dates, symbols))
    order = order[sound[order]]
    edges = np.flatnonzero(np.concatenate(([True], symbols[order][1:] != symbols[order][:-1], [True])))
    panel = Panel.of(
        Bars(symbols[rows[0]], dates[rows], **{name: column[rows] for name, column in columns.items()}, source="csv")
        for rows in np.split(order, edges[1:-1])
    )
    return panel, aside


@pytest.fixture(scope="module")
def daily(shared_data):
    files = sorted((shared_data / "vn_daily").glob("*.csv"))
    tables = [pyarrow.csv.read_csv(file) for file in files]
    return split(pyarrow.concat_tables(tables, promote_options="permissive"))


@pytest.fixture(scope="module")
def market(shared_data):
    return split(pyarrow.parquet.read_table(shared_data / "vn_market_500.parquet"))


@pytest.fixture(scope="module")
def daily_report(daily):
    return assess(*daily, default_calendar(), CLOCK)


def test_known_gaps_are_named_for_whom_they_are(daily_report):
    assert [(gap.first, gap.sessions) for gap in daily_report.market.gaps] == [(dt.date(2025, 2, 3), 1)]
    index = daily_report.symbol("VNINDEX")
    # Three more of its days were set aside, and are no gaps.
    assert [(gap.first, gap.sessions) for gap in index.gaps] == [(dt.date(2024, 5, 17), 1)]
    assert index.quarantined["unsound"] >= 3


def test_a_symbol_that_moved_exchange_is_missing_for_five_sessions(daily_report):
    gaps = {gap.first: gap for gap in daily_report.symbol("ACB").gaps}
    moved = gaps[dt.date(2020, 12, 2)]
    assert (moved.last, moved.sessions, moved.halt) == (dt.date(2020, 12, 8), 5, False)


def test_a_closed_exchange_is_nobodys_gap(daily_report):
    # HOSE stood still for two days.
    thin = [session.date for session in daily_report.market.thin_sessions]
    assert thin == [dt.date(2018, 1, 23), dt.date(2018, 1, 24)]
    assert not any(gap.first in thin for gap in daily_report.symbol("VNM").gaps)


def test_the_calendar_expects_every_real_session(daily_report):
    assert daily_report.market.unexpected_sessions == ()
    assert daily_report.market.completeness == pytest.approx(0.9949, abs=1e-4)


def test_known_corporate_actions_are_found(daily_report):
    actions = {action.date: action for action in daily_report.symbol("FPT").corporate_actions}
    # Fifteen new shares for a hundred, and 1,000 VND of cash on about 120,000.
    assert actions[dt.date(2024, 6, 12)].kind is ActionKind.STOCK
    assert actions[dt.date(2024, 6, 12)].factor == pytest.approx(0.8636, abs=1e-4)
    assert actions[dt.date(2025, 6, 12)].kind is ActionKind.CASH_DIVIDEND
    # A few a year for each stock, and hardly one that raises the old prices: rounding makes none up.
    found = [action for one in daily_report.symbols for action in one.corporate_actions]
    assert 1_000 < len(found) < 1_250
    assert sum(action.factor > 1 for action in found) < 5


def test_liquid_stocks_break_the_soft_rules_rarely(daily_report):
    warnings, bars = daily_report.market.warnings, daily_report.market.bars
    for kind in (WarningKind.PRICE_LIMIT, WarningKind.TICK, WarningKind.JUMP, WarningKind.STALE_REPEAT):
        assert 0 < warnings[kind] < 0.002 * bars


def test_the_whole_market_is_assessed_within_ten_seconds(market):
    panel, aside = market
    started = time.perf_counter()
    report = assess(panel, aside, default_calendar(), CLOCK)
    seconds = time.perf_counter() - started
    assert (report.market.symbols, report.market.bars) == (1_577, 766_324 - 402 - 2_696)
    assert report.market.quarantined == {"unsound": len(aside)}
    assert [gap.first for gap in report.market.gaps] == [dt.date(2025, 2, 3)]
    # Half of the market is missing for a week, and two symbols have a bar on a Sunday.
    assert [session.date for session in report.market.thin_sessions][:5] == [
        dt.date(2024, 12, day) for day in range(2, 7)
    ]
    assert [session.date for session in report.market.unexpected_sessions] == [
        dt.date(2025, 5, 4),
        dt.date(2025, 5, 11),
    ]
    assert seconds < 10


def test_no_warning_on_real_bars_needs_a_later_bar(daily):
    panel, _ = daily
    sessions = np.array(default_calendar().sessions(dt.date(2015, 1, 1), dt.date(2025, 8, 26)), dtype="datetime64[D]")
    for bars in list(panel)[::6]:
        cut = len(bars) * 2 // 3
        whole = {
            one.kind: [(at, value) for at, value in zip(one.at, one.value, strict=True) if at < cut]
            for one in flags(bars, sessions)
        }
        before = {one.kind: list(zip(one.at, one.value, strict=True)) for one in flags(bars.head(cut), sessions)}
        assert before == {kind: found for kind, found in whole.items() if found}


def test_a_readjusted_real_history_is_one_consistent_event(shared_data):
    bars = CsvSource(shared_data / "vn_daily", CLOCK).bars("FPT", None, None)
    fetched = {bar.time: bar.adjusted_close for bar in bars}
    # As it was known before the action of 2025-07-21: in tens of VND, and each older price higher by the factor.
    ex_date, factor = dt.date(2025, 7, 21), 1 / 1.15
    stored = {date: round(price / factor / 10) * 10 if date < ex_date else price for date, price in fetched.items()}
    event = readjustment("FPT", stored, fetched, "csv", CLOCK(), unit=10)
    assert event.consistent
    assert event.factor == pytest.approx(factor, abs=1e-4)
    assert (event.first, event.last) == (bars[0].time, dt.date(2025, 7, 18))
    stored[dt.date(2020, 5, 4)] += 100
    assert not readjustment("FPT", stored, fetched, "csv", CLOCK(), unit=10).consistent


def test_two_real_layouts_of_one_source_agree(shared_data):
    opinions = {name: CsvSource(shared_data / name, CLOCK).bars("FPT", None, None) for name in ("vn_daily", "vn_raw")}
    check = crosscheck("FPT", opinions, CLOCK())
    assert check.agreeing > 2_500
    assert check.differences == check.only_one == ()


def test_the_command_assesses_what_is_stored(shared_data, mongo_database):
    source = CsvSource(shared_data / "vn_daily", CLOCK)
    store = MongoPriceStore(mongo_database)
    since = dt.date(2024, 1, 1)
    for symbol in ("FPT", "ACB", "VNM", "VNINDEX"):
        content = [bar._asdict() | {"interval": "1D", "source": "csv"} for bar in source.bars(symbol, since, None)]
        store.upsert([StockPrice(**one, event_id=price_event_id(**one), ingested_at=CLOCK()) for one in content])
    report = renew(mongo_database, read_panel(mongo_database), CLOCK)
    assert [gap.first for gap in report.symbol("VNINDEX").gaps] == [dt.date(2024, 5, 17)]
    assert [gap.first for gap in report.market.gaps] == [dt.date(2025, 2, 3)]
    kept = MongoQualityStore(mongo_database)
    assert (kept.market(), kept.symbol("FPT")) == (report.market, report.symbol("FPT"))
