"""Names of indicators and measures in a sentence, and the facts that each stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from functions.llm_analysis.facts import Fact, FactSheet
from functions.llm_analysis.grounding.text import Sentence
from functions.llm_analysis.grounding.windows import window_of

_NAMES: Final = (
    (r"\brsi\b|relative strength index|sức mạnh tương đối", ("rsi_",)),
    (r"\badx\b|directional index", ("adx_",)),
    (r"\bmfi\b|money[- ]flow index|chỉ số dòng tiền", ("mfi_",)),
    (r"\bmacd\b(?:[- ]histogram)?", ("macd_",)),
    (r"\bstochastic\b(?: oscillator)?(?: %k)?|%k\b", ("stochastic_",)),
    (r"\bbollinger\b(?: %b)?|%b\b", ("bollinger_",)),
    (r"\batr\b|average true range", ("atr_",)),
    (r"\bbeta\b", ("beta_",)),
    (r"\bvolatility\b|biến động", ("volatility_", "atr_")),
    (r"\bturnover\b|\btraded value\b|\bvalue traded\b|giá trị giao dịch|gtgd\b", ("traded_value_",)),
    (r"\bvolume\b|khối lượng|klgd\b", ("volume",)),
    (
        r"\bconfidence\b|\bprobabilit(?:y|ies)\b|\bodds\b|\blikelihood\b|độ tin cậy|xác suất",
        ("confidence", "probability."),
    ),
    (r"\bhit rate\b|\baccuracy\b|tỷ lệ (?:đúng|trúng|chính xác)", ("track.hit_rate",)),
    (r"\bbase rate\b|tỷ lệ cơ sở", ("track.base",)),
    (r"\b(?:previous|prior|preceding) close\b|yesterday's close|giá đóng cửa phiên trước", ("previous_close",)),
    (
        r"\bclos(?:e|ed|es|ing)\b(?! to\b| in\b)|đóng cửa"
        r"|\bended\b|\bsettled\b|chốt phiên|kết phiên|dừng",
        ("close",),
    ),
    (r"\bsupports?\b|hỗ trợ", ("level.",)),
    (r"\bresistances?\b|kháng cự", ("level.",)),
    (r"\b(?:session|week|day|month|year|recent|52w)s?[- ](?:highs?|peak)\b|đỉnh", ("level.high_",)),
    (r"\b(?:session|week|day|month|year|recent|52w)s?[- ](?:lows?|trough)\b|đáy", ("level.low_",)),
    (r"\b(?:sma|ma|moving average)s?\b|đường trung bình|trung bình động", ("level.sma_", "versus_sma_")),
    (r"\bcomplete(?:ness)?\b|\bcoverage\b|độ đầy đủ", ("quality.completeness",)),
)
_NAME: Final = re.compile(r"(?<!\w)(?:" + "|".join(f"({words})" for words, _ in _NAMES) + ")")
_PARAMETER: Final = re.compile(
    r"\b(?P<name>rsi|adx|mfi|atr|stochastic|beta|s?ma|ema)(?P<k> %k)?[ _-]?\(?(?P<window>\d{1,3})\)?(?![\d.,]*\d|\s?%)"
    r"|\bmacd ?\(\d+(?:[,;/-] ?\d+)+\)|\b(?:vn|hnx)[- ]?(?:30|100)\b|\bvn[- ]?index\b|\bt\+\d\b|\b50[/-]50\b"
    r"|^\(?\d{1,2}[.)] "
)
_OF_PARAMETER: Final = {"sma": "_sma_", "ma": "_sma_", "ema": "_ema_"}
_JOINED: Final = re.compile(r"[\s,/&]*(?:and|và|or|hoặc)?\s*")
_CUT: Final = re.compile(
    r"[;,](?! (?:at|now|currently|hiện|ở|đang|đạt))|\.\s|\b(?:from|than|against|versus|vs|by|while|and|but|for|with"
    r"|over|above|below|up|down"
    r"|từ|hơn|so với|và|với|nhưng|sau|trên|dưới|tăng|giảm)\b"
)
_LONGEST_GAP: Final = 40


@dataclass(frozen=True, slots=True)
class Name:
    """A name of one or more facts; `words` is how it is written."""

    start: int
    end: int
    words: str
    prefixes: tuple[str, ...]

    def facts(self, sheet: FactSheet) -> list[Fact]:
        """The facts it stands for. A support is a level not above the close, a resistance one not below it."""
        close = sheet.close
        facts = [fact for fact in sheet.facts if fact.id.startswith(self.prefixes)]
        if self.prefixes == ("close",):
            return [fact for fact in facts if fact.id == "close"]
        if re.match(r"support|hỗ trợ", self.words):
            return [fact for fact in facts if not isinstance(fact.value, str) and fact.value <= close]
        if re.match(r"resistance|kháng cự", self.words):
            return [fact for fact in facts if not isinstance(fact.value, str) and fact.value >= close]
        return facts


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that belongs to a name: the 14 of RSI(14). `known` is false where no fact has it."""

    start: int
    end: int
    words: str
    window: str | None
    known: bool
    average: bool = False
    """It is the length of a moving average."""


def find_names(sentence: Sentence) -> list[Name]:
    """The names in a sentence in order."""
    found = []
    for match in _NAME.finditer(sentence.lower):
        _, prefixes = _NAMES[(match.lastindex or 1) - 1]
        found.append(Name(match.start(), match.end(), match[0], prefixes))
    return found


def find_parameters(sentence: Sentence, sheet: FactSheet) -> list[Parameter]:
    """The numbers that belong to names, such as SMA 20, VN30 and list numerals."""
    found = []
    for match in _PARAMETER.finditer(sentence.lower):
        window, known = match["window"], True
        if window is not None:
            key = _OF_PARAMETER.get(match["name"], match["name"])
            known = any(key in f"_{fact.id}" and window_of(fact) == window for fact in sheet.facts) or (
                match["name"] == "atr" and window == "14"
            )
            if not known and key not in _OF_PARAMETER.values():
                continue  # A value and no parameter: "RSI 58".
        found.append(
            Parameter(match.start(), match.end(), match[0].strip(), window, known, match["name"] in _OF_PARAMETER)
        )
    return found


def named_before(
    sentence: Sentence, names: list[Name], start: int, taken: list[tuple[int, int]], others: list[tuple[int, int]]
) -> list[Name]:
    """The name that a figure at `start` is said of, with those it is joined to; empty when none stands close by.

    Between name and figure there is no other figure (`others`) and no word that begins another thought; parameters and
    windows (`taken`) may stand there.
    """
    before = [name for name in names if name.end <= start]
    if not before:
        return []
    last = before[-1]
    if any(last.end <= other < start for other, _ in others):
        return []
    gap = sentence.lower[last.end : start]
    for first, end in reversed(taken):
        if last.end <= first and end <= start:
            gap = gap[: first - last.end] + gap[end - last.end :]
    if len(gap) > _LONGEST_GAP or _CUT.search(gap):
        return []
    chain = [last]
    for name in reversed(before[:-1]):
        between = sentence.lower[name.end : chain[-1].start]
        if not _JOINED.fullmatch(re.sub(r"\(?\d+\)?", "", between)):
            break
        chain.append(name)
    return chain


def named_after(sentence: Sentence, names: list[Name], end: int) -> list[Name]:
    """The name that follows a figure at once: a 41 % probability."""
    return [name for name in names if end <= name.start <= end + 3 and sentence.lower[end : name.start].strip() == ""]
