"""The service: facts, template, cache, publishing."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.llm_analysis import facts, phrases
from functions.llm_analysis.facts import fact_sheet
from functions.llm_analysis.provider import Draft
from functions.llm_analysis.readings import _RULES
from functions.llm_analysis.service import parse_language, parse_symbol
from functions.llm_analysis.template import TemplateProvider
from functions.llm_analysis.wiring import providers
from stock_ai.errors import InvalidInputError, NotFoundError, RetryableError
from stock_ai.indicators import INDICATORS, RELATIVE
from stock_ai.market.symbols import is_symbol
from stock_ai.models import Language, LlmAnalysis, SignalReason, WithheldReason, topics
from stock_ai.settings import LlmSettings
from tests.fakes.api_services import DAY, NOW, make_analysis, make_text, make_withheld
from tests.fakes.explaining import explaining
from tests.fakes.messages import llm_analysis

REASONS = [
    SignalReason(feature="return_5", value=1.5, weight=0.3, text="The stock rose in the last week"),
    SignalReason(feature="rank_20", value=0.9, weight=-0.2, text="It is far above the others."),
]


class Silent:
    """A provider whose answers never have the asked form."""

    name, model, prompt_version = "anthropic", "claude-test", "explain-1"

    def __init__(self):
        self.asked = 0

    def write(self, sheet, language):
        self.asked += 1


class Counting(TemplateProvider):
    def __init__(self):
        super().__init__()
        self.asked = 0

    def write(self, sheet, language):
        self.asked += 1
        return super().write(sheet, language)


def numbers(text):
    """Every number in a text, grouping and decimal sign of either language removed."""
    return [re.sub(r"[.,]", "", number) for number in re.findall(r"\d[\d.,]*\d|\d", text)]


def text_of(draft: Draft):
    return " ".join([draft.summary, *draft.drivers, *draft.risks])


def test_facts_are_those_of_the_analysis_and_carry_unit_and_date():
    rows = {row["id"]: row for row in fact_sheet(make_analysis(reasons=REASONS)).rows()}
    assert rows["close"] == {
        "id": "close", "name": "Close as traded", "value": 99000, "unit": "VND", "date": DAY.isoformat()
    }  # fmt: skip
    assert (rows["confidence"]["value"], rows["confidence"]["unit"]) == (61.2, "%")
    assert rows["reason_for.return_5"]["value"] == "The stock rose in the last week"
    assert "indicator.sma_200" not in rows
    assert "simulated" not in rows


def test_fingerprint_names_the_facts_and_not_the_moment():
    first, later = make_analysis(), make_analysis(event_time="2025-08-24T00:00:00Z", analysis_id="other")
    assert fact_sheet(first).fingerprint("x") == fact_sheet(later).fingerprint("x")
    changed = make_analysis(indicators={"rsi_14": 74.3})
    assert fact_sheet(first).fingerprint("x") != fact_sheet(changed).fingerprint("x")
    assert fact_sheet(first).fingerprint("x") != fact_sheet(first).fingerprint("y")


@pytest.mark.parametrize("language", list(Language))
def test_template_is_deterministic_marked_and_uses_no_number_beyond_the_facts(language):
    sheet = fact_sheet(make_analysis(reasons=REASONS))
    draft = TemplateProvider().write(sheet, language)
    assert draft == TemplateProvider().write(sheet, language)
    assert phrases.author("template", language) in draft.summary
    allowed = {number for fact in sheet.facts for number in numbers(phrases.show(fact, language))}
    allowed |= set(numbers(phrases.show_date(sheet.as_of, language))) | set(re.findall(r"\d+", "20250822 2025 08 22"))
    ids = {digit for fact in sheet.facts for digit in re.findall(r"\d+", fact.id)}
    assert set(numbers(text_of(draft))) <= allowed | ids


def test_template_in_english_and_vietnamese():
    sheet = fact_sheet(make_analysis(reasons=REASONS))
    english = TemplateProvider().write(sheet, Language.ENGLISH)
    assert english.summary.startswith("FPT closed at 99,000 VND on 2025-08-22. The model expects it to do better")
    assert "61.2%" in english.summary
    assert english.stance == "bullish"
    assert "The stock rose in the last week." in english.drivers
    assert "RSI stands at 74.2, in the overbought zone." in english.risks
    vietnamese = TemplateProvider().write(sheet, Language.VIETNAMESE)
    assert vietnamese.summary.startswith("FPT đóng cửa ở 99.000 đồng ngày 22/08/2025.")
    assert "61,2%" in vietnamese.summary
    assert "RSI ở mức 74,2, trong vùng quá mua." in vietnamese.risks
    assert vietnamese.stance == english.stance


@pytest.mark.parametrize("reason", list(WithheldReason))
@pytest.mark.parametrize("language", list(Language))
def test_template_says_why_there_is_no_signal(reason, language):
    draft = TemplateProvider().write(fact_sheet(make_withheld("FPT", reason, "96 bars stored, 260 needed")), language)
    expected = phrases.WITHHELD[reason][language].split("(")[0]
    assert expected in draft.summary
    assert draft.stance == "neutral"
    assert phrases.NO_SIGNAL_RISK[language] in draft.risks


def test_facts_are_of_indicators_that_are_computed_and_readings_of_facts():
    known = {indicator.name for indicator in (*INDICATORS, *RELATIVE)}
    assert {name for rule in _RULES for name in rule.indicators} <= set(facts.INDICATORS) <= known
    assert len(set(facts.INDICATORS)) == len(facts.INDICATORS) < 25


def test_other_indicators_are_left_out():
    sheet = fact_sheet(make_analysis(indicators={"candle_doji": 100.0, "rsi_14": 74.2, "obv": 1e9}))
    assert [fact.id for fact in sheet.starting("indicator.")] == ["indicator.rsi_14"]


@given(
    st.dictionaries(
        st.sampled_from([indicator.name for indicator in INDICATORS]),
        st.none() | st.floats(allow_nan=False, allow_infinity=False, width=32),
    ),
    st.sampled_from(Language),
)
def test_template_always_answers(indicators, language):
    draft = TemplateProvider().write(fact_sheet(make_analysis(indicators=indicators)), language)
    assert draft.summary
    assert draft.risks


@pytest.mark.parametrize("proven", [True, False])
@pytest.mark.parametrize("language", Language)
def test_unproven_skill_is_said_beside_the_probability(proven, language):
    analysis = make_analysis()
    model = analysis.model.model_copy(update={"proven_skill": proven})
    draft = TemplateProvider().write(fact_sheet(make_analysis(model=model)), language)
    assert (phrases.UNPROVEN[language] in draft.risks) is not proven


def test_simulated_data_are_said_first_and_in_the_disclaimer():
    house = explaining()
    house.insights.apply([make_analysis(simulated=True, source="simulated", event_time="2025-08-24T00:00:00Z")])
    for language in Language:
        answer = house.explain("FPT", language)
        assert answer.simulated
        assert answer.summary.startswith(phrases.SIMULATED[language])
        assert answer.disclaimer.startswith(phrases.SIMULATED[language])


def test_new_answer_is_published_once_and_kept():
    provider = Counting()
    house = explaining(provider)
    first = house.explain("FPT", Language.ENGLISH)
    house.clock.advance(hours=1)
    assert house.explain("FPT", Language.ENGLISH) == first
    assert provider.asked == 1
    (sent,) = house.publisher.sent
    assert (sent.topic, sent.key, house.publisher.flushes) == (topics.LLM_ANALYSIS_RESULTS, "FPT", 1)
    assert LlmAnalysis.model_validate_json(sent.value) == first
    assert (first.event_time, first.ai_analysis_id, first.as_of) == (NOW, "ai-FPT-BUY", DAY)


def test_other_language_or_other_facts_are_written_anew():
    provider = Counting()
    house = explaining(provider)
    english = house.explain("FPT", Language.ENGLISH)
    vietnamese = house.explain("FPT", Language.VIETNAMESE)
    house.insights.apply([make_analysis(close=100_000, event_time="2025-08-24T00:00:00Z")])
    changed = house.explain("FPT", Language.ENGLISH)
    assert provider.asked == 3
    assert len({english.analysis_id, vietnamese.analysis_id, changed.analysis_id}) == 3


def test_answer_that_could_not_be_sent_is_not_kept():
    house = explaining()
    house.publisher.down = True
    with pytest.raises(RetryableError):
        house.explain("FPT", Language.ENGLISH)
    assert house.cache.kept == {}
    house.publisher.down = False
    house.explain("FPT", Language.ENGLISH)
    assert house.publisher.flushes == 1


def test_unusable_answers_are_asked_for_once_more_and_then_replaced_and_marked():
    silent = Silent()
    house = explaining(silent)
    answer = house.explain("FPT", Language.ENGLISH)
    assert silent.asked == 2
    assert (answer.provider, answer.model) == ("template", "rules instead of claude-test")
    assert phrases.UNUSABLE_ANSWER[Language.ENGLISH] in answer.summary
    assert answer.analysis_id != explaining().explain("FPT", Language.ENGLISH).analysis_id


def test_unanalysed_symbols_are_not_found():
    house = explaining()
    house.insights.apply([llm_analysis("VCB")])
    for symbol in ("VCB", "HPG"):
        with pytest.raises(NotFoundError, match=symbol):
            house.explain(symbol, Language.ENGLISH)


@given(st.text(max_size=9) | st.none() | st.integers() | st.dictionaries(st.text(max_size=3), st.text(max_size=3)))
def test_symbol_of_an_event_is_checked(value):
    if isinstance(value, str) and value.isascii() and is_symbol(value.upper()):
        assert parse_symbol(value) == value.upper()
    else:
        with pytest.raises(InvalidInputError, match=re.escape(repr(value))):
            parse_symbol(value)


def test_language_of_an_event_is_checked():
    assert parse_language("vi") is Language.VIETNAMESE
    for wrong in ("fr", None, 1, ""):
        with pytest.raises(InvalidInputError, match=re.escape(f"language {wrong!r} is not one of en, vi")):
            parse_language(wrong)


def test_key_decides_who_writes():
    assert [p.name for p in providers(LlmSettings(ANTHROPIC_API_KEY=None))] == ["template", "template"]
    provider, fallback = providers(LlmSettings(ANTHROPIC_API_KEY="sk-ant-x", ANTHROPIC_MODEL="claude-test"))
    assert (provider.name, provider.model, fallback.name) == ("anthropic", "claude-test", "template")
    assert fallback.model == "rules instead of claude-test"


def test_answer_survives_json():
    answer = make_text()
    assert LlmAnalysis.model_validate(json.loads(json.dumps(answer.model_dump(mode="json")))) == answer
    assert dataclasses.is_dataclass(fact_sheet(make_analysis()))
