"""Indicators that are chosen by name: those of the tables, and some whose parameters are chosen too (`rsi:7`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from stock_ai.errors import InvalidInputError
from stock_ai.indicators.indicator import Family, Study
from stock_ai.indicators.panel import Bars, Floats
from stock_ai.indicators.relative import RELATIVE, relative_strength
from stock_ai.indicators.series import Series, priced, runs
from stock_ai.indicators.studies.momentum import rate_of_change, rsi
from stock_ai.indicators.studies.overlays import exponential_average, simple_average
from stock_ai.indicators.ta import ta
from stock_ai.indicators.table import INDICATORS, compute

_NUMBER = re.compile(r"\d{1,4}(\.\d{1,2})?", re.ASCII)
_SHOWN = 40
_OF_TABLE = frozenset(indicator.name for indicator in INDICATORS)
_OF_INDEX = frozenset(indicator.name for indicator in RELATIVE)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that can be chosen, from `least` to `most`."""

    name: str
    default: float
    least: float
    most: float
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Form:
    """An indicator with parameters."""

    name: str
    family: Family
    unit: str
    description: str
    parameters: tuple[Parameter, ...]
    outputs: tuple[str, ...]
    """Ends of the names of its series."""
    study: Callable[..., Study]
    warm_up: Callable[..., int]
    """Bars that its first value takes."""

    def choice(self, values: Sequence[float] = ()) -> Choice:
        """The indicator with these parameters, by default with the usual ones.

        Raises:
            InvalidInputError: there are too many or too few, or one is out of bounds.
        """
        values = tuple(values) or tuple(parameter.default for parameter in self.parameters)
        if len(values) != len(self.parameters):
            wanted = ", ".join(f"{one.name} ({one.least:g} to {one.most:g})" for one in self.parameters)
            many = "1 number" if len(self.parameters) == 1 else f"{len(self.parameters)} numbers"
            raise InvalidInputError(f"{self.name} takes {many}: {wanted}")
        for parameter, value in zip(self.parameters, values, strict=True):
            if not parameter.least <= value <= parameter.most:
                bounds = f"from {parameter.least:g} to {parameter.most:g}"
                raise InvalidInputError(f"{parameter.name} of {self.name} must be {bounds}, not {value:g}")
            if parameter.whole and value != int(value):
                raise InvalidInputError(f"{parameter.name} of {self.name} must be a whole number, not {value:g}")
        given = [int(value) if one.whole else value for one, value in zip(self.parameters, values, strict=True)]
        if self is _MACD and given[0] >= given[1]:
            raise InvalidInputError(f"fast of macd must be below slow, and {given[0]} is not below {given[1]}")
        name = ":".join([self.name, *(f"{value:g}" for value in given)])
        return Choice(name, tuple(name + end for end in self.outputs), self.study(*given), self.warm_up(*given))


@dataclass(frozen=True, slots=True)
class Choice:
    """An indicator as it was chosen."""

    name: str
    series: tuple[str, ...]
    """Names of what it gives."""
    study: Study | None = None
    """None of an indicator of the tables."""
    warm_up: int = 0


def macd(fast: int, slow: int, signal: int) -> Study:
    """EMA(fast) - EMA(slow), its EMA(signal), and the difference of the two."""
    return lambda series: tuple(ta.MACD(series.close, fast, slow, signal))


def bollinger(period: int, deviations: float) -> Study:
    """SMA(period), with so many population standard deviations above, and below."""
    return lambda series: tuple(ta.BBANDS(series.close, period, deviations, deviations))


_MACD = Form(
    "macd",
    Family.MOMENTUM,
    "price",
    "EMA(fast) - EMA(slow), its EMA(signal), and the difference of the two",
    (Parameter("fast", 12, 2, 200), Parameter("slow", 26, 3, 400), Parameter("signal", 9, 1, 100)),
    ("", "_signal", "_histogram"),
    macd,
    lambda fast, slow, signal: slow + signal - 1,  # noqa: ARG005
)
FORMS: tuple[Form, ...] = (
    Form(
        "sma",
        Family.OVERLAY,
        "price",
        "Mean close of the last sessions",
        (Parameter("period", 20, 2, 500),),
        ("",),
        simple_average,
        lambda period: period,
    ),
    Form(
        "ema",
        Family.OVERLAY,
        "price",
        "Exponential average of the close",
        (Parameter("period", 20, 2, 500),),
        ("",),
        exponential_average,
        lambda period: period,
    ),
    Form(
        "bollinger",
        Family.OVERLAY,
        "price",
        "Mean of the last sessions, and standard deviations above and below",
        (Parameter("period", 20, 2, 500), Parameter("deviations", 2, 0.5, 5, whole=False)),
        ("_upper", "_middle", "_lower"),
        bollinger,
        lambda period, deviations: period,  # noqa: ARG005
    ),
    Form(
        "rsi",
        Family.MOMENTUM,
        "0..100",
        "Relative strength index",
        (Parameter("period", 14, 2, 250),),
        ("",),
        rsi,
        lambda period: period + 1,
    ),
    Form(
        "roc",
        Family.MOMENTUM,
        "percent",
        "Change of the close over the last sessions",
        (Parameter("period", 20, 1, 500),),
        ("",),
        rate_of_change,
        lambda period: period + 1,
    ),
    _MACD,
)
"""The indicators with parameters. `macd` without any is the one of the table."""
_FORMS = {form.name: form for form in FORMS}


def choose(text: str) -> Choice:
    """The indicator that a text names: `sma_20`, `rsi` with its usual period, `macd:12:26:9`.

    Raises:
        InvalidInputError: there is none of this name, or a parameter is wrong; the message says which.
    """
    if text in _OF_TABLE or text in _OF_INDEX:
        return Choice(text, (text,))
    name, *numbers = text.split(":")
    form = _FORMS.get(name)
    if form is None:
        raise InvalidInputError(f"there is no indicator {text[:_SHOWN]!r}")
    for number in numbers:
        if not _NUMBER.fullmatch(number):
            raise InvalidInputError(f"{number[:_SHOWN]!r} is no parameter of {name}: it takes plain numbers")
    return form.choice([float(number) for number in numbers])


def needs_index(choices: Sequence[Choice]) -> bool:
    """Whether one of them compares the stock with the index."""
    return any(choice.name in _OF_INDEX for choice in choices)


def compute_chosen(bars: Bars, choices: Sequence[Choice], newest: int, index: Bars | None = None) -> dict[str, Floats]:
    """The newest values of the chosen series by name, each of shape (newest,), computed on the whole history.

    NaN where undefined, as in `compute`. `index` is what a stock is compared with.
    """
    found: dict[str, Floats] = {}
    newest = min(newest, len(bars))
    if any(choice.name in _OF_TABLE for choice in choices):
        found |= compute(bars, newest=newest)
    if needs_index(choices):
        found |= relative_strength(bars, index, newest=newest)
    own = [choice for choice in choices if choice.study is not None]
    found |= {name: np.full(len(bars), np.nan) for choice in own for name in choice.series}
    if own:
        prices = bars.adjusted_prices()
        for run in runs(priced(bars)):
            series = Series.of(bars, prices, run)
            for choice in own:
                if len(series.close) >= choice.warm_up:
                    _fill(found, choice, run, series)
    return {name: found[name][len(found[name]) - newest :] for choice in choices for name in choice.series}


def _fill(found: dict[str, Floats], choice: Choice, run: slice, series: Series) -> None:
    study = choice.study
    assert study is not None  # noqa: S101 - only those with one are asked
    for name, column in zip(choice.series, study(series), strict=True):
        found[name][run] = column
