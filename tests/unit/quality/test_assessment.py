"""The report adds up, and counts sessions by the calendar and the clock."""

import dataclasses
import datetime as dt
import subprocess
import sys

import numpy as np
import pytest

from stock_ai.errors import NotFoundError
from stock_ai.market.trading_calendar import Exchange
from stock_ai.models.base import PriceBasis
from stock_ai.quality.assessment import assess, sessions_behind
from stock_ai.quality.report import (
    Background,
    CrossCheck,
    Difference,
    QualityReport,
    Readjustment,
    SetAside,
    WarningKind,
)
from tests.fakes.clock import FixedClock
from tests.fakes.daily_bars import EVERY_WEEKDAY, daily_bars, weekdays, without

DAYS = weekdays(40)
LAST = DAYS[-1].item()  # Friday 2024-02-23
CLOCK = FixedClock(dt.datetime(2024, 2, 27, 7, 59, tzinfo=dt.UTC))  # Tuesday, one minute before the close


def flat(symbol, **changes):
    return daily_bars([20_000.0] * 40, symbol, **changes)


def assessed(*bars, quarantined=(), **options):
    return assess(bars, quarantined, EVERY_WEEKDAY, CLOCK, **options)


def test_the_report_of_sound_bars():
    report = assessed(flat("BBB"), flat("AAA"))
    assert [one.symbol for one in report.symbols] == ["AAA", "BBB"]
    assert (report.as_of, report.generated_at) == (LAST, CLOCK.now)
    market, one = report.market, report.symbol("AAA")
    assert (one.bars, one.first, one.last, one.sessions_expected) == (40, DAYS[0].item(), LAST, 40)
    assert (one.completeness, one.gaps, one.quarantined, one.warnings) == (1, (), {}, {})
    assert (market.symbols, market.bars, market.sessions_expected, market.completeness) == (2, 80, 80, 1)
    assert (market.source, market.simulated, market.provisional) == ("csv", False, False)
    # Monday has closed, Tuesday has not.
    assert (one.sessions_behind, market.sessions_behind) == (1, 1)
    assert report.symbol("CCC") is None
    assert QualityReport.model_validate_json(report.model_dump_json()) == report


def test_the_market_sums_up_its_symbols():
    jump = daily_bars(np.where(np.arange(40) < 20, 10_000.0, 20_000.0), "JMP")
    split = flat("SPL", adjusted_close=np.where(np.arange(40) < 20, 10_000.0, 20_000.0))
    late = without(flat("LAT", volume=[0.0] * 40), 38, 39)
    gappy = without(flat("GAP", source="simulated"), 10, 11, 12)
    report = assessed(jump, split, late, gappy, flat("AAA"), flat("BBB"))
    market = report.market
    # The close of SPL stays where it is while its history is halved, which is as odd as the doubling of JMP.
    assert report.symbol("JMP").warnings == {WarningKind.JUMP: 1, WarningKind.PRICE_LIMIT: 1}
    assert market.warnings == {WarningKind.PRICE_LIMIT: 2, WarningKind.JUMP: 2, WarningKind.ZERO_VOLUME: 38}
    assert (market.symbols_with_gaps, market.symbols_behind) == (1, 1)
    assert (market.source, market.simulated) == (None, True)
    assert market.completeness == pytest.approx((5 * 40 - 3 + 38) / 238, abs=1e-6)
    assert [one.symbol for one in market.least_complete] == ["GAP", "AAA", "BBB", "JMP", "LAT", "SPL"]
    assert (market.least_complete[4].sessions_behind, market.least_complete[4].warnings) == (3, 38)
    assert report.symbol("GAP").completeness == 0.925
    assert report.symbol("SPL").corporate_actions[0].factor == 0.5
    assert market.corporate_actions == sum(len(one.corporate_actions) for one in report.symbols)


def test_a_quarantined_bar_is_incomplete_and_no_gap():
    bars = without(flat("AAA"), 10, 20)
    ten = SetAside("AAA", DAYS[10].item(), "low_above_body")
    elsewhere = [SetAside("AAA", dt.date(2023, 1, 2), "future_time"), SetAside("", None, "undecodable")]
    report = assessed(bars, flat("BBB"), flat("CCC"), quarantined=[ten, *elsewhere])
    one = report.symbol("AAA")
    assert [gap.first for gap in one.gaps] == [DAYS[20].item()]
    assert (one.completeness, one.sessions_expected) == (0.95, 40)
    assert one.quarantined == {"future_time": 1, "low_above_body": 1}
    assert report.market.quarantined == {"future_time": 1, "low_above_body": 1, "undecodable": 1}


def test_a_day_of_which_every_bar_was_set_aside_is_no_market_gap():
    symbols = [without(flat(name), 10) for name in ("AAA", "BBB")]
    assert [gap.first for gap in assessed(*symbols).market.gaps] == [DAYS[10].item()]
    aside = [SetAside(name, DAYS[10].item(), "non_positive_price") for name in ("AAA", "BBB")]
    assert assessed(*symbols, quarantined=aside).market.gaps == ()


def test_exchange_and_basis_choose_the_rules():
    bars = flat("AAA", high=np.where(np.arange(40) == 9, 22_000.0, 20_000.0))
    assert assessed(bars).symbols[0].warnings == {}
    assert assessed(bars, background=Background({"AAA": Exchange.HOSE})).symbols[0].warnings == {
        WarningKind.PRICE_LIMIT: 1
    }
    told = assessed(dataclasses.replace(bars, basis=PriceBasis.ADJUSTED), background=Background({"AAA": Exchange.HOSE}))
    assert told.symbols[0].warnings == {}


def test_the_market_is_provisional_only_by_its_newest_bars():
    old = daily_bars([20_000.0] * 30, "OLD", provisional=True)
    assert not assessed(old, flat("AAA")).market.provisional
    assert assessed(flat("AAA", provisional=True), flat("BBB")).market.provisional


def test_a_single_bar_on_a_closed_day_is_complete():
    saturday = daily_bars([20_000.0], "AAA", dates=np.array(["2024-01-06"], dtype="datetime64[D]"))
    report = assessed(saturday)
    assert (report.market.completeness, report.symbols[0].sessions_expected) == (1, 0)
    assert report.market.unexpected_sessions[0].date == dt.date(2024, 1, 6)


def test_nothing_stored_is_nothing_to_assess():
    with pytest.raises(NotFoundError, match="no daily bars"):
        assessed()


@pytest.mark.parametrize(
    ("last", "at", "behind"),
    [
        ("2024-02-23", "2024-02-23T07:59", 0),
        ("2024-02-23", "2024-02-25T12:00", 0),
        ("2024-02-23", "2024-02-26T07:59", 0),
        ("2024-02-23", "2024-02-26T08:00", 1),
        ("2024-02-23", "2024-03-01T12:00", 5),
        ("2024-02-23", "2024-02-01T12:00", 0),
    ],
)
def test_a_session_counts_from_its_close(last, at, behind):
    now = dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC)
    assert sessions_behind(dt.date.fromisoformat(last), EVERY_WEEKDAY, now) == behind


@pytest.mark.parametrize("module", ["stock_ai.quality.report", "stock_ai.quality.rules", "stock_ai.storage.quality"])
def test_functions_without_numpy_can_read_a_report(module):
    code = f"import sys; sys.modules['numpy'] = None; import {module}"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_what_was_found_while_collecting_is_told():
    def event(symbol, day):
        return Readjustment(
            symbol=symbol, factor=0.5, first=DAYS[0].item(), last=LAST, bars=40, source="vnstock",
            detected_at=CLOCK.now + dt.timedelta(days=day), consistent=True,
        )  # fmt: skip

    differing = Difference(date=LAST, field="close", one=20_000, other=20_100)
    check = CrossCheck(
        symbol="AAA", one="KBS", other="VCI", checked_at=CLOCK.now, agreeing=19, differences=(differing,),
        only_one=(), only_other=(),
    )  # fmt: skip
    agreeing = check.model_copy(update={"symbol": "BBB", "differences": ()})
    background = Background(
        {"AAA": Exchange.HNX}, [event("AAA", 0), event("CCC", 0), event("AAA", 1)], {"AAA": check, "BBB": agreeing}
    )
    report = assessed(flat("AAA"), flat("BBB"), background=background)
    one = report.symbol("AAA")
    assert (one.exchange, one.crosscheck) == (Exchange.HNX, check)
    assert one.readjustments == (event("AAA", 1), event("AAA", 0))
    assert (report.symbol("BBB").exchange, report.symbol("BBB").readjustments) == (None, ())
    market = report.market
    assert (market.readjustments, market.crosschecked, market.disagreeing) == (2, 2, 1)
