"""One pass of the pipeline: the order of its stages, and counts that hold to the row whatever is tried again."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from infra import topology
from local.pipeline import Pipeline
from local.runtime import settled
from local.summary import RunSummary
from stock_ai.errors import InvalidInputError, RunAbortedError
from stock_ai.models import topics

PRICES = topology.function("kafka_consumer").kafka[0]


class SilentProgress:
    def stage(self, name):
        pass

    def consumed(self, done, total):
        pass


def analysed(count):
    return {"analyses": count, "unfinished": False}


class ScriptedRuntime:
    """Plays `Runtime`: answers by function name; draining prices lets the consumer answer what is queued."""

    def __init__(self, answers, observe):
        self.answers, self.calls, self.queued, self.details = answers, [], [], {}
        drained = {
            topic: SimpleNamespace(wait_drained=lambda topic=topic: self._drain(topic, observe))
            for topic in topics.TOPICS
        }
        self.mappings = drained

    def _drain(self, topic, observe):
        self.calls.append(f"drain {topic}")
        if topic == topics.STOCK_PRICES_RAW:
            while self.queued:
                observe(PRICES, self.queued.pop(0))

    def run(self, function, detail=None, before_retry=lambda: None):
        self.calls.append(function)
        self.details[function] = detail
        answer = self.answers[function]
        if callable(answer):
            return answer(self, before_retry)
        if isinstance(answer, Exception):
            raise answer
        return answer


def consumed(stored=0, unchanged=0, **quarantined):
    return {"stored": stored, "unchanged": unchanged, "quarantined": quarantined}


def collected(*responses):
    def run(runtime, _before_retry):
        runtime.queued += responses
        count = sum(r["stored"] + r["unchanged"] + sum(r["quarantined"].values()) for r in responses)
        return {"read": count, "published": count}

    return run


def run(answers, has_model=True):
    pipeline = Pipeline("csv", SilentProgress())
    runtime = ScriptedRuntime({"ai_analysis": analysed(3)} | answers, pipeline.observe)
    summary = pipeline.run(runtime, lambda: has_model, lambda: 3)
    return summary, runtime


def test_counts_add_up_and_have_the_agreed_form():
    summary, _ = run(
        {"data_collector": collected(consumed(5, 1, non_positive_price=2), consumed(3, 0, non_positive_price=1))}
    )
    form = summary.as_json()
    assert set(form) == {"source", "bars", "analyses", "insights", "seconds"}
    assert form["bars"] == {
        "read": 12,
        "published": 12,
        "stored": 8,
        "unchanged": 1,
        "quarantined": {"non_positive_price": 3},
    }
    assert summary.notes == []


def test_the_collector_is_asked_for_what_the_run_wants():
    pipeline = Pipeline("csv", SilentProgress(), {"symbols": ["FPT"]})
    runtime = ScriptedRuntime({"data_collector": collected(consumed(1)), "ai_analysis": analysed(1)}, print)
    pipeline.run(runtime, lambda: True, lambda: 1)
    assert runtime.details == {"data_collector": {"symbols": ["FPT"]}, "ai_analysis": None}


def test_what_an_earlier_run_left_is_processed_first_and_not_counted():
    pipeline = Pipeline("csv", SilentProgress())
    runtime = ScriptedRuntime(
        {"data_collector": collected(consumed(5)), "ai_analysis": analysed(1)},
        pipeline.observe,
    )
    runtime.queued.append(consumed(7))
    summary = pipeline.run(runtime, lambda: True, lambda: 1)
    assert (summary.read, summary.stored) == (5, 5)
    assert runtime.calls.index("drain stock_prices_raw") < runtime.calls.index("data_collector")


def test_a_collection_that_starts_anew_is_counted_once():
    def twice(runtime, before_retry):
        runtime.queued.append(consumed(4))  # published before the first attempt died
        before_retry()
        runtime.queued.append(consumed(1, 4))
        return {"read": 5, "published": 5}

    summary, _ = run({"data_collector": twice})
    assert (summary.stored, summary.unchanged, summary.consumed) == (1, 4, 5)
    assert summary.notes == []


def test_bars_that_went_to_the_dead_letters_are_said():
    summary, _ = run({"data_collector": lambda _runtime, _retry: {"read": 3, "published": 3}})
    assert "3 bars did not reach the store" in summary.notes[0]


@pytest.mark.parametrize(("has_model", "trains"), [(True, False), (False, True)])
def test_a_model_is_trained_only_where_none_serves(has_model, trains):
    _, runtime = run({"data_collector": collected(), "model_training": {}}, has_model)
    assert ("model_training" in runtime.calls) is trains


def test_too_little_data_for_a_model_is_said_and_stops_nothing():
    summary, runtime = run({"data_collector": collected(), "model_training": RunAbortedError("12 rows")}, False)
    assert summary.notes == ["No model: 12 rows"]
    assert runtime.calls[-1] == "drain ai_analysis_results"


def test_wrong_input_ends_the_run_before_anything_else():
    with pytest.raises(InvalidInputError):
        run({"data_collector": InvalidInputError("FPT.csv line 3")})


def test_batch_settings_tune_the_intake_of_prices_only(monkeypatch):
    monkeypatch.setenv("BATCH_SIZE", "7")
    monkeypatch.setenv("BATCH_TIMEOUT", "3")
    tuned = settled(PRICES)
    assert (tuned.batch_size, tuned.window_seconds) == (7, 3)
    results = topology.function("aggregation").kafka[0]
    assert settled(results) == results


def test_empty_summary_counts_nothing():
    assert RunSummary("csv").consumed == 0
