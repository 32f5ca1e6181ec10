"""A sentence made ready for the check: one form for equal signs, and its clauses."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

_SIGNS: Final = str.maketrans(
    {"\u2212": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'", "\uff05": "%"}
)
_BREAK: Final = re.compile(
    r"[;:()]|,(?=\s)|[.!?](?=\s)|\s[\u2013\u2014-]\s|\u2014"
    r"|\b(?:but|while|whereas|although|though|yet|however|despite|and|nor|or|so(?! với| sánh))\b"
    r"|\b(?:nhưng|trong khi|còn|dù|tuy|song|mặc dù|và|mà|nên|hoặc|hay)\b"
)
_CONDITIONAL: Final = re.compile(
    r"\b(?:if|should|would|could|may|might|can|unless|until|risks?|once|break(?:s|ing|out|down)?|chances?|potential"
    r"|unlikely|lack\w*|fail\w*|yet to|must|requires?|hopes?|prospects?|scope|guarantees?|ensures?|mean"
    r"|cơ hội|triển vọng|muốn|phải|để|chưa thể"
    r"|needs?|watch|before|room|surpris\w+|usually|often|tends?"
    r"|nếu|có thể|(?<!nhiều )khả năng|nguy cơ|rủi ro|cần|chờ|phá vỡ|thủng|đánh mất|dễ|thường)\b"
)
_IF: Final = re.compile(r"\b(?:if|unless|nếu|trừ khi|một khi)\b")
_EVENT: Final = re.compile(r"\b(?:an?|any|one more|việc|một cú|một nhịp) (?:\w+ ){0,3}$")
_THEN: Final = re.compile(r"\b(?:would|could|might|may|should|sẽ|có thể)\b")


@dataclass(frozen=True)
class Sentence:
    """`text` as written but in one form of spaces and signs; positions are the same in `lower`."""

    text: str

    @classmethod
    def of(cls, text: str) -> Sentence:
        """From any text."""
        return cls(unicodedata.normalize("NFC", text).translate(_SIGNS))

    @cached_property
    def lower(self) -> str:
        """The text in lower case."""
        lower = self.text.lower()
        return lower if len(lower) == len(self.text) else self.text

    @cached_property
    def clauses(self) -> list[tuple[int, int]]:
        """Start and end of each clause: between punctuation and conjunctions."""
        cuts = [0, *(match.start() for match in _BREAK.finditer(self.lower)), len(self.text)]
        return [(start, end) for start, end in pairwise(cuts) if start < end]

    def clause(self, at: int) -> int:
        """Index of the clause that holds position `at`."""
        for index, (_, end) in enumerate(self.clauses):
            if at < end:
                return index
        return len(self.clauses) - 1

    def within(self, clause: int) -> str:
        """The words of a clause in lower case."""
        start, end = self.clauses[clause]
        return self.lower[start:end]

    def conditional(self, at: int, reach: int = 500) -> bool:
        """Whether the words around `at` make it a possibility and no claim: if it falls; a fall below it would.

        `reach` is how many characters before `at` the word for it may stand.
        """
        start = max(self.clauses[self.clause(at)][0], at - reach)
        if _CONDITIONAL.search(self.lower, start, at) or _IF.search(self.lower, max(0, at - reach), at):
            return True
        return _EVENT.search(self.lower[start:at]) is not None and _THEN.search(self.lower, at) is not None
