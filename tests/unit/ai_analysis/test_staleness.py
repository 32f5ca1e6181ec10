"""Sessions that have closed without a bar, at chosen instants of one real week."""

import datetime as dt

import numpy as np
import pytest

from functions.ai_analysis.staleness import sessions_behind
from stock_ai.indicators import Bars, Panel
from stock_ai.market.calendar import EXCHANGE_ZONE


def bars(symbol, last):
    column = np.array([1000.0])
    return Bars(symbol, np.array([last], dtype="datetime64[D]"), *(column,) * 6, source="csv")


def at(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=EXCHANGE_ZONE)


@pytest.mark.parametrize(
    ("newest", "now", "behind"),
    [
        ("2025-08-26", "2025-08-26 15:20", 0),  # Tuesday after the close, its bar is there
        ("2025-08-25", "2025-08-26 14:59", 0),  # before the close nothing can be missed
        ("2025-08-25", "2025-08-26 15:00", 1),
        ("2025-08-26", "2025-08-26 10:00", 0),  # a provisional bar of today
        ("2025-08-22", "2025-08-25 09:00", 0),  # Friday's bar is the newest that Monday morning can have
        ("2025-08-22", "2025-08-24 12:00", 0),  # Sunday
        ("2025-08-21", "2025-08-24 12:00", 1),
        ("2025-08-22", "2025-08-25 15:10", 1),
        ("2025-08-18", "2025-08-26 15:10", 6),
        ("2025-08-30", "2025-08-26 15:10", 0),  # ahead of the clock is not behind
    ],
)
def test_closed_weekdays_without_a_bar(newest, now, behind):
    assert sessions_behind(Panel.of([bars("AAA", newest)]), at(now)) == behind


def test_the_newest_bar_of_any_symbol_counts():
    panel = Panel.of([bars("AAA", "2025-08-01"), bars("BBB", "2025-08-25"), bars("CCC", "2025-08-20")])
    assert sessions_behind(panel, at("2025-08-26 16:00")) == 1


def test_the_day_is_that_of_the_exchange():
    panel = Panel.of([bars("AAA", "2025-08-25")])
    # 18:00 UTC on Tuesday is Wednesday 01:00 at the exchange: Tuesday has closed, Wednesday has not.
    assert sessions_behind(panel, dt.datetime(2025, 8, 26, 18, tzinfo=dt.UTC)) == 1
    assert sessions_behind(panel, dt.datetime(2025, 8, 26, 7, 59, tzinfo=dt.UTC)) == 0


def test_nothing_stored_is_not_a_number():
    assert sessions_behind(Panel.of([]), at("2025-08-26 16:00")) is None
