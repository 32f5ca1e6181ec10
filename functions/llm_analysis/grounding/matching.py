"""Whether a number states a fact: by unit, scale, sign and the precision it is written with."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

from functions.llm_analysis.facts import Fact
from functions.llm_analysis.grounding.numbers import Number, Reading, Unit

_ROUGHLY: Final = 0.05
_IN_TEXT: Final = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w-])(?!\.\d)")
_FRACTION: Final = 1.5
"""Plain numbers up to here can be ratios, so that a text may give them in per cent."""


def states(number: Number, fact: Fact) -> bool:
    """Whether the number is the value of the fact, rounded or not, in a unit that fits.

    A number may be rounded to the last digit it states. It may be cut off instead after words like `more than`; after
    words like `about`, zeros at its end state nothing, within 5 %. Without a written sign only the size counts.
    """
    return any(_equal(number, target) for target in targets(number.unit, fact))


def states_but_for_unit(number: Number, fact: Fact) -> bool:
    """Whether only the unit or the scale of the number is wrong."""
    values = _values(fact)
    for power in (0, 2, -2, 3, -3, 6, -6, 9, -9):
        scaled = [Reading(one.value * 10.0**power, one.step * 10.0**power, one.digits) for one in number.readings]
        if any(_reads(number, one, value) for one in scaled for value in values):
            return True
    return False


def targets(unit: Unit | None, fact: Fact) -> list[float]:
    """The values a number in `unit` may have in order to state `fact`; none when the unit does not fit."""
    return [target for value in _values(fact) for target in _in_unit(unit, fact, value)]


def _values(fact: Fact) -> list[float]:
    if isinstance(fact.value, str):
        return [float(found) for found in _IN_TEXT.findall(fact.value)]
    return [float(fact.value)]


def _in_unit(unit: Unit | None, fact: Fact, value: float) -> Iterator[float]:
    if isinstance(fact.value, str):
        if unit in (None, Unit.SESSIONS, Unit.BARS, Unit.TIMES, Unit.PERCENT):
            yield value
        if unit is Unit.PERCENT:
            yield value * 100
        return
    match unit:
        case None:
            yield value
            if fact.unit == "%":
                yield value / 100
        case Unit.PERCENT:
            if fact.unit == "%" or fact.id.startswith("stochastic"):
                yield value
            elif fact.unit == "x" or fact.id.startswith("beta_"):
                yield from (value * 100, (value - 1) * 100)
            elif fact.unit == "" and isinstance(fact.value, float) and abs(value) <= _FRACTION:
                yield value * 100
        case Unit.POINTS:
            if fact.unit in ("points", "", "%"):
                yield value
        case Unit.TIMES:
            if fact.unit in ("x", ""):
                yield value
        case Unit.SESSIONS | Unit.BARS:
            if fact.unit in ("sessions", "bars") or (fact.unit == "" and isinstance(fact.value, int)):
                yield value
        case Unit.VND | Unit.SHARES:
            if fact.unit == unit.value:
                yield value
        case _:
            return


def _equal(number: Number, target: float) -> bool:
    return any(_reads(number, reading, target) for reading in number.readings)


def _reads(number: Number, reading: Reading, target: float) -> bool:
    if number.sign and target and (number.sign == "-") != (target < 0):
        return False
    off = abs(target) - reading.value
    least = 4 * math.ulp(target)
    if number.floor and -least <= off < reading.step - least:
        return True
    if number.rough and abs(off) <= min(_last_digit(reading) / 2, abs(target) * _ROUGHLY):
        return True
    return abs(off) <= reading.step / 2 + least


def _last_digit(reading: Reading) -> float:
    """The weight of the last digit that is no zero of a whole number."""
    if reading.value == 0:
        return reading.step
    return max(reading.step, 10.0 ** (math.floor(math.log10(reading.value)) - reading.digits + 1))
