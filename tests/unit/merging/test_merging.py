"""The merge of analyses into an insight, and what the history keeps."""

import datetime as dt
import functools
import itertools

from hypothesis import given
from hypothesis import strategies as st

from stock_ai.merging import history_entry, merge, to_millisecond, version
from stock_ai.models.analysis import Signal
from stock_ai.models.insight import HistoryKind
from stock_ai.models.llm import Stance
from tests.fakes.messages import NOW, ai_analysis, llm_analysis

LATER = NOW + dt.timedelta(minutes=1)


def test_one_part_alone_makes_an_insight():
    ai = merge(None, ai_analysis())
    assert (ai.signal, ai.confidence, ai.close, ai.llm) == (Signal.BUY, 0.5, 101_000, None)
    text = merge(None, llm_analysis())
    assert (text.signal, text.confidence, text.close, text.ai) == (None, None, None, None)
    assert text.as_of == llm_analysis().as_of


def test_both_parts_live_side_by_side_and_the_figures_are_those_of_the_ai():
    insight = merge(merge(None, llm_analysis(event_time=LATER, as_of=dt.date(2025, 8, 21))), ai_analysis())
    assert (insight.event_time, insight.as_of) == (LATER, dt.date(2025, 8, 22))
    assert (insight.ai, insight.llm.analysis_id) == (ai_analysis(), "l1")


def test_one_simulated_part_makes_the_whole_simulated():
    assert merge(merge(None, llm_analysis(simulated=True)), ai_analysis()).simulated


def test_an_older_analysis_returns_the_very_same_insight():
    current = merge(None, ai_analysis(event_time=LATER))
    assert merge(current, ai_analysis("FPT", "z9", NOW)) is current
    assert merge(current, ai_analysis(event_time=LATER)) is current


def test_the_history_entry_does_not_tell_when_the_analysis_was_made():
    assert history_entry(ai_analysis()) == history_entry(ai_analysis(event_time=LATER))
    assert history_entry(llm_analysis()).kind is HistoryKind.LLM


def test_an_event_time_is_cut_to_the_millisecond():
    fine = ai_analysis(event_time=NOW + dt.timedelta(microseconds=1_999))
    assert to_millisecond(fine).event_time == NOW + dt.timedelta(milliseconds=1)
    assert to_millisecond(ai_analysis()) == ai_analysis()


minutes = st.integers(0, 3).map(lambda minute: NOW + dt.timedelta(minutes=minute))
made = st.builds(
    lambda name, time: ai_analysis("FPT", name, time, as_of=(NOW + "abc".index(name) * dt.timedelta(2)).date()),
    st.sampled_from("abc"),
    minutes,
)
told = st.builds(
    lambda name, time, provider, about, stance: llm_analysis(
        "FPT", name, time, provider=provider, ai_analysis_id=about, stance=stance
    ),
    st.sampled_from("xyz"),
    minutes,
    st.sampled_from(["anthropic", "template"]),
    st.sampled_from("abc"),
    st.sampled_from(Stance),
)


@given(st.lists(made | told, min_size=1, max_size=4))
def test_every_order_gives_the_same_insight(analyses):
    orders = itertools.permutations(analyses)
    assert len({functools.reduce(merge, order, None).wire() for order in orders}) == 1


@given(st.lists(made | told, min_size=1, max_size=6))
def test_the_version_rises_with_every_change_and_only_then(analyses):
    insight = None
    for analysis in analyses:
        before, insight = insight, merge(insight, analysis)
        if before is not None:
            assert (version(before) < version(insight)) is (insight is not before)
            assert version(before).encode() <= version(insight).encode()
