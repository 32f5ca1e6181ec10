"""The aggregation over fakes."""

import datetime as dt

import pytest

from functions.aggregation.service import RebuiltInsights, aggregate, rebuild
from stock_ai.errors import InvalidInputError, PoisonRecordError, RetryableError
from stock_ai.streaming.rejects import set_aside, undecodable
from tests.fakes.clock import FixedClock
from tests.fakes.messages import NOW, ai_analysis, llm_analysis, record
from tests.fakes.publisher import RecordingPublisher
from tests.fakes.stores import MemoryAnalysisStore, MemoryInsightStore, MemoryQuarantine
from tests.fakes.track_record import MODEL, MemoryTrackRecord

AI, LLM = "ai_analysis_results", "llm_analysis_results"


class House:
    def __init__(self):
        self.analyses, self.insights = MemoryAnalysisStore(), MemoryInsightStore()
        self.quarantine, self.publisher = MemoryQuarantine(), RecordingPublisher()
        self.signals = MemoryTrackRecord()

    def aggregate(self, records):
        clock = FixedClock(NOW)
        return aggregate(records, self.analyses, self.signals, self.insights, self.quarantine, self.publisher, clock)


def stated(symbol="FPT", analysis_id="s1", **changes):
    return ai_analysis(symbol, analysis_id, **({"band": 0.03, "model": MODEL} | changes))


@pytest.fixture
def house():
    return House()


def test_both_topics_meet_in_one_insight(house):
    result = house.aggregate(
        [record(ai_analysis(), AI), record(llm_analysis(), LLM), record(ai_analysis("VCB", "a2"), AI)]
    )
    assert (result.accepted, result.insights, result.quarantined) == (3, 2, {})
    insight = house.insights.get("FPT")
    assert (insight.ai.analysis_id, insight.llm.analysis_id) == ("a1", "l1")
    assert len(house.insights.history("FPT", 10).entries) == 2


def test_poison_goes_to_the_dead_letters_of_its_own_topic(house):
    batch = [record(b"{}", AI), record(ai_analysis(), AI), record(b"{}", LLM), record(ai_analysis(), LLM)]
    result = house.aggregate(batch)
    assert (result.accepted, result.quarantined) == (1, {"undecodable": 3})
    assert [each.topic for each in house.publisher.sent] == [
        "ai_analysis_results_dead_letter",
        "llm_analysis_results_dead_letter",
        "llm_analysis_results_dead_letter",
    ]
    assert len(house.quarantine.kept) == 3
    again = house.aggregate(batch)
    assert (again.accepted, again.insights, again.quarantined) == (1, 0, {"undecodable": 3})
    assert len(house.publisher.sent) == 3


def test_a_redriven_analysis_that_is_read_by_now_is_quarantined_no_more(house):
    refused = undecodable(record(ai_analysis(), AI), PoisonRecordError("unknown_schema_version", "2"))
    set_aside([refused], house.publisher, house.quarantine, FixedClock(NOW))
    house.aggregate([record(ai_analysis(), AI)])
    assert house.quarantine.released == set()
    house.aggregate([record(ai_analysis(), AI, headers={"redriven_from": b"ai_analysis_results_dead_letter:0:0"})])
    assert house.quarantine.released == set(house.quarantine.kept)


def test_an_older_analysis_enters_the_history_but_not_the_insight(house):
    house.aggregate([record(ai_analysis("FPT", "new"), AI)])
    result = house.aggregate([record(ai_analysis("FPT", "old", NOW - dt.timedelta(days=1)), AI)])
    assert (result.accepted, result.insights) == (1, 0)
    assert [entry.analysis_id for _, entry in house.insights.history("FPT", 10).entries] == ["new", "old"]


def test_the_first_signal_of_a_symbol_date_and_model_is_issued(house):
    day = dt.date(2025, 8, 22)
    result = house.aggregate([record(stated(), AI), record(stated("FPT", "s2", signal="SELL", confidence=0.2), AI)])
    assert (result.accepted, result.issued) == (2, 1)
    (signal,) = house.signals.signals("FPT")
    assert (signal.analysis_id, signal.signal, signal.as_of, signal.band) == ("s1", "BUY", day, 0.03)
    again = [record(stated(event_time=NOW + dt.timedelta(hours=1)), AI), record(stated(provisional=True), AI)]
    assert house.aggregate([*again, record(llm_analysis(), LLM)]).issued == 0
    assert house.signals.signals("FPT") == [signal]
    assert house.aggregate([record(stated(as_of=day + dt.timedelta(days=3)), AI)]).issued == 1


@pytest.mark.parametrize("away", ["analyses", "signals", "insights", "quarantine", "publisher"])
def test_whatever_is_away_the_batch_comes_again_whole(house, away):
    batch = [record(b"poison", AI), record(ai_analysis(), AI), record(stated("VCB"), AI)]
    getattr(house, away).down = True
    with pytest.raises(RetryableError):
        house.aggregate(batch)
    getattr(house, away).down = False
    assert house.aggregate(batch).accepted == 2
    assert house.insights.get("FPT").ai == ai_analysis()
    assert len(house.signals.kept) == 1
    assert len(house.quarantine.kept) == 1


def test_a_topic_without_analyses_is_a_fault_of_wiring(house):
    with pytest.raises(InvalidInputError, match="stock_prices_raw"):
        house.aggregate([record(b"{}", "stock_prices_raw")])


def test_rebuilt_insights_equal_the_lost_ones(house):
    house.aggregate([record(ai_analysis(), AI), record(llm_analysis(), LLM), record(ai_analysis("VCB", "a2"), AI)])
    insights, histories = dict(house.insights.insights), dict(house.insights.histories)
    house.insights.insights["GONE"] = insights["FPT"]
    assert rebuild(house.analyses, house.insights) == RebuiltInsights(insights=2, analyses=3)
    assert (house.insights.insights, house.insights.histories) == (insights, histories)


def test_a_rebuild_tells_how_far_it_is(house):
    house.analyses.add([ai_analysis(f"S{at:03}", f"a{at}") for at in range(1_100)])
    told = []
    rebuild(house.analyses, house.insights, lambda done, total: told.append((done, total)))
    assert told == [(500, 1_100), (1_000, 1_100), (1_100, 1_100)]
