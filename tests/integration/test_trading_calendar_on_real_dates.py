"""The packaged calendar against the dates on which the market really traded."""

import csv
import datetime as dt

import pyarrow.compute
import pyarrow.parquet
import pytest

from stock_ai.market.trading_calendar import Exchange, default_calendar

# A session that no symbol has a bar of: the data lack it, other sources have it.
MISSING_SESSION = dt.date(2025, 2, 3)
# Days that traded, though the index has no bar of them.
MISSING_OF_THE_INDEX = {MISSING_SESSION, dt.date(2024, 5, 17)}
# Sundays on which one illiquid UPCOM name, BDT, has a bar.
STRAY_BARS = {dt.date(2025, 5, 4), dt.date(2025, 5, 11)}
# On HOSE over the whole span, and with no gaps of their own.
HOSE_NAMES = ("BID", "CTG", "GAS", "MBB", "MSN", "REE")


def _dates(path) -> list[dt.date]:
    with path.open(encoding="utf-8", newline="") as file:
        return [dt.date.fromisoformat(row["date"]) for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def daily(shared_data) -> dict[str, list[dt.date]]:
    """Trading dates by symbol in vn_daily."""
    return {path.stem: _dates(path) for path in sorted((shared_data / "vn_daily").glob("*.csv"))}


def test_every_date_of_ten_years_is_a_session_and_every_session_has_bars(daily):
    real = {day for dates in daily.values() for day in dates}
    sessions = default_calendar().sessions(dt.date(2015, 1, 1), max(real))
    assert real - set(sessions) == set()
    assert set(sessions) - real == {MISSING_SESSION}
    assert len(sessions) == 2659


def test_the_index_and_the_names_of_hose_trade_in_the_sessions_of_hose(daily):
    for symbol in ("VNINDEX", *HOSE_NAMES):
        dates = daily[symbol]
        sessions = default_calendar().sessions(dates[0], dates[-1], Exchange.HOSE)
        missing = MISSING_OF_THE_INDEX if symbol == "VNINDEX" else {MISSING_SESSION}
        assert set(sessions) ^ set(dates) == missing, symbol


def test_the_other_exchanges_traded_while_hose_was_down(daily):
    halted = {dt.date(2018, 1, 23), dt.date(2018, 1, 24)}
    traded = {symbol for symbol, dates in daily.items() if halted <= set(dates)}
    assert len(traded) == 38
    assert traded.isdisjoint(HOSE_NAMES)
    assert all(default_calendar().is_session(day, Exchange.HNX) for day in halted)


def test_the_whole_market_has_bars_on_every_session_and_on_two_sundays(shared_data):
    table = pyarrow.parquet.read_table(shared_data / "vn_market_500.parquet", columns=["date"])
    real = {dt.date.fromisoformat(text) for text in pyarrow.compute.unique(table["date"]).to_pylist()}
    calendar = default_calendar()
    assert {day for day in real if day >= calendar.certain_from and not calendar.is_session(day)} == STRAY_BARS
    # The last 500 bars of a symbol that trades daily begin here; before, only illiquid names have bars.
    covered = set(calendar.sessions(dt.date(2023, 8, 21), max(real)))
    assert covered - real == {MISSING_SESSION}
