"""Numbers in a sentence, with scale, unit and precision, written the English or the Vietnamese way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from functions.llm_analysis.grounding.text import Sentence


class Unit(StrEnum):
    """What a number is said to count."""

    PERCENT = "%"
    VND = "VND"
    FOREIGN = "foreign money"
    POINTS = "points"
    SHARES = "shares"
    TIMES = "x"
    SESSIONS = "sessions"
    WEEKS = "weeks"
    MONTHS = "months"
    QUARTERS = "quarters"
    YEARS = "years"
    BARS = "bars"


SPANS: Final = (Unit.SESSIONS, Unit.WEEKS, Unit.MONTHS, Unit.QUARTERS, Unit.YEARS)
"""Units of time: a number with one is a window, or a count of sessions."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the digits. `step` is the weight of the last stated digit: 0.1 for 61.2."""

    value: float
    step: float
    digits: int
    """Significant digits, trailing zeros of whole numbers not counted."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written, in every way it can be read: 1.234 is 1234, or 1.234."""

    start: int
    end: int
    text: str
    readings: tuple[Reading, ...]
    sign: str
    """`+`, `-`, or empty where none is written."""
    unit: Unit | None
    rough: bool
    """Said to be about this much: zeros at its end state nothing."""
    floor: bool
    """Said to be more than this: digits may be cut off, not rounded."""


_SCALES: Final = {
    "nghìn tỷ": 1e12, "nghìn tỉ": 1e12, "ngàn tỷ": 1e12, "ngàn tỉ": 1e12, "trillion": 1e12, "tn": 1e12,
    "billion": 1e9, "bn": 1e9, "tỷ": 1e9, "tỉ": 1e9, "b": 1e9,
    "million": 1e6, "mn": 1e6, "mln": 1e6, "triệu": 1e6, "tr": 1e6, "m": 1e6,
    "thousand": 1e3, "nghìn": 1e3, "ngàn": 1e3, "k": 1e3,
}  # fmt: skip
_UNITS: Final = (
    (Unit.PERCENT, 0.01, r"basis[- ]points?|bps?|điểm cơ bản"),
    (
        Unit.PERCENT, 1.0,
        r"%[- ]?points?|percentage[- ]points?|points? of percent|ppt?s?|điểm phần trăm|điểm %|%|percent|per cent|pct"
        r"|phần trăm",
    ),
    (Unit.VND, 1.0, r"vnd|vnđ|đồng|dong|₫|đ"),
    (Unit.FOREIGN, 1.0, r"usd|us\$|us dollars?|dollars?|\$|eur|euros?|€|jpy|cny|yuan|yen|đô la|đô"),
    (Unit.POINTS, 1.0, r"index points?|points?|pts|điểm"),
    (Unit.SHARES, 1.0, r"shares?|cổ phiếu|cổ phần|cp"),
    (Unit.TIMES, 1.0, r"times|\u00d7|x|lần|-?fold"),
    (Unit.BARS, 1.0, r"(?:daily )?(?:bars?|candles?)|nến|cây nến"),
    (Unit.SESSIONS, 1.0, r"(?:(?:past|last|recent|more|trading|daily)[- ]){0,2}(?:sessions?|days?)|phiên|ngày"),
    (Unit.WEEKS, 1.0, r"weeks?|wk|w|tuần"),
    (Unit.MONTHS, 1.0, r"months?|tháng"),
    (Unit.QUARTERS, 1.0, r"quarters?|quý"),
    (Unit.YEARS, 1.0, r"years?|yr|năm"),
)  # fmt: skip
_SCALE: Final = re.compile(r"[ -]?(" + "|".join(_SCALES) + r")(?!\w)")
_UNIT: Final = re.compile(r"(?: of)?[ -]?(?:" + "|".join(f"({words})" for _, _, words in _UNITS) + r")(?![^\W\d_])")
_BEFORE: Final = re.compile(r"(?:(vnd|vnđ|₫)|(usd|us\$|\$|eur|€))\s?$")
_DIGITS: Final = re.compile(
    r"(?:(?<![\w.,%])|(?<=\bvnd)|(?<=\bvnđ)|(?<=\busd)|(?<=\bx)|(?<=\brsi)|(?<=\badx)|(?<=\bmfi))([+-]?)(?<!\d)"
    r"(\d{1,3}(?: \d{3})+(?:[.,]\d+)?(?!\d)|\d(?:[\d.,]*\d)?)"
)
_LONGEST: Final = 24
"""More digits and marks than this are no number of ours."""
_ROUGH: Final = re.compile(
    r"\b(?:about|around|roughly|approximately|some|nearly|almost|close to|near|circa"
    r"|just (?:under|over|below|above|shy of)|khoảng|gần|xấp xỉ|chừng|quanh|cỡ|ước|tầm|vào khoảng|gần như|sát)"
    r"\s(?:mức |vùng |the )?(?:vnd |[+-])?$|~\s?$|≈\s?$"
)
_FLOOR: Final = re.compile(
    r"\b(?:more than|over|above|at least|upwards of|exceeding|hơn|trên|vượt)\s(?:mức )?(?:vnd )?$"
)

_ONES: Final = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS: Final = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_VI_ONES: Final = ["một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín", "mười"]
_WORDS: Final = (
    {word: at for at, word in enumerate(_ONES, 1)}
    | {word: at * 10 for at, word in enumerate(_TENS, 2)}
    | {f"{ten}{dash}{one}": 10 * at + n for at, ten in enumerate(_TENS, 2) for n, one in enumerate(_ONES[:9], 1)
       for dash in "- "}
    | {"two hundred": 200, "hai trăm": 200}
    | {word: at for at, word in enumerate(_VI_ONES, 1)}
    | {f"{word} mươi": at * 10 for at, word in enumerate(_VI_ONES[1:9], 2)}
)  # fmt: skip
_WORD: Final = re.compile(r"\b(" + "|".join(sorted(_WORDS, key=len, reverse=True)) + r")(?=[ -])")
_TWO: Final = (Reading(2.0, 0.2, 1),)
_TWICE: Final = re.compile(r"\b(?:twice|doubled?|double|gấp đôi)\b")


def find_numbers(sentence: Sentence, taken: list[tuple[int, int]]) -> list[Number]:
    """The numbers of a sentence in order, but for those inside the spans `taken` (dates, names of indicators)."""
    text = sentence.lower
    found = [
        _number(sentence, match.start(), match.end(), match[1], read(match[2]))
        for match in _DIGITS.finditer(text)
        if not any(start < match.end() and match.start(2) < end for start, end in taken)
    ]
    for match in _WORD.finditer(text):
        number = _number(sentence, match.start(), match.end(), "", (Reading(_WORDS[match[1]], 1.0, 2),))
        if number.unit is not None and number.unit not in (Unit.POINTS, Unit.SHARES, Unit.BARS, Unit.FOREIGN):
            found.append(number)
    found += [
        Number(one.start(), one.end(), one[0], _TWO, "", Unit.TIMES, False, False) for one in _TWICE.finditer(text)
    ]
    return sorted(found, key=lambda number: number.start)


def read(digits: str) -> tuple[Reading, ...]:
    """Every value that digits with points, commas or spaces can stand for; none when they are no number."""
    if len(digits) > _LONGEST:
        return ()
    digits = digits.replace(" ", "\u00a0")
    marks = [mark for mark in digits if not mark.isdigit()]
    if not marks:
        return (_reading(digits, ""),)
    last = marks[-1]
    head, _, tail = digits.rpartition(last)
    readings = []
    if last != "\u00a0" and last not in marks[:-1] and _grouped(head):
        readings.append(_reading(_bare(head), tail))
    if len(set(marks)) == 1 and _grouped(digits):
        readings.append(_reading(_bare(digits), ""))
    return tuple(readings)


def _bare(digits: str) -> str:
    return re.sub(r"\D", "", digits)


def _grouped(digits: str) -> bool:
    """Whether the marks in `digits` part it into thousands."""
    first, *rest = re.split(r"\D", digits)
    if not rest:
        return first.isdigit()
    one_mark = len({mark for mark in digits if not mark.isdigit()}) == 1
    return one_mark and 1 <= len(first) <= 3 and first != "0" and all(len(group) == 3 for group in rest)


def _reading(whole: str, decimals: str) -> Reading:
    stated = (whole + decimals).lstrip("0") if decimals else whole.strip("0")
    return Reading(float(f"{whole}.{decimals or 0}"), 10.0 ** -len(decimals), max(len(stated), 1))


def _number(sentence: Sentence, start: int, end: int, sign: str, readings: tuple[Reading, ...]) -> Number:
    text = sentence.lower
    before, unit, factor, close = text[:start], None, 1.0, end
    if (scale := _SCALE.match(text, close)) is not None and not _is_unit(text, close, scale):
        factor, close = _SCALES[scale[1]], scale.end()
    if (after := _UNIT.match(text, close)) is not None and after.lastindex is not None:
        unit, per, _ = _UNITS[after.lastindex - 1]
        factor, close = factor * per, after.end()
    prefix = _BEFORE.search(before)
    if prefix is not None:
        start = prefix.start()
        unit = Unit.FOREIGN if prefix[2] or unit is Unit.FOREIGN else Unit.VND
    return Number(
        start, close, sentence.text[start:close],
        tuple(Reading(one.value * factor, one.step * factor, one.digits) for one in readings),
        sign, unit, _ROUGH.search(before) is not None, _FLOOR.search(before) is not None,
    )  # fmt: skip


def _is_unit(text: str, at: int, scale: re.Match[str]) -> bool:
    """Whether what looks like a scale begins a longer unit: `m` of `months`."""
    unit = _UNIT.match(text, at)
    return unit is not None and unit.end() > scale.end()
