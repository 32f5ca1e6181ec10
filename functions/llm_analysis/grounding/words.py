"""Words of direction in English and Vietnamese."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from functions.llm_analysis.grounding.text import Sentence


class Family(Enum):
    """What a direction word is about."""

    CHANGE = auto()
    """Rose, fell: of a price over time."""
    PLACE = auto()
    """Above, below: of a price against another."""
    RELATIVE = auto()
    """Better, worse than the market."""
    MOOD = auto()
    """Bullish, positive, improving: of facts as a whole."""
    ZONE = auto()
    """Overbought (1), oversold (-1)."""
    SIGNAL = auto()
    """BUY (1), HOLD (0), SELL (-1)."""


@dataclass(frozen=True, slots=True)
class Word:
    """A direction word; `negated` when the words before it deny it."""

    start: int
    end: int
    text: str
    family: Family
    sign: int
    negated: bool

    def agrees(self, direction: int) -> bool:
        """Whether something with that direction may be called so."""
        return (direction != self.sign) if self.negated else (direction == self.sign)


# Longer expressions stand before those they hold.
_LEXICON: Final = (
    (Family.ZONE, 1, r"over-?bought|quá mua"),
    (Family.ZONE, -1, r"over-?sold|quá bán"),
    (
        Family.SIGNAL, 1,
        r"(?-i:BUY|MUA)|(?:buy|long)(?= signal| call| rating| recommendation)|(?<=tín hiệu )mua|(?<=khuyến nghị )mua",
    ),
    (
        Family.SIGNAL, -1,
        r"(?-i:SELL|BÁN)|sell(?= signal| call| rating| recommendation)|(?<=tín hiệu )bán|(?<=khuyến nghị )bán",
    ),
    (
        Family.SIGNAL, 0,
        r"(?-i:HOLD|NẮM GIỮ|GIỮ)|hold(?= signal| call| rating| recommendation)|(?<=tín hiệu )(?:nắm )?giữ"
        r"|(?<=khuyến nghị )(?:nắm )?giữ",
    ),
    (
        Family.RELATIVE, -1,
        r"underperform\w*|lag(?:s|ged|ging)?(?! of)|trail(?:s|ed|ing)?|worse|kém hơn|thua"
        r"|kém(?= vn| thị trường| chỉ số)"
        r"|(?<!session )(?<!sessions )behind(?= over| by| the (?:market|index|benchmark)| vn|[,.])|tụt lại",
    ),
    (
        Family.RELATIVE, 1,
        r"outperform\w*|outpac\w*|outstrip\w*|beat(?:s|ing|en)?|better"
        r"|ahead of(?= the (?:market|index|benchmark)| vn)"
        r"|ahead(?= over| by|[,.])|vượt trội|tốt hơn|khả quan hơn|nhỉnh hơn",
    ),
    (
        Family.CHANGE, -1,
        r"g(?:ave|iven|iving|ives?) up|fell|fall(?:s|en|ing)?|drop(?:s|ped|ping)?|declin(?:e[sd]?|ing)|los(?:t|es?|ing)"
        r"|loss(?:es)?|shed(?:s|ding)?|slid(?:e[sn]?|ing)?|slip(?:s|ped|ping)?|down|decreas\w+|retreat\w*|plung\w+|sank"
        r"|sink\w*|eas(?:ed|ing)|dip(?:s|ped|ping)?|tumbl\w+|fad(?:e[sd]?|ing)|weaken\w*|downtrend|downwards?|slump\w*"
        r"|backslid\w*|giảm|mất(?! cân)|lùi|rớt|sụt|tụt|đi xuống|suy yếu|yếu đi|lao dốc|rơi|đi lùi|bốc hơi",
    ),
    (
        Family.CHANGE, 1,
        r"rose|ris(?:es?|en|ing)|gain(?:s|ed|ing)?|climb(?:s|ed|ing)?|advanc(?:e[sd]?|ing)|jump(?:s|ed|ing)?"
        r"|rall(?:y|ied|ies|ying)|surg(?:e[sd]?|ing)|add(?:s|ed|ing)|(?<!\bmake )(?<!\bmade )(?<!\bend )up(?! to)"
        r"|increas\w+|recover(?:s|ed|y|ing)?|rebound\w*|improv\w+|uptrend|upwards?|soar\w*|strengthen\w*|appreciated"
        r"|tăng(?! trưởng)|đi lên|nhích|bật|hồi phục|phục hồi|leo|khởi sắc|cải thiện|bứt phá|cộng thêm",
    ),
    (Family.CHANGE, 0, r"unchanged|flat|sideways|little changed|đi ngang|không đổi|không thay đổi|đứng giá"),
    (
        Family.PLACE, -1,
        r"below|beneath|under(?! pressure| way|way)|lower(?! bollinger| band| bound| end)|short of|shy of|(?:bên )?dưới"
        r"|thấp hơn",
    ),
    (
        Family.PLACE, 1,
        r"above|higher"
        r"|exceed(?:s|ed|ing)?|(?<!\bdựa )(?:bên |phía )?trên(?! thị trường| sàn| cơ sở| các phiên| các sàn)"
        r"|cao hơn|vượt(?! trội)",
    ),
    (Family.MOOD, 1, r"bullish\w*|positive\w*|tích cực|lạc quan|dương"),
    (Family.MOOD, -1, r"bearish\w*|negative\w*|tiêu cực|bi quan|âm"),
    (Family.MOOD, 1, r"(?:strong|firm|healthy) momentum|động lượng (?:mạnh|tốt)|đà (?:mạnh|tốt)"),
    (Family.MOOD, -1, r"weak momentum|động lượng yếu|đà yếu"),
)  # fmt: skip
_WORDS: Final = re.compile(
    r"(?<![\w-])(?:" + "|".join(f"(?P<w{at}>{words})" for at, (_, _, words) in enumerate(_LEXICON)) + r")(?!\w)",
    re.IGNORECASE,
)
_NOT: Final = re.compile(
    r"(?:\bnot|n't|\bno longer|\bnever|\bneither|\bnor|\bwithout|\bhardly|\bno|\binstead of|\brather than|\bfailed to"
    r"|\bfar from|\bkhông|\bchưa|\bchẳng|\bthay vì|\bchứ không)\b(?!\s(?:only|just|chỉ))"
    r"(?:\s(?:a|an|the|yet|been|be|is|in|at|any|enough|to|clearly|really|by|phải|là|hề|bị|được|còn|vào|ở|vùng|có|nằm|rơi"
    r"|tín hiệu|xu hướng|đà|thể|rõ|ràng|deeply|either|reached|entered|become"
    r"|crossed|hit|đạt|tới|đến|chạm|territory|zone|signal|a signal))*\s$"
)
_NONE_OF: Final = re.compile(r"\b(?:neither|none of)\b[^,;]{0,60}\b(?:is|are|has|was|shows?)\s(?:yet )?$")
_OF_MARKET: Final = re.compile(
    r"\b(?:index|vn-?index|market|benchmark|thị trường|chỉ số)(?: (?:did|has|have|had|done|was|fared|lại|đã|vẫn))+ $"
)
_EITHER: Final = re.compile(r"\s(?:or|nor|hoặc|hay|cũng không)\s(?:in |yet )?$")


def find_words(sentence: Sentence) -> list[Word]:
    """The direction words of a sentence in order, negation taken into account: `neither overbought nor oversold`."""
    found: list[Word] = []
    for match in _WORDS.finditer(sentence.text):
        family, sign, _ = next(_LEXICON[at] for at in range(len(_LEXICON)) if match[f"w{at}"] is not None)
        before = sentence.lower[: match.start()]
        negated = _NOT.search(before) is not None or _NONE_OF.search(before) is not None
        if family is Family.RELATIVE and _OF_MARKET.search(before):
            sign = -sign
        if not negated and found and found[-1].negated and _EITHER.search(before):
            negated = match.start() - found[-1].end <= 12
        found.append(Word(match.start(), match.end(), match[0], family, sign, negated))
    return found
