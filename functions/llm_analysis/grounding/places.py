"""Above and below: what a price is compared with."""

from __future__ import annotations

import re
from typing import Final

from functions.llm_analysis.facts import Fact, FactSheet
from functions.llm_analysis.grounding.figures import Figure, Figures
from functions.llm_analysis.grounding.text import Sentence
from functions.llm_analysis.grounding.windows import window_of
from functions.llm_analysis.grounding.words import Family, Word
from stock_ai.models.base import Price

_AVERAGE: Final = re.compile(
    r"\baverages?\b|\bs?mas?\b|\bsma\d|\bma\d|trung bình|bình quân|đường(?! tín hiệu)|\d[- ](?:session|day)"
)
_SIGNAL_LINE: Final = re.compile(r"signal line|đường tín hiệu")
_UPPER: Final = re.compile(r"upper (?:bollinger )?band|dải (?:bollinger )?trên|biên trên")
_LOWER: Final = re.compile(r"lower (?:bollinger )?band|dải (?:bollinger )?dưới|biên dưới")
_NOW: Final = re.compile(
    r"^\s?(?:than |the |so với |mức )*(?:current |last |latest |today's )?(?:price|close|giá|thị giá)"
)
_OF_VOLUME: Final = re.compile(r"\bvolumes?\b|\bturnover\b|\bliquidity\b|khối lượng|thanh khoản|giao dịch")
_CUT: Final = re.compile(r",\s|[;:(]|\b(?:but|yet|while|whereas|although|so|nhưng|trong khi|còn|dù|song|nên)\b")
_THAN: Final = re.compile(r"\s(?:than|the|its|a|mức|tỷ lệ|xác suất|so với)\b[^,;]*$")
_SHARES: Final = ("track.hit_rate", "track.base", "probability.", "confidence")
_USUAL: Final = re.compile(r"(?: \w+)? (?:its |the )?(?:usual|normal)|(?: mức)? (?:thường|bình thường|thông thường)")
_REACH: Final = 45


def place_fault(sentence: Sentence, word: Word, following: int, sheet: FactSheet, figures: Figures) -> str | None:
    """What is wrong with `above` or `below`, empty when the comparison holds; None when it compares with nothing known.

    `following` is where the next direction word starts: what stands after it is no longer compared with.
    """
    if word.family is Family.RELATIVE and not word.negated:
        return _two_shares(sentence, word, figures)
    if word.family is not Family.PLACE:
        return None
    reach = _CUT.split(sentence.lower[word.end : min(word.end + _REACH, following)], maxsplit=1)[0]
    ahead = [one for one in figures.figures if word.end <= one.number.start < word.end + _REACH]
    direct = [one for one in ahead if _between(sentence, word, one)]
    if any(one.threshold for one in direct[:1]):
        return ""
    if _NOW.match(reach):
        return _against_close(word, sheet, figures)
    level = next(
        (fact for one in direct for fact in one.facts if fact.id.startswith(("level.", "previous_close"))), None
    )
    if level is not None:
        return "" if sentence.conditional(word.start) else _compared(word, sheet.close, level)
    reason = next((fact for one in direct[:1] for fact in one.facts if fact.is_reason), None)
    if reason is not None:
        return _of_reason(word, reason)
    if figures.cited and all(fact.is_reason for fact in figures.cited):
        return None
    shares = _two_shares(sentence, word, figures)
    if shares is not None:
        return shares
    facts = _targets(sentence, word, reach, sheet, figures)
    if facts is None:
        return None
    if sentence.conditional(word.start):
        return ""
    wrong = [fact for fact, way in facts if not word.agrees(way)]
    return "; ".join(f"{fact.id} = {fact.value} {fact.unit}".rstrip() for fact in wrong)


def _two_shares(sentence: Sentence, word: Word, figures: Figures) -> str | None:
    """A probability or hit rate said to be better or worse than another one that follows."""
    shares = [one for one in figures.figures if any(fact.id.startswith(_SHARES) for fact in one.facts)]
    before = [one for one in shares if one.number.end <= word.start]
    after = [one for one in shares if word.end <= one.number.start < word.end + _REACH]
    if not before or not after or not _THAN.match(sentence.lower[word.end : after[0].number.start]):
        return None
    first, second = _share(before[-1]), _share(after[0])
    if word.agrees((float(first.value) > float(second.value)) - (float(first.value) < float(second.value))):
        return ""
    return f"{first.id} = {first.value}, {second.id} = {second.value}"


def _between(sentence: Sentence, word: Word, figure: Figure) -> bool:
    """Whether nothing but a clause of the same comparison stands between word and figure."""
    gap = sentence.lower[word.end : figure.number.start]
    return re.search(r",\s|;|\b(?:and|but|và|nhưng|while|còn)\b", gap) is None


def _compared(word: Word, close: Price, level: Fact) -> str:
    way = (float(close) > float(level.value)) - (float(close) < float(level.value))
    return "" if word.agrees(way) else f"the close is {close}, {level.id} is {level.value}"


def reason_fault(sentence: Sentence, word: Word, following: int, sheet: FactSheet, figures: Figures) -> str | None:
    """As `place_fault`, of a statement about reasons only: they compare with what is usual."""
    if word.family is Family.PLACE and len(figures.cited) == 1 and _USUAL.match(sentence.lower[word.end :]):
        return _of_reason(word, figures.cited[0])
    return place_fault(sentence, word, following, sheet, figures)


def _of_reason(word: Word, reason: Fact) -> str:
    """A value of the model said to be above or below its usual one; the reason says so in words."""
    said = 1 if ", above its usual" in str(reason.value) else -1
    return "" if word.agrees(said) else f"{reason.id}: {reason.value}"


def _share(figure: Figure) -> Fact:
    return next(fact for fact in figure.facts if fact.id.startswith(_SHARES))


def _against_close(word: Word, sheet: FactSheet, figures: Figures) -> str:
    """A level said to be above or below the price."""
    levels = [fact for one in figures.figures for fact in one.facts if fact.id.startswith("level.")]
    for level in levels[-1:]:
        way = (float(level.value) > float(sheet.close)) - (float(level.value) < float(sheet.close))
        if not word.agrees(way):
            return f"{level.id} is {level.value}, the close is {sheet.close}"
    return ""


def _targets(
    sentence: Sentence, word: Word, reach: str, sheet: FactSheet, figures: Figures
) -> list[tuple[Fact, int]] | None:
    """The facts that compare with what stands after the word, with their direction."""
    if _SIGNAL_LINE.search(reach):
        return _ways(sheet, ("macd_",))
    if _UPPER.search(reach) or _LOWER.search(reach):
        percent_b = sheet.starting("bollinger_percent_b")
        bound = 1.0 if _UPPER.search(reach) else 0.0
        return [(fact, (float(fact.value) > bound) - (float(fact.value) < bound)) for fact in percent_b]
    clause = sentence.clause(word.start)
    if not _AVERAGE.search(reach):
        return None
    if _OF_VOLUME.search(sentence.within(clause)):
        return _ways(sheet, ("volume_ratio_",))
    said = {which for start, _, which in figures.windows if word.end <= start < word.end + len(reach)}
    averages = [(fact, way) for fact, way in _ways(sheet, ("versus_sma_",)) if window_of(fact) in said]
    return averages or None


def _ways(sheet: FactSheet, prefixes: tuple[str, ...]) -> list[tuple[Fact, int]]:
    facts = [fact for fact in sheet.facts if fact.id.startswith(prefixes) and not isinstance(fact.value, str)]
    return [
        (fact, fact.direction if fact.direction is not None else (float(fact.value) > 0) - (float(fact.value) < 0))
        for fact in facts
    ]
