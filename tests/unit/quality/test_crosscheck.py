"""Two sources' bars, compared within the rounding of VCI."""

import datetime as dt
from decimal import Decimal

import pytest

from stock_ai.models.base import PriceBasis
from stock_ai.ports.sources import SourceBar
from stock_ai.quality.crosscheck import crosscheck
from stock_ai.quality.report import Difference
from tests.fakes.messages import bar

MONDAY, TUESDAY, WEDNESDAY = (dt.date(2025, 8, day) for day in (18, 19, 20))
NOW = dt.datetime(2025, 8, 21, 9, 0, tzinfo=dt.UTC)


def compared(symbol, one, other):
    return crosscheck(symbol, {"KBS": one, "VCI": other}, NOW)


def test_dates_agree_differ_or_are_only_in_one():
    one = [bar(time=MONDAY), bar(time=TUESDAY, close=101_000, volume=500)]
    other = [bar(time=TUESDAY, close=101_011, volume=600), bar(time=WEDNESDAY)]
    check = compared("FPT", one, other)
    assert (check.symbol, check.one, check.other, check.agreeing) == ("FPT", "KBS", "VCI", 0)
    assert check.differences == (
        Difference(date=TUESDAY, field="close", one=101_000, other=101_011),
        Difference(date=TUESDAY, field="volume", one=500, other=600),
    )
    assert (check.only_one, check.only_other) == ((MONDAY,), (WEDNESDAY,))


def test_ten_vnd_agree_and_so_does_what_one_does_not_say():
    check = compared("FPT", [bar(low=99_000, adjusted_close=50_000)], [bar(low=99_010, volume=None)])
    assert (check.agreeing, check.differences) == (1, ())


@pytest.mark.parametrize(("close", "agrees"), [("1600.11", True), ("1600.12", False)])
def test_points_agree_to_the_hundredth(close, agrees):
    one = bar("VNINDEX", close=Decimal("1600.10"))
    check = compared("VNINDEX", [one], [bar("VNINDEX", close=Decimal(close))])
    assert check.agreeing == agrees


def test_traded_prices_are_never_held_against_adjusted_ones():
    traded = bar(close=101_000, adjusted_close=50_500)
    adjusted = SourceBar("FPT", traded.time, 50_000, 51_000, 49_500, 50_500, 50_500, 1_000, basis=PriceBasis.ADJUSTED)
    assert compared("FPT", [traded], [adjusted]).agreeing == 1
    (difference,) = compared("FPT", [traded], [adjusted._replace(adjusted_close=40_000)]).differences
    assert (difference.field, difference.one, difference.other) == ("adjusted_close", 50_500, 40_000)


def test_a_running_session_is_not_compared():
    check = compared("FPT", [bar(time=MONDAY), bar(time=TUESDAY, provisional=True)], [bar(time=MONDAY)])
    assert (check.agreeing, check.only_one) == (1, ())
