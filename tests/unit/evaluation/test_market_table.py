"""The market as matrices: what stands where, limits of a day by hand, and nothing from later bars."""

import dataclasses

import numpy as np
import pytest

from stock_ai.evaluation.market_table import AVERAGED, MarketTable, carried, market_table
from stock_ai.indicators import Bars, Panel
from stock_ai.market.trading_calendar import Exchange
from tests.fakes.panels import cut, random_bars, random_panel, real_panel

MATRICES = [field.name for field in dataclasses.fields(MarketTable) if field.name not in ("sessions", "symbols")]


def with_index(panel):
    index = dataclasses.replace(random_bars("AAA", len(panel.bars[0])), symbol="VNINDEX")
    return Panel.of([*panel, index])


def one_stock(opens, closes, adjusted=None, symbol="S00"):
    """A market in which the first stock has these prices, and the table's column of it."""
    count = len(closes)
    others = [bars for bars in random_panel(12, count) if bars.symbol != symbol]
    open_, close = np.array(opens, dtype=float), np.array(closes, dtype=float)
    bars = Bars(
        symbol=symbol,
        dates=others[0].dates,
        open=open_,
        high=np.maximum(open_, close),
        low=np.minimum(open_, close),
        close=close,
        adjusted_close=close if adjusted is None else np.array(adjusted, dtype=float),
        volume=np.full(count, 1000.0),
        source="csv",
    )
    return Panel.of([*others, bars])


def at_limit(opens, closes, adjusted=None, exchange=Exchange.HOSE):
    panel = one_stock(opens, closes, adjusted)
    found = market_table(panel, {"S00": exchange})
    return found.limit_up[:, 0].tolist(), found.limit_down[:, 0].tolist()


@pytest.mark.parametrize("real", [False, True])
def test_no_value_knows_later_bars(real, request):
    panel = real_panel(request.getfixturevalue("shared_data"), 15) if real else with_index(random_panel(12, 120))
    whole = market_table(panel)
    for at in (AVERAGED, 70, 100):
        part = market_table(cut(panel, whole.sessions[at]))
        np.testing.assert_array_equal(part.sessions, whole.sessions[: at + 1])
        # A stock that is listed later has no column yet.
        there = [whole.symbols.index(symbol) for symbol in part.symbols]
        for name in MATRICES:
            before = getattr(whole, name)[: at + 1]
            np.testing.assert_array_equal(
                getattr(part, name), before if before.ndim == 1 else before[:, there], err_msg=name
            )


def test_prices_stand_at_their_session_and_gaps_are_nan():
    panel = with_index(random_panel(12, 60))
    first, *others = panel.bars
    kept = np.delete(np.arange(60), 30)
    gap = dataclasses.replace(
        first,
        **{
            name: getattr(first, name)[kept]
            for name in ("dates", "open", "high", "low", "close", "adjusted_close", "volume")
        },
    )
    found = market_table(Panel.of([gap, *others]))
    assert found.symbols == tuple(f"S{number:02}" for number in range(12))
    assert np.isnan(found.open[30, 0])
    assert not found.tradable[30, 0]
    assert found.open[31, 0] == first.open[31]
    assert found.adjusted_close[10, 0] == first.adjusted_close[10]
    assert found.adjusted_open[10, 0] == pytest.approx(first.open[10] * 0.5)
    assert found.index_close[5] == panel.bars[-1].close[5]
    assert carried(found.adjusted_close)[30, 0] == first.adjusted_close[29]


def test_averages_count_a_session_without_a_bar_as_no_volume_and_begin_when_full():
    panel = one_stock([1000] * 40, [1000] * 40)
    found = market_table(panel)
    assert np.isnan(found.average_volume[AVERAGED - 2, 0])
    assert found.average_volume[AVERAGED - 1, 0] == 1000
    assert found.traded_value[AVERAGED - 1, 0] == 1_000_000
    bars = dataclasses.replace(panel.bars[0], volume=np.where(np.arange(40) == 25, 0.0, 1000.0))
    found = market_table(Panel.of([bars, *panel.bars[1:]]))
    assert not found.tradable[25, 0]
    assert found.average_volume[25, 0] == 950
    unknown = dataclasses.replace(bars, volume=np.where(np.arange(40) == 25, np.nan, 1000.0))
    found = market_table(Panel.of([unknown, *panel.bars[1:]]))
    assert not found.tradable[25, 0]
    assert np.isnan(found.traded_value[25, 0])
    assert np.isnan(found.average_volume[25, 0])


def test_a_provisional_bar_is_left_out():
    panel = Panel.of(random_bars(f"S{number:02}", 30, provisional=True) for number in range(12))
    assert len(market_table(panel).sessions) == 29


@pytest.mark.parametrize(
    ("exchange", "reference", "ceiling", "floor", "tick"),
    [
        (Exchange.HOSE, 10_000, 10_700, 9_300, 50),
        (Exchange.HOSE, 10_050, 10_750, 9_350, 50),  # 10,753.5 and 9,346.5 before they are rounded inwards
        (Exchange.HOSE, 8_000, 8_560, 7_440, 10),
        (Exchange.HOSE, 60_000, 64_200, 55_800, 100),
        (Exchange.HOSE, 100, 110, 90, 10),  # one tick at least
        (Exchange.HNX, 10_000, 11_000, 9_000, 100),
        (Exchange.UPCOM, 10_000, 11_500, 8_500, 100),
    ],
)
def test_limits_of_a_day(exchange, reference, ceiling, floor, tick):
    opens = [reference, ceiling, ceiling - tick, floor, floor + tick]
    up, down = at_limit(opens, [reference] * 5, exchange=exchange)
    assert up == [False, True, False, False, False]
    assert down == [False, False, False, True, False]


def test_the_reference_of_an_ex_date_is_lowered():
    """A split in two: a close of 20,000 makes a reference of 10,000, known to the rounding of the adjusted prices."""
    up, down = at_limit(
        [20_000, 10_700, 10_000, 9_300], [20_000, 10_000, 10_000, 10_000], [10_000, 10_000, 10_000, 10_000]
    )
    assert up == [False, True, False, False]
    assert down == [False, False, False, True]
    up, down = at_limit([20_000, 10_400], [20_000, 10_400], [10_000, 10_400])
    assert not any(up)
    assert not any(down)


def test_an_exchange_that_is_not_named_is_held_to_the_narrowest_limits():
    panel = one_stock([10_000, 10_700], [10_000, 10_700])
    assert market_table(panel).limit_up[1, 0]
    assert not market_table(panel, {"S00": Exchange.HNX}).limit_up[1, 0]


def test_a_market_without_stocks_is_empty():
    found = market_table(Panel.of([]))
    assert found.open.shape == (0, 0)
