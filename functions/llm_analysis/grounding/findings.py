"""What the check has found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What is wrong with a claim."""

    NUMBER = "number"
    """No fact has this figure, or the fact it is said of has another."""
    UNIT = "unit"
    """The figure is right, its unit is not."""
    DATE = "date"
    TICKER = "ticker"
    DIRECTION = "direction"
    """The facts point the other way."""
    CITATION = "citation"
    """A fact that the sheet does not state, or a claim whose fact is not cited."""
    LEVEL = "level"
    """No price level, or one on the wrong side of the close."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One claim that the facts do not bear."""

    at: str
    """Where: `summary.0`, `drivers.1`, `risks.0`, `levels.2`, `stance`."""
    kind: FaultKind
    found: str
    """The words at fault, as written."""
    message: str
    """What is wrong, for the author who is asked to mend it."""


@dataclass(frozen=True, slots=True)
class Findings:
    """All faults of a draft, in the order of the text, and how many claims were checked."""

    claims: int
    faults: tuple[Fault, ...]
