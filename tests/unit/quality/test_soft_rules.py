"""The soft rules warn of what they should, by the bars up to that day only."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stock_ai.market.trading_calendar import Exchange
from stock_ai.models.base import PriceBasis
from stock_ai.quality.report import WarningKind
from stock_ai.quality.soft import IDLE, SPIKE_WINDOW, flags, warnings
from tests.fakes.daily_bars import daily_bars, weekdays, without

SESSIONS = weekdays(400)


def found(bars, exchange=None):
    return {
        one.kind: list(zip(one.at, one.value, one.expected, strict=True)) for one in flags(bars, SESSIONS, exchange)
    }


def kinds(bars, exchange=None):
    return set(found(bars, exchange))


def test_calm_bars_raise_no_warning():
    assert found(daily_bars([20_000.0] * 100)) == {}
    assert found(daily_bars([20_000.0])) == {}


@pytest.mark.parametrize(
    ("exchange", "inside", "outside", "ceiling"),
    [
        (Exchange.HOSE, 21_400, 21_450, 21_400),
        (Exchange.HNX, 22_000, 22_100, 22_000),
        (Exchange.UPCOM, 23_000, 23_100, 23_000),
        (None, 23_000, 23_050, 23_000),
    ],
)
def test_price_limit_is_that_of_the_exchange(exchange, inside, outside, ceiling):
    close = [20_000.0, 20_000.0]
    assert kinds(daily_bars(close, high=[20_000, inside]), exchange) == set()
    warned = found(daily_bars(close, high=[20_000, outside]), exchange)
    assert warned == {WarningKind.PRICE_LIMIT: [(1, outside, pytest.approx(ceiling))]}


def test_price_limit_holds_downwards_and_leaves_one_step_to_the_cheapest():
    assert found(daily_bars([20_000.0, 18_550.0]), Exchange.HOSE) == {
        WarningKind.PRICE_LIMIT: [(1, 18_550, pytest.approx(18_600))]
    }
    # 10 % of 700 is less than the step of 100.
    assert kinds(daily_bars([700.0, 800.0], adjusted_close=[math.nan] * 2), Exchange.HNX) == set()


def test_price_limit_is_about_the_close_that_an_ex_date_lowers():
    # One for one: half the price is no move at all, and 5 % above the half is within the limit of 7 %.
    close = [40_000.0, 21_000.0]
    assert kinds(daily_bars(close, adjusted_close=[20_000, 21_000]), Exchange.HOSE) == set()
    assert kinds(daily_bars(close, adjusted_close=[40_000, 21_000]), Exchange.HOSE) == {
        WarningKind.PRICE_LIMIT,
        WarningKind.JUMP,
    }


def test_price_limit_is_wide_after_idle_sessions_with_or_without_bars():
    close = np.full(40, 20_000.0)
    close[-1] = 23_900  # 19.5 %
    volume = np.full(40, 1_000.0)
    volume[-1 - IDLE : -1] = 0
    assert WarningKind.PRICE_LIMIT not in kinds(daily_bars(close, volume=volume), Exchange.HOSE)
    volume[-2] = 100
    assert WarningKind.PRICE_LIMIT in kinds(daily_bars(close, volume=volume), Exchange.HOSE)
    volume[-2] = math.nan  # Unknown is not idle.
    assert WarningKind.PRICE_LIMIT in kinds(daily_bars(close, volume=volume), Exchange.HOSE)

    idle = range(39 - IDLE, 39)
    assert WarningKind.PRICE_LIMIT not in kinds(without(daily_bars(close), *idle), Exchange.HOSE)
    close[-1] = 24_100
    assert WarningKind.PRICE_LIMIT in kinds(without(daily_bars(close), *idle), Exchange.HOSE)


def test_price_limit_is_not_judged_after_a_gap_nor_for_what_has_another_limit():
    close = [20_000.0, 20_000.0, 22_500.0]
    assert WarningKind.PRICE_LIMIT in kinds(daily_bars(close), Exchange.HOSE)
    assert kinds(without(daily_bars(close), 1), Exchange.HOSE) == set()
    assert kinds(daily_bars(close, symbol="CFPT2401"), Exchange.HOSE) == set()
    assert kinds(daily_bars(close, symbol="VNINDEX")) == set()
    assert kinds(daily_bars(close, basis=PriceBasis.ADJUSTED), Exchange.HOSE) == set()


@pytest.mark.parametrize(
    ("price", "exchange", "nearest"),
    [
        (9_990, Exchange.HOSE, None),
        (9_995, Exchange.HOSE, 10_000),
        (10_050, Exchange.HOSE, None),
        (10_060, Exchange.HOSE, 10_050),
        (50_050, Exchange.HOSE, 50_000),
        (9_990, Exchange.HNX, 10_000),
        (9_900, Exchange.UPCOM, None),
        (10_050, None, None),
        (10_051, None, 10_050),
    ],
)
def test_prices_lie_on_the_grid_of_the_exchange(price, exchange, nearest):
    expected = {} if nearest is None else {WarningKind.TICK: [(0, price, nearest)]}
    assert found(daily_bars([price]), exchange) == expected
    assert found(daily_bars([price], basis=PriceBasis.ADJUSTED), exchange) == {}


def test_etfs_have_one_step_and_indices_none():
    assert found(daily_bars([21_010.0], symbol="E1VFVN30"), Exchange.HOSE) == {}
    assert found(daily_bars([1_616.83], symbol="VNINDEX", volume=[77])) == {}


def test_lots_are_of_100_and_before_2021_of_10_on_hose():
    around_2021 = weekdays(3, "2020-12-31")
    bars = daily_bars([20_000.0] * 3, dates=around_2021, volume=[1_010, 1_015, 2_010])
    assert found(bars, Exchange.HOSE) == {WarningKind.LOT: [(1, 1_015, 1_010), (2, 2_010, 2_000)]}
    assert found(bars, Exchange.HNX)[WarningKind.LOT][0] == (0, 1_010, 1_000)
    new = daily_bars([20_000.0] * 3, volume=[1_000, 1_010, math.nan])
    assert found(new) == {WarningKind.LOT: [(1, 1_010, 1_000)]}
    assert found(dataclasses.replace(new, basis=PriceBasis.ADJUSTED)) == {}


def test_a_jump_is_a_move_that_no_corporate_action_explains():
    halved = [40_000.0, 20_000.0]
    assert kinds(daily_bars(halved, adjusted_close=[20_000, 20_000])) == set()
    assert found(daily_bars(halved, basis=PriceBasis.ADJUSTED)) == {WarningKind.JUMP: [(1, -0.5, -0.15)]}
    # Without adjusted prices nothing explains it.
    assert WarningKind.JUMP in kinds(daily_bars(halved, adjusted_close=[math.nan] * 2))
    assert WarningKind.JUMP in kinds(daily_bars([1_000.0, 1_200.0], symbol="VNINDEX"))


def test_the_rounding_of_small_adjusted_prices_is_no_jump():
    # 11 to 14 is 17 % at least, 11 to 13 may be 9 % before rounding.
    assert WarningKind.JUMP in kinds(daily_bars([50_000.0, 52_000.0], adjusted_close=[11, 14]))
    assert WarningKind.JUMP not in kinds(daily_bars([50_000.0, 52_000.0], adjusted_close=[11, 13]))
    # Multiples of 10 may be 5 off: 110 to 130 as well.
    assert WarningKind.JUMP in kinds(daily_bars([50_000.0, 52_000.0], adjusted_close=[111, 131]))
    assert WarningKind.JUMP not in kinds(daily_bars([50_000.0, 52_000.0], adjusted_close=[110, 130]))


def test_a_repeat_is_stale_from_the_third_equal_bar_with_volume():
    volume = [100, 500, 500, 500, 500, 700, 0, 0, 0]
    warned = found(daily_bars([20_000.0] * 9, volume=volume))
    assert warned[WarningKind.STALE_REPEAT] == [(3, 3, 2), (4, 4, 2)]
    assert [at for at, _, _ in warned[WarningKind.ZERO_VOLUME]] == [6, 7, 8]


def test_a_spike_is_above_ten_medians_of_the_sixty_bars_before():
    volume = 1_000 + 100.0 * (np.arange(SPIKE_WINDOW + 2) % 2)
    # The bar itself is not part of its median, the one before it is: 1,050 first, then 1,100.
    volume[-2:] = 10_500, 11_100
    warned = found(daily_bars([20_000.0] * len(volume), volume=volume))
    assert warned == {WarningKind.VOLUME_SPIKE: [(SPIKE_WINDOW + 1, 11_100, 11_000)]}
    assert found(daily_bars([20_000.0] * SPIKE_WINDOW, volume=volume[2:])) == {}


def test_a_provisional_bar_raises_no_warning():
    bars = daily_bars([20_000.0, 30_000.0], volume=[100, 0], provisional=True)
    assert found(bars) == {}


def test_warnings_are_told_newest_first_and_cut():
    bars = daily_bars([20_000.0] * 5, volume=[0, 150, 0, 0, 0])
    told = warnings(bars, flags(bars, SESSIONS))
    assert [(one.date.day, one.kind) for one in told] == [
        (5, WarningKind.ZERO_VOLUME),
        (4, WarningKind.ZERO_VOLUME),
        (3, WarningKind.ZERO_VOLUME),
        (2, WarningKind.LOT),
        (1, WarningKind.ZERO_VOLUME),
    ]
    assert (told[3].value, told[3].expected, told[0].expected, told[0].symbol) == (150, 100, None, "FPT")
    assert warnings(bars, flags(bars, SESSIONS), newest=4) == told[:4]


PRICE = st.sampled_from([math.nan, 300.0, 20_000.0, 20_005.0, 23_100.0, 41_000.0, 90_050.0])
ADJUSTED = st.sampled_from([math.nan, -70.0, 0.0, 3.0, 10_000.0, 20_000.0])
VOLUME = st.sampled_from([math.nan, 0.0, 100.0, 150.0, 9_000.0])
ROW = st.tuples(PRICE, PRICE, PRICE, PRICE, ADJUSTED, VOLUME)


@given(
    st.lists(ROW, min_size=2, max_size=75),
    st.integers(1, 74),
    st.sampled_from([*Exchange, None]),
    st.lists(st.integers(0, 3), min_size=75, max_size=75),
)
def test_a_later_bar_never_changes_a_warning(rows, cut, exchange, skipped):
    cut = min(cut, len(rows))
    columns = dict(zip(("open", "high", "low", "close", "adjusted_close", "volume"), np.array(rows).T, strict=True))
    dates = SESSIONS[np.cumsum(np.array(skipped[: len(rows)]) + 1)]
    bars = daily_bars(**columns, dates=dates)
    whole, before = found(bars, exchange), found(bars.head(cut), exchange)
    expected = {kind: [one for one in ones if one[0] < cut] for kind, ones in whole.items()}
    assert repr(before) == repr({kind: ones for kind, ones in expected.items() if ones})
