"""Every direction word of a sentence against the direction of the facts it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from functions.llm_analysis.facts import Fact, FactSheet
from functions.llm_analysis.grounding.figures import Figure, Figures
from functions.llm_analysis.grounding.numbers import Number, Unit
from functions.llm_analysis.grounding.places import place_fault, reason_fault
from functions.llm_analysis.grounding.text import Sentence
from functions.llm_analysis.grounding.words import Family, Word
from functions.llm_analysis.grounding.zones import signal_fault, zone_fault

Claim = tuple[str, str | None]
"""The words of a claim, and what is wrong with it or None."""

_BY_FAMILY: Final = {
    Family.CHANGE: ("return_",),
    Family.RELATIVE: ("excess_",),
    Family.PLACE: ("versus_", "distance_", "volume_ratio_"),
}
_SIGNED: Final = ("return_", "excess_", "versus_", "distance_", "macd_")
_CONTRARY: Final = ("rsi_", "mfi_", "stochastic_", "reason.", "volume_ratio_", "distance_")
_CHANCES: Final = ("confidence", "probability.up", "probability.neutral", "probability.down")
_SIDES: Final = {"probability.up": 1, "probability.down": -1}
_OF_VOLUME: Final = re.compile(r"\bvolumes?\b|\bturnover\b|\bliquidity\b|khối lượng|thanh khoản|giao dịch trầm")
_OF_OTHERS: Final = re.compile(
    r"\bselling\b|\bsellers?\b|\bbuying\b|\bpressure\b|áp lực|lực bán|lực mua|lực cầu"
    r"|\bvolatility\b|\bconfidence\b|\bprobabilit\w+|\brisks?\b|biến động mạnh|độ biến động|xác suất|độ tin cậy|rủi ro"
)
_OF_MODEL: Final = re.compile(
    r"\bmodel\b|\bexpect\w*|\bsignals?\b|\bforecast\w*|mô hình|kỳ vọng|dự báo|tín hiệu|nghiêng về"
)
_OF_CHANCE: Final = re.compile(r"\bprobabilit\w+|\bodds\b|\bchances?\b|\blikelihood\b|xác suất|(?<!nhiều )khả năng")
_DOWNWARD: Final = re.compile(
    r"\boff\b|\baway\b|\bfrom\b|\bgap\b|\bdistance\b|\bweak\w*|\bsoft\w*|\bdeficit\b|\bshort\w*|\bsetback|\bsell-?off"
    r"|\bcorrect\w+|\bpull-?back|\bminus\b|\bless\b|\bred\b|\bunder\b|\blow\w*|\bpoor\w*|\bbehind\b"
    r"|cách|kém|yếu|thấp|hụt|thiệt|điều chỉnh|sắc đỏ|lỗ|âm"
)
"""Words that go with a fall, loosely: with one of them its figure needs no sign."""
_SPEAKS: Final = re.compile(
    r"(?:speak|argue|count|weigh|point)s? (?:for|in favou?r)|(?:không |chưa )ủng hộ|chống lại|ủng hộ"
    r"|(?:speak|argue|count|weigh|point)s? against"
)
_AGAINST: Final = re.compile(r"against|không|chưa|chống")
_FROM: Final = re.compile(r"\b(?:from|từ)\s(?:mức )?$")
_TO: Final = re.compile(r"\s(?:to|lên|xuống|còn|về|đến|tới)\s(?:mức )?")
_TOPICS: Final = {
    "excess_": re.compile(
        r"\b(?:index|market|vn-?index|benchmark|relative\w*|peers|against)\b|thị trường|chỉ số|tương đối|so với"
    ),
    "versus_": re.compile(r"averages?\b|\bmean\b|\bs?ma ?\d*\b|trung bình|bình quân|đường"),
    "distance_": re.compile(r"\bhighs?\b|\bpeak|\blows?\b|\btop\b|đỉnh|đáy"),
}
"""What a clause must speak of when a change in it is a fact of that kind."""
_EBBING: Final = re.compile(
    r"^\s(?:\S+\s){0,2}(?:slow\w*|stall\w*|fad\w+|pause\w*|ran out|chậm lại|chững lại|yếu dần|suy yếu|bị hãm)"
)
_STILL: Final = 1.0
"""A change up to this many per cent may be called flat."""


def direction(fact: Fact) -> int | None:
    """The direction of a fact: as it says, or the sign of a change, or None."""
    if fact.is_reason:
        return None  # It speaks for or against the signal, not up or down.
    if fact.direction is None and fact.id.startswith(_SIGNED) and not isinstance(fact.value, str):
        return (fact.value > 0) - (fact.value < 0)
    return fact.direction


def direction_claims(
    sentence: Sentence, sheet: FactSheet, cited: list[Fact], words: list[Word], figures: Figures
) -> Iterator[Claim]:
    """Each direction word with what is wrong with it, or None; so is a falling figure that nothing calls so."""
    spoken_of: dict[int, list[Figure]] = {}
    for figure in figures.figures:
        if figure.fault is None and not figure.threshold and _directed(figure):
            at = _governing(sentence, figure.number, words)
            if at is not None and words[at].family is Family.CHANGE and _is_multiple(figure):
                continue
            if at is not None and (mixed := _mixed_up(sentence, words[at], figure)) is not None:
                yield figure.number.text, mixed
                continue
            if at is not None:
                spoken_of.setdefault(at, []).append(figure)
            elif (falling := _unsaid(sentence, figure)) is not None:
                yield figure.number.text, falling
    moves = _moves(sentence, words, figures)
    reasons = bool(cited) and all(fact.is_reason for fact in cited)
    if reasons:
        yield from _reason_claims(sentence, cited)
    for at, word in enumerate(words):
        if reasons and word.family is not Family.SIGNAL:
            # Of features, not of the price: only a comparison with a figure of the reason can be checked.
            yield word.text, reason_fault(sentence, word, _next(words, at), sheet, figures)
        elif at in moves:
            yield word.text, moves[at]
        elif word.family is Family.SIGNAL:
            yield word.text, signal_fault(sentence, word, sheet, figures)
        elif word.family is Family.ZONE:
            yield word.text, zone_fault(sentence, word, sheet, cited)
        elif (placed := place_fault(sentence, word, _next(words, at), sheet, figures)) is not None:
            yield word.text, placed or _numbered(word, spoken_of.get(at, []))
        elif at in spoken_of:
            yield word.text, _numbered(word, spoken_of[at])
        else:
            beside = [one for one in figures.figures if _touches(word, one.number) and one.fault is None and one.facts]
            if beside:
                yield word.text, _beside(word, beside[0])
            else:
                apart = _EBBING.match(sentence.lower[word.end :]) or _of_chance(sentence, word, figures)
                yield word.text, None if apart else _bare(sentence, word, sheet, cited)


def _mixed_up(sentence: Sentence, word: Word, figure: Figure) -> str | None:
    """A change given as one of another kind: fell 7.5 %, where that is the change less the market's."""
    end = sentence.clauses[sentence.clause(figure.number.start)][1]
    words = sentence.lower[: max(end, word.end)]
    ids = [fact.id for fact in figure.facts]
    if word.family is Family.CHANGE:
        for prefix, topic in _TOPICS.items():
            if all(fact_id.startswith(prefix) for fact_id in ids) and not topic.search(words):
                return f"that is {ids[0]}"
    market = _TOPICS["excess_"].search(sentence.within(sentence.clause(figure.number.start)))
    if word.family is Family.RELATIVE and market and all(fact_id.startswith("return_") for fact_id in ids):
        return f"that is {ids[0]}"
    return None


def _reason_claims(sentence: Sentence, reasons: list[Fact]) -> Iterator[Claim]:
    """Whether reasons that all point one way are said to speak for the signal, or against it."""
    ways = {fact.direction for fact in reasons}
    if len(ways) == 1:
        for match in _SPEAKS.finditer(sentence.lower):
            said = -1 if _AGAINST.search(match[0]) else 1
            yield match[0], None if said in ways else f"{reasons[0].id}: {reasons[0].value}"


def _moves(sentence: Sentence, words: list[Word], figures: Figures) -> dict[int, str | None]:
    """From one figure to another: what is wrong with the word that says which way, by its index."""
    found: dict[int, str | None] = {}
    for first, second in zip(figures.figures, figures.figures[1:], strict=False):
        start, end = first.number.start, second.number.start
        between = sentence.lower[first.number.end : end]
        if not (_FROM.search(sentence.lower[:start]) and _TO.fullmatch(between)):
            continue
        earlier = [at for at, word in enumerate(words) if word.family is Family.CHANGE and word.end <= start]
        if (
            earlier
            and first.number.readings
            and second.number.readings
            and first.number.unit in (None, second.number.unit)
        ):
            values = first.number.readings[-1].value, second.number.readings[-1].value
            way = (values[1] > values[0]) - (values[1] < values[0])
            found[earlier[-1]] = None if words[earlier[-1]].agrees(way) else f"from {values[0]:g} to {values[1]:g}"
    return found


def _next(words: list[Word], at: int) -> int:
    return words[at + 1].start if at + 1 < len(words) else 10_000


def _touches(word: Word, number: Number) -> bool:
    """Whether word and figure stand side by side, so that the word says what the figure is of: 26.1 % up."""
    return 0 <= number.start - word.end <= 1 or 0 <= word.start - number.end <= 1


def _beside(word: Word, figure: Figure) -> str | None:
    """A word that only says what a figure is of: a probability must be that of the same side."""
    sides = {_SIDES[fact.id]: fact for fact in figure.facts if fact.id in _SIDES}
    if len(sides) != 1 or word.sign == 0 or word.sign in sides:
        return None
    return f"it is {next(iter(sides.values())).id}"


def _of_chance(sentence: Sentence, word: Word, figures: Figures) -> bool:
    """Whether a word names the outcome that a probability beside it is of; the figure is checked for that."""
    clause = sentence.clause(word.start)
    inside = {clause}
    if clause + 1 < len(sentence.clauses) and sentence.within(clause + 1).startswith("("):
        inside.add(clause + 1)
    if sentence.within(clause).startswith(")"):
        inside.add(clause - 1)
    return word.family is Family.RELATIVE and any(
        sentence.clause(one.number.start) in inside and any(fact.id in _CHANCES for fact in one.facts)
        for one in figures.figures
    )


def _is_multiple(figure: Figure) -> bool:
    """A volume as a multiple of its average, which rises and falls without passing it: 1.35 times, 135 %."""
    ratios = [fact for fact in figure.facts if fact.id.startswith("volume_ratio_")]
    off = figure.number.unit is Unit.PERCENT and any(
        abs(figure.number.readings[0].value - abs(float(fact.value) - 1) * 100) < 1 for fact in ratios
    )
    return bool(ratios) and not off


def _directed(figure: Figure) -> bool:
    number = figure.number
    return any(direction(fact) is not None for fact in figure.facts) and (
        number.unit in (Unit.PERCENT, None, Unit.TIMES) or any(fact.id.startswith("macd_") for fact in figure.facts)
    )


def _governing(sentence: Sentence, number: Number, words: list[Word]) -> int | None:
    """The word that gives a figure its direction: the nearest of its clause, else the last one before it."""
    clause = sentence.clause(number.start)
    fitting = [
        (at, word) for at, word in enumerate(words)
        if word.family in (Family.CHANGE, Family.PLACE, Family.RELATIVE, Family.MOOD)
    ]  # fmt: skip
    here = [(at, word) for at, word in fitting if sentence.clause(word.start) == clause]
    if here:
        return min(here, key=lambda one: max(number.start - one[1].end, one[1].start - number.end))[0]
    if number.sign:
        return None
    earlier = [at for at, word in fitting if word.end <= number.start]
    return earlier[-1] if earlier else None


def _unsaid(sentence: Sentence, figure: Figure) -> str | None:
    """A fall stated as a plain figure, with neither sign nor word."""
    if figure.number.sign or _DOWNWARD.search(sentence.lower):
        return None
    falls = [fact for fact in figure.facts if fact.id.startswith(_SIGNED) and direction(fact) == -1]
    if len(falls) < len(figure.facts):
        return None
    return f"{falls[0].id} is {falls[0].value}: say that it fell, or write the sign"


def _numbered(word: Word, figures: list[Figure]) -> str | None:
    """A word with figures: every figure must have a fact of that direction."""
    for figure in figures:
        known = [(fact, way) for fact in figure.facts if (way := direction(fact)) is not None]
        if known and not any(_called(word, fact, way) for fact, way in known):
            return f"{known[0][0].id} is {known[0][0].value} {known[0][0].unit}".rstrip()
    return None


def _called(word: Word, fact: Fact, way: int) -> bool:
    if fact.id.startswith("macd_") and word.family is not Family.MOOD:
        return True  # The histogram may fall while it is above zero: checked as a bare word.
    return _called_bare(word, fact, way)


def _bare(sentence: Sentence, word: Word, sheet: FactSheet, cited: list[Fact]) -> str | None:
    """A word without a figure: one of the facts it can be about must have that direction."""
    if sentence.conditional(word.start):
        return None
    words = sentence.within(sentence.clause(word.start))
    facts = _about(words, word, sheet, cited)
    known = [(fact, way) for fact in facts if (way := direction(fact)) is not None]
    if not known or any(_called_bare(word, fact, way) for fact, way in known):
        return None
    return "; ".join(f"{fact.id} = {fact.value} {fact.unit}".rstrip() for fact, _ in known)


def _called_bare(word: Word, fact: Fact, way: int) -> bool:
    if word.sign == 0 and not word.negated:
        return way == 0 or (not isinstance(fact.value, str) and abs(fact.value) <= _STILL)
    return word.agrees(way)


def _about(words: str, word: Word, sheet: FactSheet, cited: list[Fact]) -> list[Fact]:
    if word.family is Family.RELATIVE:
        if _OF_CHANCE.search(words):
            return []
        if _OF_MODEL.search(words):
            return [fact for fact in sheet.facts if fact.id == "signal"]
    if word.family in (Family.CHANGE, Family.PLACE):
        if _OF_VOLUME.search(words):
            return [fact for fact in cited if fact.id.startswith("volume_ratio_")] if word.sign else []
        if _OF_OTHERS.search(words):
            return []
    if word.family is Family.MOOD:
        if re.search(r"\bmacd\b", words):
            return [fact for fact in sheet.facts if fact.id.startswith("macd_")]
        return [fact for fact in cited if not fact.id.startswith(_CONTRARY)]
        if word.family is Family.PLACE:
            return [fact for fact in cited if fact.id.startswith(_BY_FAMILY[Family.PLACE])]
    of_family = [fact for fact in cited if fact.id.startswith(_BY_FAMILY[word.family])]
    if of_family:
        return of_family if word.family is not Family.CHANGE else [*of_family, *_trends(cited)]
    if word.family is Family.CHANGE and (trends := _trends(cited)):
        return trends
    if word.family is Family.RELATIVE and not _TOPICS["excess_"].search(words):
        return []
    return [fact for fact in sheet.facts if fact.id.startswith(_BY_FAMILY[word.family])]


def _trends(cited: list[Fact]) -> list[Fact]:
    return [fact for fact in cited if fact.id.startswith(("versus_", "macd_", "excess_"))]
