"""The rule by which a text may move the confidence of a signal."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stock_ai.merging import merge, restated
from stock_ai.models.analysis import ModelRef, Signal, Withheld, WithheldReason
from stock_ai.models.insight import Agreement, Insight, PartReason
from stock_ai.models.llm import Stance, StanceConfidence
from tests.fakes.messages import NOW, ai_analysis, llm_analysis

FRIDAY, MONDAY = dt.date(2025, 8, 22), dt.date(2025, 8, 25)
PROVEN = ModelRef(name="m", version="1", trained_until=dt.date(2025, 1, 1), proven_skill=True)
UNPROVEN = PROVEN.model_copy(update={"proven_skill": False})


def text(**changes):
    return llm_analysis(**({"provider": "anthropic", "stance_confidence": StanceConfidence.HIGH} | changes))


def together(ai, llm):
    insight = merge(merge(None, llm), ai)
    assert insight == merge(merge(None, ai), llm)
    return insight


def reason(insight):
    return insight.parts[-1].reason


def test_the_signal_alone_is_calibrated_and_carries_all_weight():
    insight = merge(None, ai_analysis(model=PROVEN))
    (part,) = insight.parts
    assert (insight.confidence, insight.calibrated, insight.agreement) == (0.5, True, Agreement.NONE)
    assert (part.source, part.view, part.confidence, part.weight, part.reliability) == ("ai", "bullish", 0.5, 1, 1)
    assert (part.as_of, part.age_sessions, part.used, part.reason) == (FRIDAY, 0, True, PartReason.STATES)
    assert insight.proven_skill is True


@pytest.mark.parametrize(
    ("model", "stance", "confidence", "agreement"),
    [
        (PROVEN, Stance.BULLISH, (0.5 + 0.01) / 1.01, Agreement.AGREE),
        (PROVEN, Stance.BEARISH, 0.5 / 1.01, Agreement.CONFLICT),
        (UNPROVEN, Stance.BULLISH, (0.25 + 0.01) / 0.51, Agreement.AGREE),
        (UNPROVEN, Stance.BEARISH, 0.25 / 0.51, Agreement.CONFLICT),
    ],
)
def test_a_text_moves_the_confidence_by_its_small_weight_and_then_it_is_not_calibrated(
    model, stance, confidence, agreement
):
    insight = together(ai_analysis(model=model), text(stance=stance))
    assert insight.confidence == pytest.approx(confidence, abs=1e-6)
    assert (insight.calibrated, insight.agreement) == (False, agreement)
    ai, llm = insight.parts
    assert (ai.confidence, ai.used, llm.used, llm.confidence) == (0.5, True, True, None)
    assert ai.weight + llm.weight == pytest.approx(1, abs=1e-6)
    assert llm.weight == pytest.approx(0.01 / (ai.reliability + 0.01), abs=1e-6)


def test_a_less_sure_author_counts_less():
    moved = [
        together(ai_analysis(), text(stance_confidence=sure)).confidence
        for sure in (StanceConfidence.LOW, StanceConfidence.MEDIUM, StanceConfidence.HIGH)
    ]
    assert 0.5 < moved[0] < moved[1] < moved[2]


def test_a_text_counts_less_by_sessions_and_not_at_all_from_the_fifth_on():
    # Monday 2025-08-25 comes after Friday; 2025-09-01 and 02 were holidays.
    days = [FRIDAY, MONDAY, *(dt.date(2025, 8, day) for day in (26, 27, 28, 29)), dt.date(2025, 9, 3)]
    insights = [
        together(ai_analysis(as_of=day), text(as_of=FRIDAY, ai_analysis_id="earlier", stance=Stance.BULLISH))
        for day in days
    ]
    assert [insight.parts[1].age_sessions for insight in insights] == [0, 1, 2, 3, 4, 5, 6]
    assert [insight.parts[1].used for insight in insights] == [True] * 5 + [False] * 2
    assert [reason(insight) for insight in insights] == [PartReason.AGREES] * 5 + [PartReason.TOO_OLD] * 2
    weights = [insight.parts[1].weight for insight in insights[:6]]
    assert weights == sorted(weights, reverse=True)
    assert weights[0] < together(ai_analysis(), text()).parts[1].weight
    assert (insights[5].confidence, insights[5].calibrated) == (0.5, True)


@pytest.mark.parametrize(
    ("ai", "llm", "why"),
    [
        ({}, {"provider": "template"}, PartReason.TEMPLATE),
        ({}, {"stance": Stance.NEUTRAL}, PartReason.UNDECIDED),
        ({"signal": Signal.HOLD}, {"stance": Stance.BULLISH}, PartReason.UNDECIDED),
        ({}, {"as_of": MONDAY}, PartReason.NEWER_THAN_AI),
    ],
)
def test_a_text_that_does_not_count_leaves_the_calibrated_confidence(ai, llm, why):
    insight = together(ai_analysis(**ai), text(**llm))
    assert (insight.confidence, insight.calibrated, insight.agreement) == (0.5, True, Agreement.NONE)
    part = insight.parts[1]
    assert (part.used, part.weight, part.reason) == (False, 0, why)
    assert (part.view is None, part.reliability) == (why is PartReason.TEMPLATE, 0 if part.view is None else 0.01)
    assert insight.parts[0].weight == 1


def test_the_age_of_the_signal_counts_from_a_newer_text():
    insight = together(ai_analysis(), text(as_of=MONDAY))
    assert [part.age_sessions for part in insight.parts] == [1, 0]


def test_without_a_signal_a_text_says_nothing_of_a_confidence():
    nothing = dict.fromkeys(("signal", "confidence", "probabilities", "model"))
    withheld = Withheld(reason=WithheldReason.NO_MODEL, detail="none")
    for insight in (together(ai_analysis(**nothing, withheld=withheld), text()), merge(None, text())):
        assert (insight.confidence, insight.calibrated, insight.agreement) == (None, False, Agreement.NONE)
        assert {part.used for part in insight.parts} == {False}
        assert {part.weight for part in insight.parts} == {0}
        assert reason(insight) is PartReason.NO_SIGNAL


ais = st.builds(
    ai_analysis,
    signal=st.sampled_from(Signal),
    confidence=st.floats(0, 1),
    model=st.sampled_from([None, PROVEN, UNPROVEN]),
    as_of=st.dates(dt.date(2025, 8, 1), dt.date(2025, 9, 30)),
)
texts = st.builds(
    text,
    provider=st.sampled_from(["anthropic", "template"]),
    stance=st.sampled_from(Stance),
    stance_confidence=st.sampled_from(StanceConfidence),
    as_of=st.dates(dt.date(2025, 8, 1), dt.date(2025, 9, 30)),
    ai_analysis_id=st.sampled_from(["a1", "other", None]),
)


@given(ais, texts)
def test_whatever_a_text_says_it_moves_less_than_two_points_in_the_direction_of_its_view(ai, llm):
    insight = together(ai, llm)
    moved = insight.confidence - ai.confidence
    assert abs(moved) < 0.02
    assert 0 <= insight.confidence <= 1
    counts = insight.parts[1].used
    assert insight.calibrated is not counts
    assert (insight.agreement is Agreement.NONE) is not counts
    if insight.agreement is Agreement.AGREE:
        assert moved >= -1e-6
    elif insight.agreement is Agreement.CONFLICT:
        assert moved <= 1e-6
    else:
        assert moved == 0
    assert insight.parts[0].confidence == ai.confidence


def test_an_insight_of_an_earlier_release_is_read_and_restated():
    insight = together(ai_analysis(model=PROVEN), text())
    added = {"calibrated", "agreement", "parts", "proven_skill"}
    earlier = insight.model_copy(update={"confidence": 0.5}).model_dump_json(exclude=added)
    read = Insight.model_validate_json(earlier)
    assert (read.parts, read.calibrated, read.agreement, read.proven_skill) == ([], False, Agreement.NONE, None)
    assert restated(read) == insight
    assert restated(insight) is insight


def test_of_two_wordings_of_one_id_and_instant_every_order_chooses_the_same():
    one, other = text(summary="One."), text(summary="Another.")
    assert merge(merge(None, one), other) == merge(merge(None, other), one)
    assert merge(merge(None, one), text(summary="A third.", event_time=NOW + dt.timedelta(1))).llm.summary == "A third."
