"""What facts are called under a text, and that none of them has an English name alone."""

import re
from pathlib import Path

import pytest

from functions.llm_analysis import facts_of
from functions.llm_analysis.fact_names import name, value
from functions.llm_analysis.facts import Fact
from stock_ai.models.llm import Language
from tests.fakes.api_services import DAY
from tests.fakes.explaining import Scripted, explaining, make_draft
from tests.fakes.llm_context import every_fact

EN, VI = Language.ENGLISH, Language.VIETNAMESE
FACTS = every_fact()
_MADE = re.compile(r'table\.\w+\(\s*f?"([^"]+)"')


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: f"{fact.id} {fact.unit}".strip())
def test_every_fact_has_a_vietnamese_name(fact):
    assert name(fact, EN) == fact.name
    named = name(fact, VI)
    assert named
    assert named != fact.name
    if not fact.id.startswith("reason."):
        assert sorted(re.findall(r"\d+", named)) == sorted(re.findall(r"\d+", fact.name)), "they tell of other spans"


def test_no_two_facts_have_the_same_name():
    names = {fact.id: name(fact, VI) for fact in FACTS if not fact.id.startswith("reason.")}
    assert len(set(names.values())) == len(names)


def test_the_facts_above_are_all_that_are_made():
    sources = "\n".join(file.read_text(encoding="utf-8") for file in Path(facts_of.__file__).parent.glob("*.py"))
    ids = [fact.id for fact in FACTS]
    made = _MADE.findall(sources)
    assert len(made) > 50
    for written in made:
        pattern = ".+".join(re.escape(part) for part in re.split(r"\{[^}]+\}", written))
        assert any(re.fullmatch(pattern, fact_id) for fact_id in ids), written


def test_a_fact_that_nobody_has_named_keeps_its_name():
    assert name(Fact("new", "Something new", 1, "", DAY), VI) == "Something new"


def test_a_reason_is_told_in_the_language_of_the_text_and_codes_are_left():
    text = "return over 5 sessions is 0.012, above its usual 0.003: speaks for BUY"
    reason = Fact("reason.return_5", "Speaks for the signal", text, "", DAY, 1)
    assert value(reason, EN) == text
    assert value(reason, VI) == "Mức thay đổi giá trong 5 phiên đang ở mức cao, ủng hộ tín hiệu BUY."
    assert name(reason, VI) == "Ủng hộ tín hiệu"
    assert value(Fact("signal", "Signal", "BUY", "", DAY, 1), VI) == "BUY"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (EN, ("Close as traded", "Lowest price of 20 sessions")),
        (VI, ("Giá đóng cửa gần nhất, theo giá giao dịch", "Mức thấp nhất 20 phiên")),
    ],
)
def test_sources_and_levels_are_named_in_the_language_of_the_text(language, expected):
    text = explaining(Scripted([make_draft()])).explain("FPT", language).analysis
    cited = {fact.id: fact.name for fact in text.cited}
    assert (cited["close"], cited["level.low_20"]) == expected
    assert [level.name for level in text.levels] == [expected[1]]
