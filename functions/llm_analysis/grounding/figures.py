"""Every number of a sentence against the facts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from functions.llm_analysis.facts import Fact, FactSheet
from functions.llm_analysis.grounding.findings import FaultKind
from functions.llm_analysis.grounding.matching import states, states_but_for_unit, targets
from functions.llm_analysis.grounding.names import Name, Parameter, named_after, named_before
from functions.llm_analysis.grounding.numbers import SPANS, Number, Unit
from functions.llm_analysis.grounding.text import Sentence
from functions.llm_analysis.grounding.windows import disagrees, spoken, window, windows_of

_THRESHOLDS: Final = {
    "rsi_": (30, 50, 70), "mfi_": (20, 50, 80), "stochastic_": (20, 50, 80), "adx_": (20, 25, 40), "beta_": (1,),
    "bollinger_": (0, 0.5, 1), "macd_": (0,), "volume_ratio_": (1,), "confidence": (50,), "probability.": (50,),
    "track.hit_rate": (50,),
}  # fmt: skip
_OSCILLATORS: Final = ("rsi_", "mfi_", "stochastic_", "adx_")
_OF_BOUND: Final = (
    r"(?:(?:mức|ngưỡng|mốc|vùng|quá mua|quá bán|the|its|overbought|oversold|(?:threshold|line|level|mark) (?:of|at))"
    r" )*$"
)
_ABOVE: Final = re.compile(r"\b(?:above|over|exceed\w*|more than|higher than|trên|vượt|cao hơn|hơn)\s" + _OF_BOUND)
_BELOW: Final = re.compile(
    r"\b(?:below|under|less than|lower than|short of|dưới|thấp hơn|chưa tới|chưa đến|kém)\s" + _OF_BOUND
)
_THRESHOLD: Final = re.compile(
    r"(?:threshold|level|mark|line|zone|boundary|cut-?off|reading|midpoint|middle|ngưỡng|mốc|vùng|biên)s?"
    r"(?: of| at| is| là)?\s(?:quá mua |quá bán )?$"
)
_THRESHOLD_AFTER: Final = re.compile(r"^[ -](?:threshold|level|mark|line|boundary|cut-?off)")
_OVER: Final = re.compile(r"\b(?:over|in|within|for|sau|trong|qua)\s(?:the last |the past )?$")
_PRIOR: Final = re.compile(r"\b(?:previous|prior|preceding|yesterday|day before|phiên trước|hôm trước|liền trước)\b")
_NOT: Final = re.compile(r"(?:\bnot|n't|\bnor|\bnever|\bwithout|chưa|không)(?:\s\S+)?\s$")
_CERTAIN: Final = re.compile(r"\bcertain\w*|\bsure\b|\bguarante\w+|chắc chắn|đảm bảo|tuyệt đối")
_HISTORY: Final = re.compile(r"^(?: of)? (?:data|history|dữ liệu|lịch sử|trading history)")
_BEHIND: Final = re.compile(r"\bbehind\b|\bchậm\b|\btrễ\b|\blate\b|\blags?\b")
_BETTER: Final = re.compile(r"\b(?:beat\w*|outperform\w*|better|vượt trội|tốt hơn|tăng giá)\b")
_WORSE: Final = re.compile(r"\b(?:lag\w*|trail\w*|underperform\w*|worse|kém hơn|kém|thua)\b")
_EVEN: Final = re.compile(r"\b(?:moving with|move with|in line|with the market|đi cùng|trung tính|neutral)\b")
_CHANCE: Final = ("confidence", "probability.")
_NEAR: Final = 15
"""Round numbers this close to an oscillator may be compared with it."""
_FAR: Final = 30
"""A window that stands further from a figure, in characters, is not said of it."""
_LEAD: Final = 12
"""So many characters before the name of a level its window may start: the 20-session high."""
_SPECIFIC: Final = 3
"""A figure with this many digits that one fact alone has is taken to mean that fact, cited or not."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with the facts that it may state, and what is wrong with it, if anything."""

    number: Number
    facts: tuple[Fact, ...] = ()
    fault: tuple[FaultKind, str] | None = None
    threshold: bool = False
    """It is a customary bound, such as the 70 of the RSI."""


@dataclass
class Figures:
    """The numbers of one sentence: windows apart from figures. `said` holds the windows of each clause."""

    sentence: Sentence
    sheet: FactSheet
    cited: list[Fact]
    names: list[Name]
    parameters: list[Parameter]
    numbers: list[Number]
    spans: list[Number] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)

    def __post_init__(self) -> None:
        following: Number | None = None
        for number in reversed(self.numbers):
            if number.unit in SPANS or self._shares_span(number, following) or self._is_bare_span(number):
                self.spans.insert(0, number)
            following = number
        self._others = [(one.start, one.end) for one in self.numbers if one not in self.spans]
        self._taken = sorted(
            [(one.start, one.end) for one in self.spans] + [(one.start, one.end) for one in self.parameters]
        )
        self.figures = [self._span(number) if number in self.spans else self._figure(number) for number in self.numbers]

    def _shares_span(self, number: Number, following: Number | None) -> bool:
        """Whether it has its unit from the next number: 20- and 50-session, 5, 20 và 60 phiên."""
        if number.unit is not None or following is None or following not in self.spans:
            return False
        between = self.sentence.lower[number.end : following.start]
        return re.fullmatch(r"-?[\s,/]*(?:and|or|và|hoặc|to|đến|of|of the|trên|/)?\s*", between) is not None

    def _is_bare_span(self, number: Number) -> bool:
        """A window whose unit another one has stated before: 4.1 % over twenty."""
        if number.unit is not None or not any(one.unit in SPANS for one in self.numbers if one.start < number.start):
            return False
        return (
            _OVER.search(self.sentence.lower[: number.start]) is not None
            and bool(number.readings)
            and window(number) in windows_of(self.cited)
        )

    @cached_property
    def windows(self) -> list[tuple[int, int, str]]:
        """Every window that the sentence speaks of, with start and end."""
        return [
            *spoken(self.sentence.lower),
            *((one.start, one.end, window(one)) for one in self.spans),
            *((one.start, one.end, one.window) for one in self.parameters if one.window),
        ]

    def said(self, number: Number) -> set[str]:
        """The windows said of a figure: those of its clause that stand nearer to it than to any other figure."""
        clause = self.sentence.clause(number.start)
        said = set()
        for start, end, which in self.windows:
            if self.sentence.clause(start) == clause:
                nearest = min(
                    (max(start - one_end, one_start - end), one_start)
                    for one_start, one_end in self._others
                    if self.sentence.clause(one_start) == clause
                )
                if nearest[1] == number.start and nearest[0] <= _FAR:
                    said.add(which)
        return said

    def _span(self, number: Number) -> Figure:
        behind = self.sheet.get("quality.sessions_behind")
        words = self.sentence.within(self.sentence.clause(number.start))
        if behind is not None and behind in self.cited and _BEHIND.search(words) and number.unit is Unit.SESSIONS:
            return self._either(number, [behind])
        stated = [fact for fact in self.cited if number.unit is not None and states(number, fact)]
        if stated:
            return Figure(number, tuple(stated))
        if number.unit is Unit.YEARS and window(number) == "52w":
            return Figure(number)  # A year, per year.
        if _HISTORY.match(self.sentence.lower[number.end :]):
            return self._either(number, [fact for fact in self.sheet.facts if fact.id in ("bars", "withheld.detail")])
        if window(number) in windows_of(self.cited):
            return Figure(number)
        if window(number) in windows_of(self.sheet.facts):
            return _wrong(number, FaultKind.CITATION, "no cited fact covers that span")
        return _wrong(number, FaultKind.NUMBER, "no fact covers that span")

    def _figure(self, number: Number) -> Figure:
        if not number.readings:
            return _wrong(number, FaultKind.NUMBER, "it cannot be read as one number")
        if number.unit is Unit.PERCENT and number.readings[0].value == 100 and _CERTAIN.search(self.sentence.lower):
            return Figure(number)  # Not 100 % certain.
        bound = self._bound(number)
        if bound is not None:
            return bound
        clause = self.sentence.clause(number.start)
        chain = named_before(self.sentence, self.names, number.start, self._taken, self._others)
        chain = chain or named_after(self.sentence, self.names, number.end)
        meant = [fact for name in chain for fact in name.facts(self.sheet) if self._fits(number, fact)]
        uncited = all(fact.id != "close" for fact in self.cited)
        if any(fact.id == "close" for fact in meant) and (uncited or _PRIOR.search(self.sentence.within(clause))):
            meant += self.sheet.starting("previous_close")
        said = self.said(number)
        if meant:
            named = (chain[0].start - _LEAD, number.start) if meant[0].id.startswith("level.") else (0, 0)
            said |= {which for start, _, which in self.windows if named[0] <= start < named[1]}
            quoted = [fact for fact in self.cited if isinstance(fact.value, str) and fact not in meant]
            found = [fact for fact in [*meant, *quoted] if states(number, fact)]
            if not found:
                return _wrong(number, FaultKind.NUMBER, f"{chain[0].words} is {_values(meant)}")
        else:
            found = [fact for fact in self.cited if states(number, fact)]
            if not found:
                return self._uncited(number)
        return self._narrowed(number, found, said, clause)

    def _fits(self, number: Number, fact: Fact) -> bool:
        if not targets(number.unit, fact) or isinstance(fact.value, str):
            return False
        # A bare number is no price when it is far too small for one.
        return number.unit is not None or fact.unit != "VND" or number.readings[0].value >= abs(float(fact.value)) / 50

    def _narrowed(self, number: Number, found: list[Fact], said: set[str], clause: int) -> Figure:
        agreeing = [fact for fact in found if not disagrees(fact, said)]
        if not agreeing:
            return _wrong(number, FaultKind.NUMBER, f"it is {_listed(found)}, of another span")
        if all(fact.id.startswith(_CHANCE) for fact in agreeing):
            return self._chance(number, agreeing, clause)
        return Figure(number, tuple(agreeing))

    def _chance(self, number: Number, found: list[Fact], clause: int) -> Figure:
        """A probability with the outcome it is said of in the same clause."""
        words = self.sentence.within(clause)
        if words.startswith("(") and clause > 0:
            words = self.sentence.within(clause - 1) + words
            if clause + 1 < len(self.sentence.clauses) and self.sentence.within(clause + 1).startswith(")"):
                words += self.sentence.within(clause + 1)
        outcomes = [
            name for name, said in (("up", _BETTER), ("down", _WORSE), ("neutral", _EVEN)) if said.search(words)
        ]
        fact = self.sheet.get(f"probability.{outcomes[0]}") if len(outcomes) == 1 else None
        if fact is not None and not states(number, fact):
            return _wrong(number, FaultKind.NUMBER, f"{fact.id} is {_values([fact])}")
        return Figure(number, tuple(found))

    def _uncited(self, number: Number) -> Figure:
        others = [fact for fact in self.sheet.facts if states(number, fact) and not isinstance(fact.value, str)]
        if others and max(one.digits for one in number.readings) >= _SPECIFIC and self.cited:
            values = {fact.value for fact in others}
            if len(values) == 1 and number.unit is not None:
                return self._narrowed(number, others, self.said(number), self.sentence.clause(number.start))
        if others:
            return _wrong(number, FaultKind.CITATION, f"{_listed(others)} says so and is not cited")
        if any(states_but_for_unit(number, fact) for fact in self.cited):
            return _wrong(number, FaultKind.UNIT, f"the cited facts are {_values(self.cited)}")
        return _wrong(
            number, FaultKind.NUMBER, f"the cited facts are {_values(self.cited)}" if self.cited else "no fact"
        )

    def _either(self, number: Number, facts: list[Fact]) -> Figure:
        found = tuple(fact for fact in facts if states(number, fact))
        return Figure(number, found) if found else _wrong(number, FaultKind.NUMBER, f"it is {_values(facts)}")

    def _bound(self, number: Number) -> Figure | None:
        """A customary bound, such as the 70 of the RSI, that is named as one or compared with; None: it is none."""
        value = number.readings[0].value
        before, after = self.sentence.lower[: number.start], self.sentence.lower[number.end :]
        above, below = _ABOVE.search(before), _BELOW.search(before)
        if (denied := above or below) and _NOT.search(before[: denied.start()]):
            above, below = below, above
        if number.unit not in (None, Unit.PERCENT, Unit.POINTS):
            return None
        bounded = [fact for fact in self._spoken_of(number) if _is_bound(value, fact)]
        if not bounded:
            return None
        if (above or below) and not self.sentence.conditional(number.start):
            if any(float(fact.value) > value if above else float(fact.value) < value for fact in bounded):
                return Figure(number, threshold=True)
            return _wrong(number, FaultKind.DIRECTION, _values(bounded))
        named = _THRESHOLD.search(before) or _THRESHOLD_AFTER.match(after) or above or below
        return Figure(number, threshold=True) if named else None

    def _spoken_of(self, number: Number) -> list[Fact]:
        """The facts of the last name before a number that has bounds, else all that are cited."""
        for name in reversed([one for one in self.names if one.end <= number.start]):
            facts = [fact for fact in name.facts(self.sheet) if fact.id.startswith(tuple(_THRESHOLDS))]
            if facts:
                return facts
        return self.cited


def _is_bound(value: float, fact: Fact) -> bool:
    if isinstance(fact.value, str):
        return False
    if value in next((bounds for prefix, bounds in _THRESHOLDS.items() if fact.id.startswith(prefix)), ()):
        return True
    return fact.id.startswith(_OSCILLATORS) and value % 10 == 0 and abs(value - fact.value) <= _NEAR and value > 0


def _wrong(number: Number, kind: FaultKind, message: str) -> Figure:
    return Figure(number, (), (kind, message))


def _listed(facts: list[Fact]) -> str:
    return ", ".join(fact.id for fact in facts)


def _values(facts: list[Fact]) -> str:
    return "; ".join(f"{fact.id} = {fact.value} {fact.unit}".rstrip() for fact in facts)
