"""The row of an insight, there and back."""

import datetime as dt
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stock_ai.market_view import row
from stock_ai.merging import merge, version
from stock_ai.models.analysis import ModelRef, Signal, Withheld, WithheldReason
from stock_ai.models.market_view import MarketRow
from tests.fakes.messages import NOW, ai_analysis, llm_analysis

FIGURES = {
    "roc_1": 1.23456789,
    "traded_value_20": 123_456_789.6,
    "volume_ratio_20": 0.98768,
    "sma_50": 101_000.5,
    "sma_200": 99_000.0,
    "position_52w": 1.0,
}
NOTHING = dict.fromkeys(("signal", "confidence", "probabilities", "model"))


def there_and_back(insight):
    wire = row(insight).wire()
    return MarketRow.of(json.loads(wire))


def test_a_row_says_what_the_analysis_says():
    model = ModelRef(name="m", version="1", trained_until=dt.date(2025, 1, 1), proven_skill=False)
    insight = merge(None, ai_analysis(indicators=FIGURES, model=model, provisional=True))
    found = row(insight)
    assert (found.symbol, found.as_of, found.close, found.event_time) == ("FPT", dt.date(2025, 8, 22), 101_000, NOW)
    assert (found.signal, found.confidence, found.calibrated, found.proven_skill) == (Signal.BUY, 0.5, True, False)
    assert (found.change_percent, found.traded_value, found.volume_ratio) == (1.2346, 123_456_790, 0.9877)
    assert (found.above_sma_50, found.above_sma_200, found.new_high, found.new_low) == (False, True, True, False)
    assert (found.provisional, found.simulated, found.source, found.withheld) == (True, False, "csv", None)
    assert found.version == version(insight)


@pytest.mark.parametrize(
    "insight",
    [
        merge(None, ai_analysis(indicators=FIGURES)),
        merge(merge(None, ai_analysis()), llm_analysis(event_time=NOW + dt.timedelta(milliseconds=7))),
        merge(None, llm_analysis()),
        merge(None, ai_analysis("VNINDEX", **NOTHING, close=Decimal("1645.36"))),
        merge(None, ai_analysis("VNINDEX", **NOTHING, close=Decimal("1645.00"))),
        merge(None, ai_analysis(**NOTHING, withheld=Withheld(reason=WithheldReason.HALTED, detail="9 sessions"))),
    ],
)
def test_a_row_is_read_as_it_was_written(insight):
    assert there_and_back(insight) == row(insight)


def test_what_is_unknown_is_null_and_no_zero():
    found = row(merge(None, llm_analysis()))
    assert (found.close, found.signal, found.confidence, found.calibrated, found.source) == (None,) * 3 + (False, None)
    known = {"version", "symbol", "event_time", "as_of", "calibrated", "provisional", "simulated"}
    assert {name for name in MarketRow._fields if getattr(found, name) is not None} == known


@given(st.integers(0, 4_000_000_000_000))
def test_an_event_time_is_kept_to_the_millisecond(count):
    instant = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=count)
    assert there_and_back(merge(None, ai_analysis(event_time=instant))).event_time == instant
