"""A missing session is the market's, a symbol's or, where few symbols have it, neither's."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stock_ai.quality.gaps import LONGEST_GAP, attendance
from tests.fakes.daily_bars import EVERY_WEEKDAY, weekdays

DAYS = weekdays(60)


def but(*positions):
    return np.delete(DAYS, positions)


def ranges(gaps):
    return [(gap.first, gap.last, gap.sessions, gap.halt) for gap in gaps]


def day(position):
    return DAYS[position].item()


def test_a_session_without_any_bar_is_the_markets_and_nobodys_own():
    symbols = {"AAA": but(10), "BBB": but(10, 30), "CCC": but(10)}
    seen = attendance(symbols, EVERY_WEEKDAY)
    assert ranges(seen.market_gaps()) == [(day(10), day(10), 1, False)]
    assert seen.gaps(symbols["AAA"]) == ()
    assert ranges(seen.gaps(symbols["BBB"])) == [(day(30), day(30), 1, False)]
    assert seen.expected(symbols["BBB"]) == (60, 58)


def test_neighbouring_sessions_are_one_gap_across_weekends_and_market_gaps():
    symbols = {"AAA": but(10), "BBB": but(8, 9, 10, 11), "CCC": but(10)}
    seen = attendance(symbols, EVERY_WEEKDAY)
    assert ranges(seen.gaps(symbols["BBB"])) == [(day(8), day(11), 3, False)]


@pytest.mark.parametrize(("missing", "halt"), [(LONGEST_GAP, False), (LONGEST_GAP + 1, True)])
def test_a_gap_of_more_than_twenty_sessions_is_a_halt(missing, halt):
    symbols = {"AAA": DAYS, "BBB": DAYS, "CCC": but(*range(5, 5 + missing))}
    gaps = attendance(symbols, EVERY_WEEKDAY).gaps(symbols["CCC"])
    assert ranges(gaps) == [(day(5), day(4 + missing), missing, halt)]


def test_what_lies_outside_the_first_and_last_bar_is_no_gap():
    symbols = {"AAA": DAYS, "BBB": DAYS, "NEW": DAYS[40:], "OLD": DAYS[:20]}
    seen = attendance(symbols, EVERY_WEEKDAY)
    assert seen.gaps(symbols["NEW"]) == seen.gaps(symbols["OLD"]) == ()
    assert seen.expected(symbols["NEW"]) == (20, 20)
    assert seen.listed.tolist() == [3] * 20 + [2] * 20 + [3] * 20


def test_a_session_that_few_have_is_thin_and_no_gap_of_the_others():
    symbols = {"AAA": DAYS, "BBB": but(10), "CCC": but(10)}
    seen = attendance(symbols, EVERY_WEEKDAY)
    assert [(one.date, one.symbols, one.listed) for one in seen.thin_sessions()] == [(day(10), 1, 3)]
    assert seen.gaps(symbols["BBB"]) == seen.market_gaps() == ()


def test_a_bar_on_a_closed_day_is_unexpected_and_counts_for_nothing():
    saturday = np.datetime64("2024-01-06")
    symbols = {"AAA": np.sort(np.append(DAYS, saturday)), "BBB": DAYS}
    seen = attendance(symbols, EVERY_WEEKDAY)
    assert [(one.date, one.symbols, one.listed) for one in seen.unexpected] == [(dt.date(2024, 1, 6), 1, 2)]
    assert seen.expected(symbols["AAA"]) == (60, 60)
    assert seen.gaps(symbols["BBB"]) == ()


def test_a_few_old_symbols_are_no_market():
    early = weekdays(400)
    symbols = {f"N{number:02}": early[300:] for number in range(39)} | {"OLD": np.delete(early, range(50, 100))}
    seen = attendance(symbols, EVERY_WEEKDAY)
    assert seen.market_gaps() == ()
    assert ranges(seen.gaps(symbols["OLD"])) == [(early[50].item(), early[99].item(), 50, True)]


def test_before_the_known_closures_the_dates_with_bars_are_the_sessions():
    early = weekdays(10, "2023-12-18")  # Two weeks before the calendar begins.
    symbols = {"AAA": np.delete(early, (2, 4)), "BBB": np.delete(early, 2)}
    seen = attendance(symbols, EVERY_WEEKDAY)
    assert seen.market_gaps() == ()
    assert ranges(seen.gaps(symbols["AAA"])) == [(early[4].item(), early[4].item(), 1, False)]


@pytest.mark.slow
@given(st.lists(st.sets(st.integers(0, 59), max_size=59), min_size=1, max_size=6))
def test_every_missing_session_is_told_exactly_once(missing):
    symbols = {f"S{number}": but(*gone) for number, gone in enumerate(missing)}
    seen = attendance(symbols, EVERY_WEEKDAY)
    assert sum(gap.sessions for gap in seen.market_gaps()) == seen.empty.sum()
    for dates in symbols.values():
        within = (seen.sessions >= dates[0]) & (seen.sessions <= dates[-1])
        own = within & ~np.isin(seen.sessions, dates) & ~seen.empty & ~seen.thin
        assert sum(gap.sessions for gap in seen.gaps(dates)) == own.sum()
        assert seen.expected(dates) == (within.sum(), len(dates))
