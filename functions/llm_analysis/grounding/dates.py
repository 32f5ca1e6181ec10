"""Dates in a sentence, in the forms that English and Vietnamese texts use."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from functions.llm_analysis.facts import Fact, FactSheet
from functions.llm_analysis.grounding.text import Sentence

_MONTHS: Final = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_EN_MONTH: Final = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY: Final = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR: Final = r"(?P<year>(?:19|20)\d\d)"
_FORMS: Final = tuple(
    re.compile(form)
    for form in (
        r"(?<!\d)(?P<year>(?:19|20)\d\d)[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})(?!\d)",
        r"(?<![\d.,])(?P<day>\d{1,2})([/.-])(?P<month>\d{1,2})\2(?P<year>(?:19|20)\d\d)(?!\d)",
        rf"\b{_DAY}(?: of)?[ -]{_EN_MONTH}(?:,?[ -]{_YEAR}\b)?",
        rf"\b{_EN_MONTH} {_DAY}\b(?!\s?%|[.,]\d)(?:,? {_YEAR}\b)?",
        rf"\b{_EN_MONTH},? (?:of )?{_YEAR}\b",
        rf"\b(?:in|since|of|until|early|late|mid|this|last)[ -](?!may (?:not|be|have|well)\b){_EN_MONTH}(?!\w)",
        rf"(?:\bngày )?(?<![\d.,])(?P<day>\d{{1,2}}) tháng (?P<month>\d{{1,2}})(?!\d)(?:(?:,? năm |[/-]){_YEAR})?",
        rf"\btháng (?P<month>\d{{1,2}})(?:,? năm |[/-]){_YEAR}\b",
        r"\btháng (?P<month>\d{1,2})\b(?![.,]\d|\s?%)",
        r"(?<![\d.,/])(?P<day>\d{1,2})/(?P<month>\d{1,2})(?![\d/]|\s?%)",
        r"\bngày (?:mùng |mồng )?(?P<day>\d{1,2})\b(?!/)",
        rf"\b(?:q(?P<quarter>[1-4])|quý (?P<quarter_vi>[1-4]))(?:[/ -](?:năm )?{_YEAR})?\b",
        rf"\b(?:in|since|during|of|year|từ|năm) {_YEAR}\b(?![.,]\d|\s?(?:%|vnd|đồng))",
    )
)
_WEEKDAYS: Final = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_VI_WEEKDAYS: Final = {
    "hai": 0, "ba": 1, "tư": 2, "năm": 3, "sáu": 4, "bảy": 5, "2": 0, "3": 1, "4": 2, "5": 3, "6": 4, "7": 5
}  # fmt: skip
_WEEKDAY: Final = re.compile(
    r"\b(?:(?P<en>" + "|".join(_WEEKDAYS) + r")s?|(?P<sunday>chủ nhật)"
    r"|(?:(?P<sure>phiên|hôm|ngày|sáng|chiều|kết phiên) )?thứ (?P<vi>hai|ba|tư|năm|sáu|bảy|[2-7]))\b"
)
_RELATIVE: Final = re.compile(r"\b(?:yesterday|tomorrow|hôm qua|hôm kia|ngày mai)\b")
_LEARNT: Final = re.compile(r"\btrain\w*|\blearn\w*|huấn luyện|\bhọc\b")
_STARTS: Final = re.compile(r"\bfirst\b|\bstart\w*|\bbeg[iau]n\w*|bắt đầu|đầu tiên|\bexpir\w*|hết hạn")
_CLOSED: Final = re.compile(r"\bclos\w+|\bended\b|\bsettled\b|đóng cửa|kết phiên|chốt phiên|dừng")
_ISO: Final = re.compile(r"(?:19|20)\d\d-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Day:
    """A date as far as it is stated; `alternatives` are (day, month) both ways round where both can be meant."""

    start: int
    end: int
    text: str
    year: int | None
    alternatives: tuple[tuple[int | None, int | None], ...]
    quarter: int | None = None

    @property
    def day_known(self) -> bool:
        """Whether the day of the month is stated."""
        return self.alternatives[0][0] is not None

    def is_of(self, date: dt.date) -> bool:
        """Whether every stated part is that of `date`."""
        if self.year not in (None, date.year) or self.quarter not in (None, (date.month + 2) // 3):
            return False
        return any(day in (None, date.day) and month in (None, date.month) for day, month in self.alternatives)


@dataclass(frozen=True, slots=True)
class Weekday:
    """A weekday by name, Monday is 0."""

    start: int
    end: int
    text: str
    weekday: int


def find_days(sentence: Sentence) -> list[Day]:
    """The dates of a sentence in order."""
    found: list[Day] = []
    for form in _FORMS:
        for match in form.finditer(sentence.lower):
            if not any(day.start < match.end() and match.start() < day.end for day in found):
                day = _day(sentence, match)
                if day is not None:
                    found.append(day)
    return sorted(found, key=lambda day: day.start)


def _day(sentence: Sentence, match: re.Match[str]) -> Day | None:
    parts = match.groupdict()
    if parts.get("name") == "may" and sentence.text[match.start("name")] != "M":
        return None
    day, month = (int(parts[part]) if parts.get(part) else None for part in ("day", "month"))
    if parts.get("name"):
        month = _MONTHS.index(parts["name"][:3]) + 1
    year = int(parts["year"]) if parts.get("year") else None
    quarter = parts.get("quarter") or parts.get("quarter_vi")
    alternatives: list[tuple[int | None, int | None]] = [(day, month)]
    if "/" in match[0] and day is not None and month is not None and not match[0][:4].isdigit():
        alternatives.append((month, day))
    return Day(
        match.start(), match.end(), sentence.text[match.start() : match.end()], year, tuple(alternatives),
        int(quarter) if quarter else None,
    )  # fmt: skip


def find_weekdays(sentence: Sentence, days: list[Day]) -> Iterator[Weekday]:
    """Weekdays by name. `thứ ba` is also the third: it counts as a day after a word of time or before a date."""
    for match in _WEEKDAY.finditer(sentence.lower):
        if match["en"]:
            weekday = _WEEKDAYS.index(match["en"])
        elif match["sunday"]:
            weekday = 6
        else:
            named = sentence.text[match.start("vi")].isupper() or match["vi"].isdigit()
            dated = any(0 <= day.start - match.end() <= 8 for day in days)
            if not (match["sure"] or named or dated):
                continue
            weekday = _VI_WEEKDAYS[match["vi"]]
        yield Weekday(match.start(), match.end(), sentence.text[match.start() : match.end()], weekday)


def stated_dates(facts: Iterable[Fact]) -> set[dt.date]:
    """The dates that stand in the words of facts."""
    texts = (fact.value for fact in facts if isinstance(fact.value, str))
    return {dt.date.fromisoformat(found) for text in texts for found in _ISO.findall(text)}


def date_claims(
    sentence: Sentence, days: list[Day], sheet: FactSheet, cited: list[Fact]
) -> Iterator[tuple[str, str | None]]:
    """Each date, weekday and relative day of a sentence with what is wrong with it, or None."""
    held = {sheet.as_of} | {fact.date for fact in cited}
    stated = stated_dates(cited)
    for day in days:
        yield day.text, _misdated(sentence, day, held, stated, sheet)
    meant = {date for day in days for date in held | stated | stated_dates(sheet.facts) if day.is_of(date)}
    before = _session_before(sheet.as_of) if {"previous_close", "return_1"} & {fact.id for fact in cited} else None
    for weekday in find_weekdays(sentence, days):
        allowed = meant or (held | stated | ({before} if before else set()))
        right = any(date.weekday() == weekday.weekday for date in allowed)
        yield weekday.text, None if right else f"is not the weekday of {_listed(allowed)}"
    for match in _RELATIVE.finditer(sentence.lower):
        known = before is not None and match[0] in ("yesterday", "hôm qua")
        yield match[0], None if known else "no fact is about that day; name the date instead"


def _misdated(sentence: Sentence, day: Day, held: set[dt.date], stated: set[dt.date], sheet: FactSheet) -> str | None:
    words = sentence.within(sentence.clause(day.start))
    words += sentence.lower[max(0, day.start - 40) : day.start]
    if _LEARNT.search(words) and day.day_known:
        learnt = stated or stated_dates(sheet.facts)
        return None if any(map(day.is_of, learnt)) else f"the model has learned until {_listed(learnt)}"
    allowed = held if _CLOSED.search(words) and not _STARTS.search(words) else held | stated
    if any(map(day.is_of, allowed)):
        return None
    return f"the dates of the cited facts are {_listed(allowed)}"


def _session_before(date: dt.date) -> dt.date:
    return date - dt.timedelta(days=3 if date.weekday() == 0 else 1)


def _listed(dates: set[dt.date]) -> str:
    return ", ".join(date.isoformat() for date in sorted(dates)) or "not stated"
