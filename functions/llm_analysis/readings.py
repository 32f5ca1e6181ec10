"""What single facts are commonly read to mean, as sentences for the template.

A reading states the values it rests on and no other. Thresholds are the customary ones (Wilder 1978 for RSI and
ADX; Quong and Soudack 1989 for MFI). They describe; the signal is the model's alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from functions.llm_analysis.draft import Statement
from functions.llm_analysis.facts import FactSheet
from functions.llm_analysis.phrases import show
from stock_ai.models.llm import Language, Stance

_UP, _DOWN, _NEUTRAL = Stance.BULLISH, Stance.BEARISH, Stance.NEUTRAL


@dataclass(frozen=True, slots=True)
class _Rule:
    """A sentence that holds when `holds` does for the values of `facts`; `stance` None means a risk either way."""

    facts: tuple[str, ...]
    holds: Callable[..., bool]
    stance: Stance | None
    english: str
    vietnamese: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One sentence, and the direction it speaks for; None for a risk in either direction."""

    stance: Stance | None
    statement: Statement


_RULES: Final = (
    _Rule(
        ("quality.sessions_behind",), lambda value: value >= 2, None,
        "Since the last bar {0} have closed: the data are out of date.",
        "Đã có {0} đóng cửa sau phiên cuối cùng có dữ liệu: số liệu đã cũ.",
    ),
    _Rule(
        ("track.hits", "track.scored", "track.hit_rate", "track.base"),
        lambda _, scored, rate, base: scored >= 10 and rate < base, None,
        "Of {1} recent signals of this symbol {0} came true ({2}), against {3} for all symbols.",
        "Gần đây, {0} trên {1} tín hiệu của mã này là đúng ({2}), so với {3} của mọi mã.",
    ),
    _Rule(
        ("versus_sma_50",), lambda value: value > 0, _UP,
        "The close is {0} above its 50-session average.", "Giá đóng cửa cao hơn trung bình 50 phiên {0}.",
    ),
    _Rule(
        ("versus_sma_50",), lambda value: value < 0, _DOWN,
        "The close is {0} below its 50-session average.", "Giá đóng cửa thấp hơn trung bình 50 phiên {0}.",
    ),
    _Rule(
        ("versus_sma_200",), lambda value: value > 0, _UP,
        "The close is {0} above its 200-session average.", "Giá đóng cửa cao hơn trung bình 200 phiên {0}.",
    ),
    _Rule(
        ("versus_sma_200",), lambda value: value < 0, _DOWN,
        "The close is {0} below its 200-session average.", "Giá đóng cửa thấp hơn trung bình 200 phiên {0}.",
    ),
    _Rule(
        ("rsi_14",), lambda value: value >= 70, _DOWN,
        "RSI stands at {0}, in the overbought zone.", "RSI ở mức {0}, trong vùng quá mua.",
    ),
    _Rule(
        ("rsi_14",), lambda value: value <= 30, _UP,
        "RSI stands at {0}, in the oversold zone.", "RSI ở mức {0}, trong vùng quá bán.",
    ),
    _Rule(
        ("rsi_14",), lambda value: 30 < value < 70, _NEUTRAL,
        "RSI stands at {0}, in its middle zone.", "RSI ở mức {0}, trong vùng trung tính.",
    ),
    _Rule(
        ("macd_histogram",), lambda value: value > 0, _UP,
        "MACD is above its signal line.", "MACD nằm trên đường tín hiệu.",
    ),
    _Rule(
        ("macd_histogram",), lambda value: value < 0, _DOWN,
        "MACD is below its signal line.", "MACD nằm dưới đường tín hiệu.",
    ),
    _Rule(
        ("excess_60",), lambda value: value > 0, _UP,
        "Over 60 sessions it has done better than VNINDEX by {0}.", "Trong 60 phiên, mã này tốt hơn VNINDEX {0}.",
    ),
    _Rule(
        ("excess_60",), lambda value: value < 0, _DOWN,
        "Over 60 sessions it has done worse than VNINDEX by {0}.", "Trong 60 phiên, mã này kém hơn VNINDEX {0}.",
    ),
    _Rule(
        ("mfi_14",), lambda value: value >= 80, _DOWN,
        "The money flow index stands at {0}: buying may be exhausted.",
        "Chỉ số dòng tiền MFI ở mức {0}: lực mua có thể đã cạn.",
    ),
    _Rule(
        ("mfi_14",), lambda value: value <= 20, _UP,
        "The money flow index stands at {0}: selling may be exhausted.",
        "Chỉ số dòng tiền MFI ở mức {0}: lực bán có thể đã cạn.",
    ),
    _Rule(
        ("volume_ratio_20",), lambda value: value >= 1.5, _NEUTRAL,
        "Volume is {0} its mean of 20 sessions.", "Khối lượng bằng {0} mức trung bình 20 phiên.",
    ),
    _Rule(
        ("volatility_20",), lambda value: value >= 40, None,
        "Volatility is high ({0} a year).", "Giá biến động mạnh (độ biến động {0} một năm).",
    ),
    _Rule(
        ("volume_ratio_20",), lambda value: value <= 0.5, None,
        "Volume is only {0} its mean of 20 sessions: few shares change hands.",
        "Khối lượng chỉ bằng {0} mức trung bình 20 phiên: thanh khoản thấp.",
    ),
    _Rule(
        ("adx_14",), lambda value: value < 20, None,
        "ADX stands at {0}: there is no clear trend.", "ADX ở mức {0}: chưa có xu hướng rõ ràng.",
    ),
    _Rule(
        ("quality.completeness",), lambda value: value < 98, None,
        "The history is not complete: {0} of the sessions have a bar.",
        "Lịch sử giá chưa đầy đủ: {0} số phiên có dữ liệu.",
    ),
)  # fmt: skip


def readings(sheet: FactSheet, language: Language) -> Iterator[Reading]:
    """The sentences whose facts are known and whose condition holds, in a fixed order."""
    for rule in _RULES:
        facts = [fact for name in rule.facts if (fact := sheet.get(name)) is not None]
        if len(facts) == len(rule.facts) and rule.holds(*(fact.value for fact in facts)):
            text = rule.english if language is Language.ENGLISH else rule.vietnamese
            shown = text.format(*(show(fact, language) for fact in facts))
            yield Reading(rule.stance, Statement(text=shown, facts=list(rule.facts)))
