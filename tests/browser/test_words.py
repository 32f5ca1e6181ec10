"""The words of both languages, and the shape of the sources. Needs no browser."""

from __future__ import annotations

import json
import re

import pytest

from stock_ai.indicators import INDICATORS, RELATIVE
from stock_ai.indicators.chosen import FORMS
from stock_ai.market.sessions import Phase
from stock_ai.ml.features import FEATURE_NAMES, FEATURES
from stock_ai.models.analysis import NullReason, WithheldReason
from stock_ai.models.insight import PartReason
from stock_ai.quality.report import WarningKind
from tests.browser.fixture_api import DASHBOARD
from tests.fakes.llm_context import every_fact

MAX_LINES = 300
_USED = re.compile(r'\b(?:t|known|credit|points)\(\s*(?:[\w.=!?" ]+\? )?"([\w.-]+)"')
_ANY = re.compile(r'"([a-z]+\.[\w.-]+)"')
_MADE = re.compile(r"`([a-z-]+)\.\$\{")


def words(code: str) -> dict[str, str]:
    return json.loads((DASHBOARD / "locales" / f"{code}.json").read_text(encoding="utf-8"))


def sources() -> dict[str, str]:
    return {str(file.relative_to(DASHBOARD)): file.read_text(encoding="utf-8") for file in DASHBOARD.glob("js/**/*.js")}


def test_both_languages_say_the_same_with_the_same_blanks():
    english, vietnamese = words("en"), words("vi")
    assert english.keys() == vietnamese.keys()
    for key, text in english.items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", vietnamese[key])), key


def test_every_key_is_known_and_every_word_is_used():
    code = "\n".join(sources().values())
    english = words("en")
    assert set(_USED.findall(code)) - english.keys() == set()
    families = {f"{family}." for family in _MADE.findall(code)}
    named = set(_ANY.findall(code)) | set(_USED.findall(code))
    counts = {"reason.", "warning."}
    unused = {key for key in english if key not in named and not key.startswith(tuple(families | counts))}
    assert unused == set()


def test_reasons_of_the_backend_have_words():
    english = words("en")
    kinds = [
        ("part-reason", PartReason), ("withheld", WithheldReason), ("withheld-why", WithheldReason),
        ("null", NullReason), ("warning", WarningKind),
    ]  # fmt: skip
    assert [f"{family}.{one}" for family, kind in kinds for one in kind if f"{family}.{one}" not in english] == []


@pytest.mark.parametrize("language", ["en", "vi"])
def test_every_feature_and_indicator_has_words_of_its_own(language):
    listed = words(language)
    parameters = {parameter.name for form in FORMS for parameter in form.parameters}
    names = {
        "feature": set(FEATURE_NAMES),
        "indicator": {one.name for one in (*INDICATORS, *RELATIVE, *FORMS)},
        "parameter": parameters,
    }
    for family, known in names.items():
        assert family_of(listed, family).keys() == known, family
    features = family_of(listed, "feature")
    assert len(set(features.values())) == len(features)


def test_english_words_are_those_of_the_backend():
    english = words("en")
    assert family_of(english, "feature") == FEATURES
    about = {one.name: one.description for one in (*FORMS, *INDICATORS, *RELATIVE)}
    assert family_of(english, "indicator") == about


def test_values_of_facts_have_words():
    english = words("en")
    assert {fact.unit for fact in every_fact()} - {""} == family_of(english, "unit").keys()
    assert family_of(english, "word").keys() == {"yes", "no", *Phase}
    codes = {str(fact.value) for fact in every_fact() if fact.id in ("adjusted", "model.proven", "simulated")}
    assert codes <= {"yes", "no"}


def family_of(listed: dict[str, str], family: str) -> dict[str, str]:
    return {key.removeprefix(f"{family}."): text for key, text in listed.items() if key.startswith(f"{family}.")}


def test_sources_are_short_and_need_nothing_from_elsewhere():
    for name, text in sources().items():
        assert text.count("\n") < MAX_LINES, name
        assert "innerHTML" not in text, name
    page = (DASHBOARD / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert re.findall(r"\bstyle=|\bon\w+=|https?://", page) == []
    preloaded = set(re.findall(r'modulepreload" href="([^"]+)"', page))
    needed = {f"js/{file.name}" for file in DASHBOARD.glob("js/*.js")} - {"js/boot.js", "js/live.js"} | {
        "js/views/market.js",
        "js/charts/area.js",
    }
    assert preloaded == needed
