"""The template says nothing that its facts do not bear: of no sheet has its draft a fault."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.llm_analysis import template
from functions.llm_analysis.grounding.check import check
from stock_ai.ml.features import FEATURES
from stock_ai.models.analysis import ModelRef, Signal, SignalReason, WithheldReason
from stock_ai.models.llm import Language
from tests.fakes.api_services import DAY, NOW, make_analysis, make_withheld
from tests.fakes.llm_context import Around, make_bars, make_outcome, make_quality, make_record

pytestmark = pytest.mark.slow

CHANGES = st.floats(-60, 60)
INDICATORS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("roc_1", "roc_5", "roc_20", "roc_60", "macd_histogram"), CHANGES),
        **{f"relative_strength_{period}": CHANGES for period in (20, 60)},
        **{name: st.floats(0, 100) for name in ("rsi_14", "mfi_14", "adx_14", "stochastic_k")},
        **{f"sma_{period}": st.floats(40_000, 200_000) for period in (20, 50, 200)},
        "volatility_20": st.floats(0.01, 1.5),
        "volume_ratio_20": st.floats(0, 12),
        "distance_high_52w": st.floats(-80, 0),
        "distance_low_52w": st.floats(0, 300),
    },
)


@st.composite
def reasons(draw):
    chosen = draw(st.lists(st.sampled_from(sorted(FEATURES)), unique=True, max_size=5))
    made = []
    for feature in chosen:
        value, usual, weight = draw(st.floats(-9, 9)), draw(st.floats(-9, 9)), draw(st.sampled_from([-0.2, 0.2]))
        side, speaks = ("above" if value > usual else "below"), ("for" if weight > 0 else "against")
        text = f"{FEATURES[feature]} is {value:.3g}, {side} its usual {usual:.3g}: speaks {speaks} {{signal}}"
        made.append((feature, value, weight, text))
    return made


@st.composite
def analyses(draw):
    changes = {
        "indicators": draw(INDICATORS),
        "adjusted": draw(st.booleans()),
        "provisional": draw(st.booleans()),
        "simulated": draw(st.booleans()),
        "bars": draw(st.integers(1, 3000)),
    }
    if draw(st.booleans()):
        reason = draw(st.sampled_from(list(WithheldReason)))
        if reason is WithheldReason.INDEX_NOT_MODELLED:
            return make_withheld("VNINDEX", reason, "no", **changes | {"close": Decimal("1645.47")})
        return make_withheld("FPT", reason, "96 bars stored, 260 needed", **changes)
    signal = draw(st.sampled_from(list(Signal)))
    proven = draw(st.booleans())
    return make_analysis(
        signal=signal,
        confidence=draw(st.floats(0, 1)),
        model=ModelRef(name="logistic", version="v1", trained_until=dt.date(2025, 6, 30), proven_skill=proven),
        reasons=[
            SignalReason(feature=feature, value=value, weight=weight, text=text.format(signal=signal))
            for feature, value, weight, text in draw(reasons())
        ],
        **changes,
    )


@pytest.mark.parametrize("language", list(Language))
@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    analysis=analyses(),
    bars=st.integers(0, 25),
    completeness=st.floats(0, 1),
    hits=st.lists(st.booleans(), max_size=30),
    late=st.integers(0, 9),
)
def test_a_draft_of_the_template_has_no_fault(language, analysis, bars, completeness, hits, late):
    around = Around()
    around.clock.now = NOW + dt.timedelta(days=late)
    if bars:
        around.prices.upsert(make_bars(bars, factor=0.8))
    around.quality.kept["FPT"] = make_quality(completeness=completeness, warnings=[("jump", DAY)] if late > 5 else [])
    around.track.rows = [make_outcome(f"s{at}", hit) for at, hit in enumerate(hits)]
    around.track.tallies = make_record()
    sheet = around.sheet(analysis)
    draft = template.write(sheet, language)
    findings = check(draft, sheet)
    texts = {place: statement.text for place, statement in draft.statements()}
    assert not findings.faults, [(fault, texts.get(fault.at)) for fault in findings.faults]


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("side", ["above", "below"])
@pytest.mark.parametrize("feature", FEATURES)
def test_no_reason_has_a_fault(feature, side, language):
    both = [("for", 0.2), ("against", -0.2)]
    for speaks, weight in both:
        text = f"{FEATURES[feature]} is 0.123, {side} its usual 0.456: speaks {speaks} SELL"
        reason = SignalReason(feature=feature, value=0.123, weight=weight, text=text)
        sheet = Around().sheet(make_analysis(signal=Signal.SELL, reasons=[reason]))
        draft = template.write(sheet, language)
        assert not check(draft, sheet).faults, [statement.text for _, statement in draft.statements()]
