"""When the model speaks of a symbol, what it says, and the typed reason when it does not."""

import dataclasses
import datetime as dt
from decimal import Decimal

import numpy as np
import pytest

from functions.ai_analysis.opinions import choose
from stock_ai.indicators import Panel
from stock_ai.ml.features import FEATURE_NAMES
from stock_ai.ml.labels import BAND
from stock_ai.models.analysis import Signal, WithheldReason
from tests.fakes.analysing import RankModel, run
from tests.fakes.panels import COLUMNS, random_bars, random_panel, tail


def reason(analysis):
    assert analysis.signal is analysis.confidence is analysis.probabilities is analysis.model is analysis.band is None
    assert analysis.reasons == []
    return analysis.withheld.reason


def among(panel, *bars):
    return Panel.of([*panel, *bars])


@pytest.mark.parametrize(
    ("sell", "hold", "buy", "signal"),
    [
        (0.2, 0.3, 0.5, Signal.BUY),
        (0.5, 0.3, 0.2, Signal.SELL),
        (0.3, 0.4, 0.3, Signal.HOLD),
        (0.4, 0.2, 0.4, Signal.HOLD),
        (0.2, 0.4, 0.4, Signal.HOLD),
        (0.2, 0.35, 0.45, Signal.HOLD),
        (0.45, 0.35, 0.2, Signal.HOLD),
    ],
)
def test_a_signal_needs_the_strictly_largest_probability_and_the_threshold(sell, hold, buy, signal):
    assert choose({Signal.SELL: sell, Signal.HOLD: hold, Signal.BUY: buy}, 0.5) is signal


def test_below_the_threshold_stands_hold_with_its_own_probability(panel):
    model = RankModel(threshold=0.4)
    _, analyses = run(panel, model)
    spoken = [analysis for analysis in analyses.values() if analysis.signal]
    for analysis in spoken:
        expected = model.expected(analysis.reasons[0].value)
        assert analysis.probabilities == pytest.approx(expected, abs=1e-6)
        assert analysis.confidence == analysis.probabilities[analysis.signal]
    held = [one for one in spoken if one.signal is Signal.HOLD and max(one.probabilities.values()) > one.confidence]
    stated = [one for one in spoken if one.signal is not Signal.HOLD]
    assert held
    assert stated
    assert all(max(one.probabilities.values()) < 0.4 for one in held)
    assert all(one.confidence >= 0.4 for one in stated)


def test_the_band_is_that_of_the_labels(panel, model):
    _, analyses = run(panel, model)
    bars = panel.bars[panel.symbols.index("S07")]
    daily = np.diff(np.log(bars.adjusted_close))[-20:].std(ddof=1)
    assert analyses["S07"].band == pytest.approx(BAND * daily * 5**0.5, rel=1e-4)


def test_an_index_is_not_modelled(panel, model):
    _, analyses = run(panel, model)
    index = analyses["VNINDEX"]
    assert reason(index) is WithheldReason.INDEX_NOT_MODELLED
    assert index.close == Decimal("1645.47")
    assert "beta_60" not in index.indicators


def test_a_stock_that_began_later_than_the_market_is_a_new_listing(panel, model):
    _, analyses = run(panel, model)
    assert reason(analyses["NEW"]) is WithheldReason.NEW_LISTING
    first = panel.bars[panel.symbols.index("NEW")].dates[0]
    assert analyses["NEW"].withheld.detail == f"first bar on {first}, 96 bars stored, 260 needed"


def test_few_bars_over_a_long_time_are_a_short_history(panel, model):
    whole = random_bars("RARE", 350)
    every_third = {name: getattr(whole, name)[1::3] for name in COLUMNS}
    _, analyses = run(among(panel, dataclasses.replace(whole, dates=whole.dates[1::3], **every_third)), model)
    assert reason(analyses["RARE"]) is WithheldReason.INSUFFICIENT_HISTORY
    assert analyses["RARE"].withheld.detail == "117 bars stored, 260 needed"


def test_a_market_that_is_short_itself_has_no_new_listings(model):
    _, analyses = run(Panel.of([*random_panel(12, 100), tail(random_bars("NEW", 100), 30)]), model)
    assert {reason(analysis) for analysis in analyses.values()} == {WithheldReason.INSUFFICIENT_HISTORY}


@pytest.mark.parametrize(
    ("missed", "expected"),
    [(1, None), (5, None), (6, WithheldReason.HALTED), (200, WithheldReason.HALTED)],
)
def test_a_halted_stock_has_a_reason_and_one_that_lags_a_little_keeps_its_own_session(panel, model, missed, expected):
    late = random_bars("LATE", 350).head(350 - missed)
    _, analyses = run(among(panel, late), model)
    analysis = analyses["LATE"]
    assert analysis.as_of == late.last_date
    if expected is None:
        assert analysis.signal is not None
    else:
        assert reason(analysis) is expected
        assert (
            f"no bar since {late.last_date}, the market has had {missed} sessions after it" == analysis.withheld.detail
        )
        assert analysis.indicators["sma_20"] is not None


def test_a_few_bars_of_a_later_date_halt_nobody(panel, model):
    """A single bar far ahead, of one stock, is no session of the market."""
    ahead = random_bars("AHEAD", 350)
    _, analyses = run(among(panel, dataclasses.replace(ahead, dates=ahead.dates + 60)), model)
    assert analyses["S00"].signal is not None


def test_without_a_model_there_is_a_reason(panel):
    report, analyses = run(panel, None)
    assert report.withheld == {"index_not_modelled": 1, "new_listing": 1, "no_model": 30}
    assert (report.signals, report.model) == ({}, None)
    assert reason(analyses["S00"]) is WithheldReason.NO_MODEL


def test_a_model_of_simulated_bars_says_nothing_of_real_ones(panel, model):
    _, analyses = run(Panel.of(dataclasses.replace(bars, source="csv") for bars in panel), model)
    assert reason(analyses["S00"]) is WithheldReason.MODEL_NOT_APPLICABLE
    assert "trained on simulated bars, these are real" in analyses["S00"].withheld.detail


@pytest.mark.parametrize("late", [0, 1])
def test_after_its_last_day_a_model_says_nothing(panel, late):
    last = panel.bars[0].last_date
    model = RankModel("old", expires_on=last - dt.timedelta(days=late))
    _, analyses = run(panel, model)
    if late:
        assert reason(analyses["S00"]) is WithheldReason.MODEL_EXPIRED
        assert analyses["S00"].withheld.detail == f"model old expired on {model.card.expires_on}, this is {last}"
    else:
        assert analyses["S00"].signal is not None


def test_an_undefined_feature_is_named(panel, model):
    bars = random_bars("AAA", 350)
    still = dataclasses.replace(bars, volume=np.append(bars.volume[:-20], np.zeros(20)))
    _, analyses = run(among(panel, still), model)
    assert reason(analyses["AAA"]) is WithheldReason.FEATURES_UNAVAILABLE
    assert "volume_ratio_20" in analyses["AAA"].withheld.detail
    assert analyses["AAA"].indicators["volume_ratio_20"] is None
    assert analyses["S00"].signal is not None


def test_a_stock_that_traded_alone_on_a_date_has_no_ranks(panel, model):
    gone = random_bars("AAA", 350)
    _, analyses = run(among(panel, dataclasses.replace(gone, dates=gone.dates + 2)), model)
    assert reason(analyses["AAA"]) is WithheldReason.FEATURES_UNAVAILABLE
    missing = analyses["AAA"].withheld.detail.partition(": ")[2].split(", ")
    assert "rank_return_5" in missing
    assert set(missing) < set(FEATURE_NAMES)


def test_close_is_as_traded_in_whole_vnd(panel, model):
    _, analyses = run(panel, model)
    bars = panel.bars[panel.symbols.index("S07")]
    assert analyses["S07"].close == int(bars.close[-1])
    assert isinstance(analyses["S07"].close, int)
