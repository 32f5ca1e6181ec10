"""The facts a text may be made of: a table with ids, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from stock_ai.models.base import Price

Value = int | float | str


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement about the symbol, true at the end of the session of `date`.

    `value` is already rounded to what a reader needs: int for VND, shares and counts, float for %, x and points, str
    for words and ISO dates.
    """

    id: str
    """E.g. `close`, `return_5`, `rsi_14`, `signal`, `level.low_20`, `track.hit_rate`."""
    name: str
    value: Value
    unit: str
    """VND, points, shares, %, sessions, bars, x (times), or empty for plain numbers and words."""
    date: dt.date
    direction: int | None = None
    """1 where the fact says up, above, more or better, -1 for the contrary, 0 for neither; None where it has none."""

    @property
    def is_reason(self) -> bool:
        """Whether it is a reason of the model, `reason.{feature}`, whose value is a sentence."""
        return self.id.startswith("reason.")


@dataclass(frozen=True)
class FactSheet:
    """The facts about one symbol."""

    symbol: str
    as_of: dt.date
    analysis_id: str
    """The AI analysis behind the facts: the watermark of the data."""
    close: Price
    simulated: bool
    facts: tuple[Fact, ...]

    def get(self, fact_id: str) -> Fact | None:
        """The fact called `fact_id`, or None when the sheet does not state it."""
        return self._by_id.get(fact_id)

    def starting(self, prefix: str) -> list[Fact]:
        """The facts whose id starts with `prefix`, in the order of the sheet."""
        return [fact for fact in self.facts if fact.id.startswith(prefix)]

    @cached_property
    def _by_id(self) -> Mapping[str, Fact]:
        return {fact.id: fact for fact in self.facts}
