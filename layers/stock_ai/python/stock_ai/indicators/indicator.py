"""What an indicator is: its name, its family and what it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from stock_ai.indicators.panel import Floats
from stock_ai.indicators.series import Series

Study = Callable[[Series], tuple[Floats, ...]]
"""Full-length outputs in declared order, NaN before warm-up; looks at no later bar."""


class Family(StrEnum):
    """What kind of question an indicator answers."""

    OVERLAY = "overlay"
    MOMENTUM = "momentum"
    VOLATILITY = "volatility"
    VOLUME = "volume"
    TREND = "trend"
    CANDLE = "candle"
    RELATIVE = "relative"


@dataclass(frozen=True, slots=True)
class Indicator:
    """One output: its name, the bars its first value takes, its unit and what it says.

    Units `price` (VND or points) and `price x shares` move with the adjusted prices, `VND` with the traded ones. All
    others do not change when every price is multiplied by a constant, beyond rounding; but `adx_14`, `plus_di_14`,
    `minus_di_14` and the candles decide by strict comparison of moves that may be equal, so that rounding can change
    them.
    """

    name: str
    warm_up: int
    unit: str
    description: str
    family: Family
    needs_volume: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A study and the indicators it gives, in its order."""

    study: Study
    outputs: tuple[Indicator, ...]
    names: tuple[str, ...]
    warm_up: int
    """Bars without which the study gives nothing at all."""
    reach: int | None
    """Bars on which a value depends, its own included; None where it is all from the first one on."""
    needs_volume: bool


def row(
    family: Family,
    study: Study,
    *outputs: tuple[str, int, str, str],
    needs_volume: bool = False,
    remembers: bool = False,
) -> Row:
    """A row from (name, warm-up, unit, description) of each output.

    A study that `remembers` builds on its own value of the bar before, and so on all bars; any other one depends on no
    bar beyond its warm-up.
    """
    indicators = tuple(Indicator(*output, family, needs_volume) for output in outputs)
    names = tuple(one.name for one in indicators)
    warm_ups = [one.warm_up for one in indicators]
    return Row(study, indicators, names, min(warm_ups), None if remembers else max(warm_ups), needs_volume)
