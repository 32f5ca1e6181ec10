"""The analysis service from panel to messages: every symbol once, in batches, and never twice the same."""

import dataclasses
import datetime as dt
from collections import Counter

import numpy as np
import pytest

from functions.ai_analysis.service import BATCH, RESERVE_MS
from stock_ai.errors import NotFoundError, RetryableError
from stock_ai.indicators import INDICATORS, RELATIVE, Panel
from tests.fakes.analysing import AMPLE, NOW, RankModel, found, run
from tests.fakes.ledger import MemoryLedger
from tests.fakes.panels import COLUMNS, random_bars
from tests.fakes.publisher import RecordingPublisher

pytestmark = pytest.mark.slow

LATER = NOW + dt.timedelta(minutes=15)
SYMBOLS = 2 * BATCH + 50


@pytest.fixture(scope="module")
def many():
    """A market of three batches with few bars each: what the model says plays no part in how batches go."""
    return Panel.of(random_bars(f"A{number:03}", 30) for number in range(SYMBOLS))


def batches(panel):
    return [panel.symbols[start : start + BATCH] for start in range(0, len(panel), BATCH)]


def time_for(count):
    """Time enough for `count` batches."""
    left = iter([AMPLE] * count)
    return lambda: next(left, RESERVE_MS - 1)


class KilledPublisher(RecordingPublisher):
    """The process ends while the message numbered `at` is handed over."""

    def __init__(self, at):
        super().__init__()
        self.at = at

    def publish(self, *message):
        if len(self.sent) == self.at:
            raise SystemExit
        super().publish(*message)


def test_one_analysis_per_symbol_with_signal_or_reason(panel, model):
    report, analyses = run(panel, model)
    assert set(analyses) == set(panel.symbols)
    assert report.withheld == {"index_not_modelled": 1, "new_listing": 1}
    assert sum(report.signals.values()) == 30
    assert Counter(a.signal.value for a in analyses.values() if a.signal) == report.signals
    assert (report.model, report.known, report.left) == ("v1", 0, 0)
    for symbol in ("S00", "S29"):
        analysis = analyses[symbol]
        assert analysis.withheld is None
        assert analysis.confidence == analysis.probabilities[analysis.signal]
        assert analysis.model.trained_until == model.card.trained_until
        assert set(analysis.indicators) == {indicator.name for indicator in (*INDICATORS, *RELATIVE)}
        assert None not in analysis.indicators.values()
        assert analysis.nulls == {}
        assert (analysis.bars, analysis.as_of, analysis.event_time) == (350, panel.bars[-1].last_date, NOW)
        assert (analysis.adjusted, analysis.simulated, analysis.source) == (True, True, "simulated")


def test_asking_for_few_gives_what_asking_for_all_gives(panel, model):
    _, every = run(panel, model)
    report, few = run(panel, model, symbols=("S04", "VNINDEX"))
    assert (report.analyses, report.left) == (2, 0)
    assert few == {symbol: every[symbol] for symbol in ("S04", "VNINDEX")}


def test_an_unknown_symbol_stops_the_run_before_anything_is_published(panel, model):
    publisher = RecordingPublisher()
    with pytest.raises(NotFoundError, match="symbols: 'XXX' has no daily bars"):
        run(panel, model, symbols=("S04", "XXX"), publisher=publisher)
    assert publisher.sent == []


def test_an_empty_store_gives_an_empty_report(model):
    report, analyses = run(Panel.of([]), model)
    assert analyses == {}
    assert (report.analyses, report.signals, report.withheld, report.unfinished) == (0, {}, {}, False)


def test_each_batch_is_acknowledged_and_noted_before_the_next(many):
    class Watched(MemoryLedger):
        def record(self, published):
            # Acknowledged, and nothing of the next batch is under way.
            assert publisher.flushes == self.records + 1
            assert len(publisher.sent) == len(self.ids) + len(published)
            super().record(published)

    publisher, ledger = RecordingPublisher(), Watched()
    report, analyses = run(many, None, ledger, publisher=publisher)
    assert ledger.records == 3
    assert ledger.ids == {symbol: analysis.analysis_id for symbol, analysis in analyses.items()}
    assert report.published == SYMBOLS


def test_a_second_run_publishes_nothing(many):
    ledger, again = MemoryLedger(), RecordingPublisher()
    run(many, None, ledger)
    report, analyses = run(many, None, ledger, now=LATER, publisher=again)
    assert analyses == {}
    assert (report.analyses, report.published, report.known, again.flushes, ledger.records) == (
        SYMBOLS,
        0,
        SYMBOLS,
        0,
        3,
    )


def test_a_run_out_of_time_says_what_is_left_and_the_next_goes_on(many):
    ledger = MemoryLedger()
    first, second, third = batches(many)
    report, analyses = run(many, None, ledger, remaining_ms=time_for(2))
    assert set(analyses) == {*first, *second}
    assert (report.published, report.known, report.left, report.unfinished) == (2 * BATCH, 0, 50, True)
    report, analyses = run(many, None, ledger, remaining_ms=time_for(1))
    assert set(analyses) == set(third)
    assert (report.published, report.known, report.left) == (50, BATCH - 50, SYMBOLS - BATCH)
    report, analyses = run(many, None, ledger)
    assert (analyses, report.known, report.unfinished) == ({}, SYMBOLS, False)


def test_when_time_is_always_short_every_symbol_has_its_turn(many):
    ledger, seen = MemoryLedger(), set()
    for day in range(3):
        # Every bar is a new one each time, so that all would be published again.
        moved = Panel.of(dataclasses.replace(bars, dates=bars.dates + 7 * day) for bars in many)
        _, analyses = run(moved, None, ledger, remaining_ms=time_for(1))
        seen.update(analyses)
    assert seen == set(many.symbols)


def test_no_time_at_all_publishes_nothing(many):
    report, analyses = run(many, None, remaining_ms=time_for(0))
    assert (analyses, report.left, report.unfinished, report.withheld) == ({}, SYMBOLS, True, {})


def test_a_run_killed_between_batches_goes_on_behind_the_last_whole_one(many):
    ledger = MemoryLedger()
    with pytest.raises(SystemExit):
        run(many, None, ledger, publisher=KilledPublisher(BATCH + 50))
    first, second, third = batches(many)
    assert set(ledger.ids) == set(first)
    report, analyses = run(many, None, ledger)
    assert set(analyses) == {*second, *third}
    assert (report.published, report.known) == (BATCH + 50, BATCH)


def test_a_run_killed_between_flush_and_ledger_repeats_that_batch_under_the_same_ids(many):
    ledger, killed = MemoryLedger(killed_at=2), RecordingPublisher()
    with pytest.raises(SystemExit):
        run(many, None, ledger, publisher=killed)
    _, second, third = batches(many)
    _, analyses = run(many, None, ledger, now=LATER)
    assert set(analyses) == {*second, *third}
    before = found(killed)
    assert {analyses[symbol].analysis_id for symbol in second} == {before[symbol].analysis_id for symbol in second}


def test_an_absent_broker_is_told_and_nothing_is_noted(many):
    ledger = MemoryLedger()
    with pytest.raises(RetryableError):
        run(many, None, ledger, publisher=RecordingPublisher(down=True))
    assert ledger.ids == {}


def changed(panel, symbol, **changes):
    return Panel.of(dataclasses.replace(bars, **changes) if bars.symbol == symbol else bars for bars in panel)


def bars_of(panel, symbol):
    return panel.bars[panel.symbols.index(symbol)]


def test_a_new_bar_of_one_symbol_publishes_that_symbol(panel, model):
    ledger = MemoryLedger()
    run(panel, model, ledger)
    longer = random_bars("S05", 351)
    columns = {name: getattr(longer, name) for name in COLUMNS}
    _, analyses = run(changed(panel, "S05", dates=longer.dates, **columns), model, ledger)
    assert set(analyses) == {"S05"}
    assert analyses["S05"].bars == 351


def test_a_changed_bar_publishes_its_symbol_and_those_whose_ranks_it_changes(panel, model):
    ledger = MemoryLedger()
    _, before = run(panel, model, ledger)
    ranked = sorted((a for a in before.values() if a.signal), key=lambda a: a.reasons[0].value)
    lowest = ranked[0].symbol
    bars = bars_of(panel, lowest)
    # From the lowest rank of all to the third lowest.
    low, high = (1 + one.indicators["roc_5"] / 100 for one in (ranked[0], ranked[2]))
    gain = np.append(np.ones(len(bars) - 1), 1.0001 * high / low)
    higher = {name: getattr(bars, name) * gain for name in ("high", "close", "adjusted_close")}
    report, analyses = run(changed(panel, lowest, **higher), model, ledger)
    assert lowest in analyses
    # Those that it passed; and of all the breadth and the market's return, which this model does not look at.
    assert {ranked[1].symbol, ranked[2].symbol} <= set(analyses)
    assert report.known >= 25


def test_a_new_model_publishes_all_that_it_speaks_of(panel):
    ledger = MemoryLedger()
    run(panel, RankModel("v1"), ledger)
    report, analyses = run(panel, RankModel("v2"), ledger)
    assert set(analyses) == {symbol for symbol in panel.symbols if symbol.startswith("S")}
    assert report.known == 2


def test_what_was_true_before_and_is_again_is_published_again(panel):
    ledger = MemoryLedger()
    first, other, again = (run(panel, RankModel(name), ledger, ("S00",))[1]["S00"] for name in ("v1", "v2", "v1"))
    assert first.analysis_id == again.analysis_id != other.analysis_id


def test_equal_bars_and_model_give_equal_ids_whenever_they_are_analysed(panel, model):
    _, one = run(panel, model)
    _, other = run(panel, model, now=LATER)
    for symbol, analysis in one.items():
        assert other[symbol] == analysis.model_copy(update={"event_time": LATER})
    assert len({analysis.analysis_id for analysis in one.values()}) == len(one)
    _, unmodelled = run(panel, None)
    assert unmodelled["S00"].analysis_id != one["S00"].analysis_id
    assert unmodelled["VNINDEX"].analysis_id == one["VNINDEX"].analysis_id
