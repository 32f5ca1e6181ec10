"""What single indicators are commonly read to mean, as sentences for the template.

A reading states the value it rests on and no other number. Thresholds are the customary ones (Wilder 1978 for RSI and
ADX; Quong and Soudack 1989 for MFI). They describe; the signal is the model's alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from functions.llm_analysis.facts import FactSheet
from functions.llm_analysis.phrases import show
from stock_ai.models import Language, Stance

_EN, _VI = Language.ENGLISH, Language.VIETNAMESE


@dataclass(frozen=True, slots=True)
class _Rule:
    """A sentence that holds when `holds` does for the values of `indicators`; `stance` None means a risk either way."""

    indicators: tuple[str, ...]
    holds: Callable[..., bool]
    stance: Stance | None
    english: str
    vietnamese: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One sentence, and the direction it speaks for; None for a risk in either direction."""

    stance: Stance | None
    text: str


_RULES: Final = (
    _Rule(
        ("sma_20", "sma_50"), lambda short, long: short > long, Stance.BULLISH,
        "The short average ({0}) is above the medium one ({1}): the trend points up.",
        "Đường trung bình ngắn hạn ({0}) nằm trên đường trung hạn ({1}): xu hướng đi lên.",
    ),
    _Rule(
        ("sma_20", "sma_50"), lambda short, long: short < long, Stance.BEARISH,
        "The short average ({0}) is below the medium one ({1}): the trend points down.",
        "Đường trung bình ngắn hạn ({0}) nằm dưới đường trung hạn ({1}): xu hướng đi xuống.",
    ),
    _Rule(
        ("macd_histogram",), lambda value: value > 0, Stance.BULLISH,
        "MACD is above its signal line (difference {0}): momentum is rising.",
        "MACD nằm trên đường tín hiệu (chênh lệch {0}): động lượng đang tăng.",
    ),
    _Rule(
        ("macd_histogram",), lambda value: value < 0, Stance.BEARISH,
        "MACD is below its signal line (difference {0}): momentum is falling.",
        "MACD nằm dưới đường tín hiệu (chênh lệch {0}): động lượng đang giảm.",
    ),
    _Rule(
        ("rsi_14",), lambda value: value >= 70, Stance.BEARISH,
        "RSI stands at {0}, in the overbought zone.", "RSI ở mức {0}, trong vùng quá mua.",
    ),
    _Rule(
        ("rsi_14",), lambda value: value <= 30, Stance.BULLISH,
        "RSI stands at {0}, in the oversold zone.", "RSI ở mức {0}, trong vùng quá bán.",
    ),
    _Rule(
        ("rsi_14",), lambda value: 30 < value < 70, Stance.NEUTRAL,
        "RSI stands at {0}, in its middle zone.", "RSI ở mức {0}, trong vùng trung tính.",
    ),
    _Rule(
        ("mfi_14",), lambda value: value >= 80, Stance.BEARISH,
        "The money flow index stands at {0}: buying may be exhausted.",
        "Chỉ số dòng tiền MFI ở mức {0}: lực mua có thể đã cạn.",
    ),
    _Rule(
        ("mfi_14",), lambda value: value <= 20, Stance.BULLISH,
        "The money flow index stands at {0}: selling may be exhausted.",
        "Chỉ số dòng tiền MFI ở mức {0}: lực bán có thể đã cạn.",
    ),
    _Rule(
        ("volume_ratio_20",), lambda value: value >= 1.5, Stance.NEUTRAL,
        "Volume is {0} times its average.", "Khối lượng bằng {0} lần mức trung bình.",
    ),
    _Rule(
        ("volume_ratio_20",), lambda value: value <= 0.5, None,
        "Volume is only {0} times its average: few shares change hands.",
        "Khối lượng chỉ bằng {0} lần mức trung bình: thanh khoản thấp.",
    ),
    _Rule(
        ("adx_14",), lambda value: value < 20, None,
        "ADX stands at {0}: there is no clear trend.", "ADX ở mức {0}: chưa có xu hướng rõ ràng.",
    ),
    _Rule(
        ("volatility_20",), lambda value: value >= 0.4, None,
        "Volatility is high ({0} a year as a share of the price).",
        "Biến động mạnh ({0} mỗi năm tính theo tỷ lệ của giá).",
    ),
)  # fmt: skip


def readings(sheet: FactSheet, language: Language) -> Iterator[Reading]:
    """The sentences whose indicators are known and whose condition holds, in a fixed order."""
    for rule in _RULES:
        facts = [fact for name in rule.indicators if (fact := sheet.get(f"indicator.{name}")) is not None]
        if len(facts) == len(rule.indicators) and rule.holds(*(fact.value for fact in facts)):
            text = rule.english if language is _EN else rule.vietnamese
            yield Reading(rule.stance, text.format(*(show(fact, language) for fact in facts)))
