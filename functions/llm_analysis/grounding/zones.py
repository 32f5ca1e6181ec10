"""Overbought and oversold, and the model's signal by name."""

from __future__ import annotations

import re
from typing import Final

from functions.llm_analysis.facts import Fact, FactSheet
from functions.llm_analysis.grounding.figures import Figures
from functions.llm_analysis.grounding.text import Sentence
from functions.llm_analysis.grounding.words import Word

_ZONES: Final = {"rsi_": (30, 70), "mfi_": (20, 80), "stochastic_": (20, 80)}
_SIGNALS: Final = {1: "up", 0: "neutral", -1: "down"}
_NO_SIGNAL: Final = re.compile(r"\b(?:no|without)\b[^,;.]{0,12}$|\b(?:không|chưa)\b[^,;.]{0,16}$")
_NEARLY: Final = re.compile(
    r"\b(?:near|nearing|close to|approach\w*|not far from|towards?|almost|gần|sát|tiệm cận|tiến về|hướng về)\b"
    r"[^,;.]{0,16}$"
)
_GIVEN: Final = re.compile(r"(?: is| at| gets| has| with|:| là| có| được| chỉ| \(|\s|=)*")
_NEAR: Final = re.compile(r"[^,;.:]{1,30}")
_CHANCE: Final = ("confidence", "probability.")
_GIVEN_BEFORE: Final = re.compile(r"\s(?:of |for |of a |for a |của |cho |là )?")
_REACH: Final = 25
"""So many characters before a zone the word that makes it a possibility may stand: may soon be overbought."""
_MARGIN: Final = 10
"""So many points from its bound an oscillator is near it."""


def zone_fault(sentence: Sentence, word: Word, sheet: FactSheet, cited: list[Fact]) -> str | None:
    """Overbought needs an RSI from 70, an MFI or stochastic from 80; oversold the mirror image. Named ones decide."""
    if sentence.conditional(word.start, _REACH) or re.search(
        r"(?:threshold|ngưỡng|mốc)[^,;]{0,12}$", sentence.lower[: word.start]
    ):
        return None
    if re.match(r"\s(?:threshold|level|line|mark|boundary)", sentence.lower[word.end :]):
        return None
    known = [(fact, bounds) for fact in sheet.facts for prefix, bounds in _ZONES.items() if fact.id.startswith(prefix)]
    clauses = sentence.lower[: word.end]
    named = [one for one in known if one[0].id.split("_")[0] in clauses and one[0] in cited]
    about = named or [one for one in known if one[0] in cited] or known
    margin = _MARGIN if _NEARLY.search(sentence.lower[: word.start]) else 0
    held = [_in_zone(fact, bounds, word.sign, margin) for fact, bounds in about]
    if not held or (not any(held) if word.negated else any(held)):
        return None
    return "; ".join(f"{fact.id} = {fact.value}" for fact, _ in about)


def _in_zone(fact: Fact, bounds: tuple[int, int], sign: int, margin: int) -> bool:
    low, high = bounds
    return not isinstance(fact.value, str) and (fact.value >= high - margin if sign > 0 else fact.value <= low + margin)


def signal_fault(sentence: Sentence, word: Word, sheet: FactSheet, figures: Figures) -> str | None:
    """A signal must be the model's own; another one may be denied, or named with its probability."""
    signal = sheet.get("signal")
    stated = None if signal is None else {"BUY": 1, "HOLD": 0, "SELL": -1}.get(str(signal.value))
    chance = sheet.get(f"probability.{_SIGNALS[word.sign]}")
    for one in figures.figures:
        if chance is None or not one.facts or not all(fact.id.startswith(_CHANCE) for fact in one.facts):
            continue
        after, before = sentence.lower[word.end : one.number.start], sentence.lower[one.number.end : word.start]
        if _GIVEN_BEFORE.fullmatch(before) or (one.number.start >= word.end and _GIVEN.fullmatch(after)):
            return None if chance in one.facts else f"{chance.id} is {chance.value} %"
        if word.sign != stated and chance in one.facts and (_NEAR.fullmatch(after) or _NEAR.fullmatch(before)):
            return None
    if stated == word.sign:
        return f"the signal is {signal.value}" if word.negated and signal else None
    if word.negated or _NO_SIGNAL.search(sentence.lower[: word.start]):
        return None
    return "there is no signal" if signal is None else f"the signal is {signal.value}"
