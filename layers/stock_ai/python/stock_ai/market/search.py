"""Finding symbols: by what a user types of a symbol or a name, and those that were probably meant."""

from __future__ import annotations

import difflib
import heapq
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Protocol, TypeVar

_WORD = re.compile(r"[a-z0-9]+")
_LONGEST_TEXT = 100
"""Characters of a search that are looked at."""
_LONGEST_SYMBOL = 16
"""Characters of a symbol that are looked at."""
_ALIKE = 0.6
"""`difflib`'s measure: two of three characters are the same, in order."""


class Named(Protocol):
    """What can be found; `stock_ai.models.listing.Listing` is."""

    @property
    def symbol(self) -> str: ...

    @property
    def name(self) -> str | None: ...

    @property
    def name_en(self) -> str | None: ...


N = TypeVar("N", bound=Named)


@lru_cache(maxsize=8192)
def plain_words(text: str) -> tuple[str, ...]:
    """The words of a text without accents, in lower case: `Sữa Đà Lạt` is sua, da, lat."""
    # NFKD takes the accents off the letters; the bar of a d is no accent to Unicode.
    letters = unicodedata.normalize("NFKD", text).casefold().replace("đ", "d")
    return tuple(_WORD.findall("".join(letter for letter in letters if not unicodedata.combining(letter))))


def search(listings: Iterable[N], text: str, limit: int | None = None) -> list[N]:
    """What fits `text`, best first, at most `limit`; a text without a letter or digit fits everything.

    Best is the symbol itself, then symbols that begin with the text, then names: each word of the text begins a word of
    the Vietnamese name, or of the English one, or the symbol. Names that begin with the text come before other names,
    equals by symbol. Case and accents do not matter.
    """
    found = _found(listings, text)
    key = _order
    ordered = sorted(found, key=key) if limit is None else heapq.nsmallest(limit, found, key=key)
    return [one for _, _, one in ordered]


def ranked(listings: Iterable[N], text: str) -> list[tuple[int, str, N]]:
    """What `search` finds, each behind its place in that order: how well it fits, 0 the best, and its symbol."""
    return sorted(_found(listings, text), key=_order)


def suggest(symbol: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """The symbols of `known` nearest to one that is not known, best first; of equals those that begin alike."""
    wanted = "".join(plain_words(symbol[:_LONGEST_SYMBOL])).upper()
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)
    near: list[tuple[float, bool, bool, str]] = []
    for name in known:
        matcher.set_seq1(name)
        if matcher.real_quick_ratio() < _ALIKE or matcher.quick_ratio() < _ALIKE:
            continue
        ratio = matcher.ratio()
        if ratio >= _ALIKE:
            # Two letters swapped are a slip of the fingers, of the same ratio as one that is another.
            near.append((-ratio, sorted(name) != sorted(wanted), name[0] != wanted[0], name))
    return [name for *_, name in heapq.nsmallest(limit, near)]


def _found(listings: Iterable[N], text: str) -> Iterator[tuple[int, str, N]]:
    words = plain_words(text[:_LONGEST_TEXT])
    return ((rank, one.symbol, one) for one in listings if (rank := _rank(one, words)) is not None)


def _order(found: tuple[int, str, N]) -> tuple[int, str]:
    return found[0], found[1]


def _rank(one: Named, words: tuple[str, ...]) -> int | None:
    if not words:
        return 0
    symbol = one.symbol.lower()
    whole = "".join(words)
    if symbol == whole:
        return 0
    if symbol.startswith(whole):
        return 1
    best: int | None = None
    for name in (one.name, one.name_en):
        names = plain_words(name) if name else ()
        if all(symbol == word or any(other.startswith(word) for other in names) for word in words):
            if " ".join(names).startswith(" ".join(words)):
                return 2
            best = 3
    return best
