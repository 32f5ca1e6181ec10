"""The hard rules, each alone and all together."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stock_ai.models.base import Interval
from stock_ai.quality.rules import Reason, hard_faults
from tests.fakes.messages import NOW, bar

# 18:00 UTC is already the next day at the exchange.
LATE = dt.datetime(2025, 8, 25, 18, 0, tzinfo=dt.UTC)


def test_a_good_bar_has_no_faults():
    assert hard_faults(bar(), NOW) == ()
    assert hard_faults(bar("VNINDEX", open=Decimal("1640.1"), high=Decimal("1650.5"), low=1630, close=1645), NOW) == ()


@pytest.mark.parametrize("name", ["open", "high", "low", "close"])
@pytest.mark.parametrize("price", [None, 0, -1])
def test_a_missing_or_non_positive_price_hides_the_rules_that_need_all_four(name, price):
    assert hard_faults(bar(**{name: price}), NOW) == (Reason.NON_POSITIVE_PRICE,)


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"low": 100_500}, (Reason.LOW_ABOVE_BODY,)),
        ({"low": 101_500}, (Reason.LOW_ABOVE_BODY,)),
        ({"high": 100_500}, (Reason.HIGH_BELOW_BODY,)),
        ({"low": 103_000, "high": 90_000}, (Reason.LOW_ABOVE_BODY, Reason.HIGH_BELOW_BODY)),
        ({"volume": -1}, (Reason.NEGATIVE_VOLUME,)),
        ({"time": dt.date(2025, 8, 26)}, (Reason.FUTURE_TIME,)),
        ({"symbol": "fpt"}, (Reason.BAD_SYMBOL,)),
        ({"symbol": "FPTX"}, (Reason.BAD_SYMBOL,)),
        (
            {"symbol": "", "close": 0, "volume": -1, "time": dt.date(2026, 1, 1)},
            (Reason.NON_POSITIVE_PRICE, Reason.NEGATIVE_VOLUME, Reason.FUTURE_TIME, Reason.BAD_SYMBOL),
        ),
    ],
)
def test_each_broken_rule_is_named_in_the_order_of_the_rules(changes, reasons):
    assert hard_faults(bar(**changes), NOW) == reasons


@pytest.mark.parametrize(
    "changes",
    [
        {"volume": None},
        {"volume": 0},
        {"adjusted_close": 0},
        {"adjusted_close": -5},
        {"low": 100_000, "high": 101_000},
        {"open": 7, "high": 7, "low": 7, "close": 7},
    ],
)
def test_what_is_odd_but_allowed_is_no_fault(changes):
    assert hard_faults(bar(**changes), NOW) == ()


def test_today_is_judged_by_the_exchange_and_not_by_utc():
    tomorrow_in_utc = dt.date(2025, 8, 26)
    assert hard_faults(bar(time=tomorrow_in_utc), NOW) == (Reason.FUTURE_TIME,)
    assert hard_faults(bar(time=tomorrow_in_utc), LATE) == ()
    assert hard_faults(bar(time=dt.date(2025, 8, 27)), LATE) == (Reason.FUTURE_TIME,)


def test_an_intraday_bar_is_judged_by_its_instant():
    assert hard_faults(bar(interval=Interval.MINUTE, time=NOW), NOW) == ()
    later = NOW + dt.timedelta(seconds=1)
    assert hard_faults(bar(interval=Interval.MINUTE, time=later), NOW) == (Reason.FUTURE_TIME,)


prices = st.none() | st.integers(-10, 10) | st.decimals(-10, 10, places=2)


@given(prices, prices, prices, prices, st.none() | st.integers(-2, 2))
def test_a_bar_is_faultless_exactly_when_it_keeps_every_rule(open_, high, low, close, volume):
    faults = hard_faults(bar(open=open_, high=high, low=low, close=close, volume=volume), NOW)
    four = (open_, high, low, close)
    positive = all(price is not None and price > 0 for price in four)
    assert (Reason.NON_POSITIVE_PRICE in faults) is not positive
    if positive:
        assert (Reason.LOW_ABOVE_BODY in faults) is (low > min(open_, close))
        assert (Reason.HIGH_BELOW_BODY in faults) is (high < max(open_, close))
    assert (Reason.NEGATIVE_VOLUME in faults) is (volume is not None and volume < 0)
    assert list(faults) == sorted(faults, key=list(Reason).index)
