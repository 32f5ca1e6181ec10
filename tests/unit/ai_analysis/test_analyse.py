"""The analysis service from panel to messages, through a recording publisher."""

import dataclasses
import datetime as dt
from collections import Counter
from decimal import Decimal

import numpy as np
import pytest

from functions.ai_analysis.request import requested
from functions.ai_analysis.service import analyse, choose
from stock_ai.errors import InvalidInputError, NotFoundError, RetryableError
from stock_ai.indicators import INDICATORS, Panel, compute
from stock_ai.ml.dataset import stocks
from stock_ai.ml.features import FEATURE_NAMES, FeatureBuilder
from stock_ai.ml.model import SIGNALS
from stock_ai.ml.training import train
from stock_ai.models import AiAnalysis, Signal, WithheldReason, topics
from tests.fakes.clock import FixedClock
from tests.fakes.panels import cut, random_bars, random_panel, real_panel
from tests.fakes.publisher import RecordingPublisher

NOW = dt.datetime(2025, 8, 26, 8, 20, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def panel():
    index = dataclasses.replace(random_bars("VNINDEX", 350), close=np.full(350, 1645.47), low=np.full(350, 1.0))
    return Panel.of([*random_panel(30, 350), index, random_bars("NEW", 96)])


@pytest.fixture(scope="module")
def model(panel):
    return train(panel, 7, NOW).model


def run(panel, model, symbols=(), now=NOW):
    publisher = RecordingPublisher()
    report = analyse(panel, model, publisher, FixedClock(now), symbols)
    assert publisher.flushes == 1
    assert {sent.topic for sent in publisher.sent} == {topics.AI_ANALYSIS_RESULTS}
    found = {sent.key: AiAnalysis.model_validate_json(sent.value) for sent in publisher.sent}
    assert len(found) == len(publisher.sent) == report.analyses
    assert all(key == analysis.symbol for key, analysis in found.items())
    return report, found


def reason(analysis):
    assert analysis.signal is analysis.confidence is analysis.probabilities is analysis.model is None
    assert analysis.reasons == []
    return analysis.withheld.reason


def test_one_analysis_per_symbol_with_signal_or_reason(panel, model):
    report, found = run(panel, model)
    assert set(found) == set(panel.symbols)
    assert report.withheld == {"index_not_modelled": 1, "insufficient_history": 1}
    assert sum(report.signals.values()) == 30
    assert Counter(a.signal.value for a in found.values() if a.signal) == report.signals
    assert report.model == model.card.version
    for symbol in ("S00", "S29"):
        analysis = found[symbol]
        assert analysis.withheld is None
        assert sum(analysis.probabilities.values()) == pytest.approx(1, abs=2e-6)
        assert analysis.confidence == analysis.probabilities[analysis.signal] == max(analysis.probabilities.values())
        assert analysis.model.trained_until == model.card.trained_until
        assert len(analysis.reasons) == 5
        assert set(analysis.indicators) == {indicator.name for indicator in INDICATORS}
        assert None not in analysis.indicators.values()
        assert (analysis.bars, analysis.as_of, analysis.event_time) == (350, panel.bars[-1].last_date, NOW)
        assert (analysis.adjusted, analysis.simulated, analysis.source) == (True, True, "simulated")


def test_indices_and_short_histories_have_indicators_and_no_signal(panel, model):
    _, found = run(panel, model)
    assert reason(found["VNINDEX"]) is WithheldReason.INDEX_NOT_MODELLED
    assert found["VNINDEX"].close == Decimal("1645.47")
    assert reason(found["NEW"]) is WithheldReason.INSUFFICIENT_HISTORY
    assert found["NEW"].withheld.detail == "96 bars stored, 260 needed"
    assert found["NEW"].indicators["sma_50"] is not None
    assert found["NEW"].indicators["sma_200"] is None


def test_close_is_as_traded_in_whole_vnd(panel, model):
    _, found = run(panel, model)
    bars = panel.bars[panel.symbols.index("S07")]
    assert found["S07"].close == int(bars.close[-1])
    assert isinstance(found["S07"].close, int)


def test_without_a_model_there_is_a_reason(panel):
    report, found = run(panel, None)
    assert report.withheld == {"index_not_modelled": 1, "insufficient_history": 1, "no_model": 30}
    assert report.signals == {}
    assert report.model is None
    assert reason(found["S00"]) is WithheldReason.NO_MODEL


def test_a_model_of_simulated_bars_says_nothing_of_real_ones(panel, model):
    real = Panel.of(dataclasses.replace(bars, source="csv") for bars in panel)
    _, found = run(real, model)
    assert reason(found["S00"]) is WithheldReason.MODEL_NOT_APPLICABLE
    assert "trained on simulated bars, these are real" in found["S00"].withheld.detail


def test_an_undefined_feature_is_named(panel, model):
    still = dataclasses.replace(
        random_bars("AAA", 350), volume=np.append(random_bars("AAA", 350).volume[:-20], np.zeros(20))
    )
    _, found = run(Panel.of([*panel, still]), model)
    assert reason(found["AAA"]) is WithheldReason.FEATURES_UNAVAILABLE
    assert "volume_ratio_20" in found["AAA"].withheld.detail
    assert found["AAA"].indicators["volume_ratio_20"] is None
    assert found["S00"].signal is not None


def test_a_stock_that_stopped_trading_alone_has_no_ranks(panel, model):
    gone = random_bars("AAA", 350)
    _, found = run(Panel.of([*panel, dataclasses.replace(gone, dates=gone.dates + 2)]), model)
    assert reason(found["AAA"]) is WithheldReason.FEATURES_UNAVAILABLE
    missing = found["AAA"].withheld.detail.partition(": ")[2].split(", ")
    assert "rank_return_5" in missing
    assert set(missing) < set(FEATURE_NAMES)


def test_equal_bars_and_model_give_equal_ids_whenever_they_are_analysed(panel, model):
    _, one = run(panel, model)
    _, other = run(panel, model, now=NOW + dt.timedelta(hours=1))
    for symbol, analysis in one.items():
        assert other[symbol].analysis_id == analysis.analysis_id
        assert other[symbol].event_time > analysis.event_time
    assert len({analysis.analysis_id for analysis in one.values()}) == len(one)
    _, unmodelled = run(panel, None)
    assert unmodelled["S00"].analysis_id != one["S00"].analysis_id
    assert unmodelled["VNINDEX"].analysis_id == one["VNINDEX"].analysis_id


def test_asking_for_few_gives_what_asking_for_all_gives(panel, model):
    _, every = run(panel, model)
    report, few = run(panel, model, ("S04", "VNINDEX"))
    assert report.analyses == 2
    assert few == {symbol: every[symbol] for symbol in ("S04", "VNINDEX")}


def test_an_unknown_symbol_stops_the_run_before_anything_is_published(panel, model):
    publisher = RecordingPublisher()
    with pytest.raises(NotFoundError, match="symbols: 'XXX' has no daily bars"):
        analyse(panel, model, publisher, FixedClock(NOW), ("S04", "XXX"))
    assert publisher.sent == []


def test_an_absent_broker_is_told(panel, model):
    with pytest.raises(RetryableError):
        analyse(panel, model, RecordingPublisher(down=True), FixedClock(NOW))


def test_an_empty_store_gives_an_empty_report(model):
    publisher = RecordingPublisher()
    report = analyse(Panel.of([]), model, publisher, FixedClock(NOW))
    assert publisher.sent == []
    assert (report.analyses, report.signals, report.withheld) == (0, {}, {})


@pytest.mark.parametrize(
    ("sell", "hold", "buy", "signal"),
    [
        (0.2, 0.3, 0.5, Signal.BUY),
        (0.5, 0.3, 0.2, Signal.SELL),
        (0.3, 0.4, 0.3, Signal.HOLD),
        (0.4, 0.2, 0.4, Signal.HOLD),
        (0.2, 0.4, 0.4, Signal.HOLD),
    ],
)
def test_a_signal_needs_the_strictly_largest_probability(sell, hold, buy, signal):
    assert choose({Signal.SELL: sell, Signal.HOLD: hold, Signal.BUY: buy}) is signal


def test_no_signal_knows_later_bars(shared_data):
    """What is said after a session is what the features of that session give once later bars are known."""
    panel = real_panel(shared_data, 20)
    model = train(panel, 7, NOW).model
    chosen = stocks(panel)
    builder = FeatureBuilder()
    for bars in chosen:
        prices = bars.adjusted_prices()
        builder.add(bars, prices, compute(bars, prices))
    rows = builder.build()
    compared = 0
    for date in max(panel, key=len).dates[[-30, -3]]:
        _, found = run(cut(panel, date), model)
        for position, bars in enumerate(chosen):
            row = np.flatnonzero((rows.symbol == position) & (rows.dates == date))
            analysis = found.get(bars.symbol)
            if len(row) and analysis and analysis.signal and analysis.as_of == date.item():
                expected = dict(zip(SIGNALS, model.predict(rows.values[row])[0], strict=True))
                assert analysis.probabilities == pytest.approx(expected, abs=1e-6)
                assert analysis.signal is choose(analysis.probabilities)
                compared += 1
    assert compared > 20


@pytest.mark.parametrize(
    ("detail", "symbols"), [({}, ()), ({"symbols": []}, ()), ({"symbols": [" fpt", "VCB"]}, ("FPT", "VCB"))]
)
def test_an_event_may_name_symbols(detail, symbols):
    assert requested({"detail": detail}).symbols == symbols
    assert requested({}).symbols == ()


@pytest.mark.parametrize(
    ("detail", "message"),
    [
        ({"symbols": "FPT"}, r"detail.symbols 'FPT'"),
        ({"symbols": ["FPT", 5]}, r"detail.symbols.1 5"),
        ({"symbol": "FPT"}, r"detail.symbol 'FPT'"),
    ],
)
def test_a_wrong_event_is_refused_with_field_and_value(detail, message):
    with pytest.raises(InvalidInputError, match=message):
        requested({"detail": detail})
