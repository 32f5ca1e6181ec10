"""Spans of time: the sessions a fact covers and those a text speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from functions.llm_analysis.facts import Fact
from functions.llm_analysis.grounding.numbers import Number, Unit

HORIZON: Final = "5"
_OF_ID: Final = re.compile(r"_(\d+w?)$")
_IN_WORDS: Final = re.compile(r"\b(\d+)[ -](session|day|phiên|ngày|week|tuần)")
_IN_REASON: Final = re.compile(r"_(\d+w?)(?=_|$)")
_UNSAID: Final = {"band": HORIZON, "atr_percent": "14", "return_1": "1"}
_SESSIONS: Final = {
    Unit.WEEKS: {1: "5", 4: "20", 12: "60", 13: "60", 52: "52w"},
    Unit.MONTHS: {1: "20", 3: "60", 12: "52w"},
    Unit.QUARTERS: {1: "60"},
    Unit.YEARS: {1: "52w"},
}
_WORDS: Final = (
    ("1", r"\b(?:on|of|for) the (?:day|session)\b|(?:trong|so với) phiên|\bin a day\b"),
    ("5", r"\b(?:past|last|this|a|one|the) week\b|\bweekly\b|(?<!\d )tuần (?:qua|vừa qua|này|gần nhất)|một tuần"),
    ("20", r"\b(?:past|last|this|a|one|the) month\b|\bmonthly\b|(?<!\d )tháng (?:qua|vừa qua|này|gần nhất)|một tháng"),
    ("60", r"\b(?:past|last|this|a|one|the) quarter\b|\bquarterly\b|(?<!\d )quý (?:qua|vừa qua|này)|ba tháng"),
)
_SPOKEN: Final = tuple((window, re.compile(words)) for window, words in _WORDS)
_BY_WINDOW: Final = ("return_", "excess_", "versus_", "level.", "traded_value_")


def window_of(fact: Fact) -> str | None:
    """The sessions that a fact covers, as in its id: `20`, `52w`; None when it has none."""
    match = _OF_ID.search(fact.id)
    return match[1] if match else _UNSAID.get(fact.id)


def windows_of(facts: Iterable[Fact]) -> set[str]:
    """The windows a text about `facts` may speak of: theirs, those in their words, and the horizon of the signal."""
    found = {HORIZON}
    for fact in facts:
        own = window_of(fact)
        found |= {own} if own is not None else set()
        if fact.is_reason:
            found.update(_IN_REASON.findall(fact.id))
        words = f"{fact.name} {fact.value}" if isinstance(fact.value, str) else fact.name
        found |= {count + "w" * (unit in ("week", "tuần")) for count, unit in _IN_WORDS.findall(words.lower())}
    return found


def window(number: Number) -> str:
    """The window that a number with a unit of time states, in sessions; one that no fact can have otherwise."""
    count = round(number.readings[0].value) if number.readings else 0
    if number.unit is None or number.unit is Unit.SESSIONS:
        return str(count)
    return _SESSIONS.get(number.unit, {}).get(count, f"{count} {number.unit}")


def spoken(words: str) -> list[tuple[int, int, str]]:
    """The windows said without a number, with start and end: last week, tháng qua."""
    return [(match.start(), match.end(), window) for window, pattern in _SPOKEN for match in pattern.finditer(words)]


def disagrees(fact: Fact, said: set[str]) -> bool:
    """Whether a clause that speaks of the windows `said` cannot be about `fact`."""
    own = window_of(fact)
    return bool(said) and own is not None and fact.id.startswith(_BY_WINDOW) and own not in said
