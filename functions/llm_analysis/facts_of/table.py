"""The table that facts are gathered in: rounded, cleaned, dated."""

from __future__ import annotations

import datetime as dt
import unicodedata
from typing import Final

from functions.llm_analysis.facts import Fact, Value
from stock_ai.market.symbols import is_index

LONGEST: Final = 200
"""Characters of a text that comes from data."""


def clean(text: str) -> str:
    """`text` as one line of at most `LONGEST` characters, without control, format and other unprintable characters."""
    spaced = (" " if character.isspace() else character for character in text)
    printable = "".join(one for one in spaced if not unicodedata.category(one).startswith("C"))
    line = " ".join(printable.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1].rstrip()}…"


class Table:
    """Facts of one symbol in the order in which they are added. What is None is not added."""

    def __init__(self, symbol: str, as_of: dt.date) -> None:
        self.as_of = as_of
        self.price_unit, self.price_places = ("points", 2) if is_index(symbol) else ("VND", 0)
        self.facts: list[Fact] = []

    def word(
        self, fact_id: str, name: str, text: str | None, direction: int | None = None, date: dt.date | None = None
    ) -> None:
        """A word, a text or an ISO date."""
        if text is not None:
            self._add(fact_id, name, clean(text), "", direction, date)

    def count(self, fact_id: str, name: str, number: int | None, unit: str = "", date: dt.date | None = None) -> None:
        """A whole number."""
        if number is not None:
            self._add(fact_id, name, number, unit, None, date)

    def number(
        self,
        fact_id: str,
        name: str,
        number: float | None,
        unit: str = "",
        places: int = 1,
        direction: int | None = None,
    ) -> None:
        """A number to `places` decimals."""
        if number is not None:
            self._add(fact_id, name, _rounded(number, places), unit, direction, None)

    def signed(
        self, fact_id: str, name: str, number: float | None, unit: str = "%", places: int = 1, middle: float = 0
    ) -> None:
        """A number that says up or down: the direction is that of the rounded number against `middle`."""
        if number is not None:
            value = _rounded(number, places)
            self._add(fact_id, name, value, unit, (value > middle) - (value < middle), None)

    def price(self, fact_id: str, name: str, price: float | None) -> None:
        """A price: whole VND, or points to two decimals."""
        if price is not None:
            self._add(fact_id, name, _rounded(price, self.price_places), self.price_unit, None, None)

    def _add(
        self, fact_id: str, name: str, value: Value, unit: str, direction: int | None, date: dt.date | None
    ) -> None:
        self.facts.append(Fact(fact_id, name, value, unit, date or self.as_of, direction))


def percent(share: float | None) -> float | None:
    """A share of 1 as a percentage."""
    return None if share is None else 100 * share


def _rounded(number: float, places: int) -> int | float:
    # 0.0 is added so that no reader is told of -0.0.
    return round(float(number), places) + 0.0 if places else round(number)
