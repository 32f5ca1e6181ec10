"""Indicators over time, and the list of those that there are. numpy and TA-Lib are imported when they are asked for."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from api.dependencies import known
from api.freshness import Gauge
from api.refusals import refused
from api.schemas import IndicatorCatalogue, IndicatorHistory, IndicatorItem, IndicatorParameter
from api.services import Services
from stock_ai.errors import InvalidInputError
from stock_ai.market.calendar import exchange_date
from stock_ai.models.base import Interval, PriceBasis
from stock_ai.models.price import StockPrice

if TYPE_CHECKING:
    from stock_ai.indicators import Bars
    from stock_ai.indicators.chosen import Choice, Form
    from stock_ai.indicators.panel import Floats

MOST_NAMES: Final = 20
MOST_SESSIONS: Final = 5_000
MOST_DAYS: Final = 7_320
"""Calendar days that can be asked for at once, about as many as `MOST_SESSIONS` take."""
_WHOLE_HISTORY: Final = 20_000
_INDEX: Final = "VNINDEX"
_DECIMALS: Final = 6
_PLACE: Final = ("query", "names")


class Asked(NamedTuple):
    """Which values are wanted: the newest `limit` of trading dates `start` to `end`."""

    symbol: str
    names: str
    start: dt.date | None
    end: dt.date | None
    limit: int


def names_of(text: str) -> list[str]:
    """The names in a list such as `sma_20,rsi:14`, each once.

    Raises:
        RequestValidationError: there are none or too many; names `names`.
    """
    names = list(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))
    if not 0 < len(names) <= MOST_NAMES:
        raise refused(_PLACE, f"must be 1 to {MOST_NAMES} names, and these are {len(names)}", text)
    return names


def history(services: Services, asked: Asked) -> IndicatorHistory:
    """Indicators on adjusted prices, computed on the whole history until `end`.

    Raises:
        RequestValidationError: a name or a parameter is wrong, or the dates are too far apart; names the field.
        NotFoundError: the symbol is unknown.
    """
    gauge = Gauge(services)
    _check_span(asked, exchange_date(gauge.now))
    choices = [_choice(name) for name in names_of(asked.names)]
    stored = services.prices.bars(asked.symbol, Interval.DAY, None, asked.end, _WHOLE_HISTORY)
    if not stored:
        known(services, asked.symbol)
    newest = min(asked.limit, sum(asked.start is None or bar.time >= asked.start for bar in stored))
    shown = stored[len(stored) - newest :]
    bars = _columns(asked.symbol, stored)
    return IndicatorHistory.model_construct(
        symbol=asked.symbol,
        adjusted=bars.adjusted,
        dates=[bar.time for bar in shown],
        series=_series(services, bars, choices, newest, asked.end),
        freshness=gauge.of_bar(shown[-1]) if shown else gauge.of(None),
    )


def catalogue(services: Services) -> IndicatorCatalogue:
    """Every indicator, those of the tables first."""
    from stock_ai.indicators import INDICATORS, RELATIVE
    from stock_ai.indicators.chosen import FORMS

    forms = {form.name: form for form in FORMS}
    listed = [
        IndicatorItem(
            name=one.name,
            family=one.family,
            unit=one.unit,
            description=one.description,
            warm_up=one.warm_up,
            parameters=_parameters(forms.pop(one.name)) if one.name in forms else [],
            series=[one.name],
        )
        for one in (*INDICATORS, *RELATIVE)
    ]
    for form in forms.values():
        usual = form.choice()
        listed.append(
            IndicatorItem(
                name=form.name,
                family=form.family,
                unit=form.unit,
                description=form.description,
                warm_up=usual.warm_up,
                parameters=_parameters(form),
                series=list(usual.series),
            )
        )
    return IndicatorCatalogue(indicators=listed, freshness=Gauge(services).of(None))


def _parameters(form: Form) -> list[IndicatorParameter]:
    return [
        IndicatorParameter(name=one.name, default=one.default, min=one.least, max=one.most) for one in form.parameters
    ]


def _check_span(asked: Asked, today: dt.date) -> None:
    if asked.start is None:
        return
    last = asked.end or today
    if asked.start > last:
        raise refused(("query", "start"), f"is after the last date that is asked for, {last}", str(asked.start))
    days = (last - asked.start).days
    if days > MOST_DAYS:
        message = f"is {days} days before {last}, and at most {MOST_DAYS} can be asked for at once"
        raise refused(("query", "start"), message, str(asked.start))


def _choice(name: str) -> Choice:
    from stock_ai.indicators.chosen import choose

    try:
        return choose(name)
    except InvalidInputError as error:
        raise refused(_PLACE, str(error), name) from None


def _series(
    services: Services, bars: Bars, choices: Sequence[Choice], newest: int, end: dt.date | None
) -> dict[str, list[float | None]]:
    from stock_ai.indicators.chosen import compute_chosen, needs_index

    index = None
    if needs_index(choices):
        index = _columns(_INDEX, services.prices.bars(_INDEX, Interval.DAY, None, end, _WHOLE_HISTORY))
    return {name: _values(column) for name, column in compute_chosen(bars, choices, newest, index).items()}


def _values(column: Floats) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in column.round(_DECIMALS).tolist()]


def _columns(symbol: str, stored: Sequence[StockPrice]) -> Bars:
    """Bars as the indicators take them."""
    import numpy as np

    from stock_ai.indicators import Bars

    def column(values: list[int | Decimal | None]) -> Floats:
        return np.array([math.nan if value is None else float(value) for value in values], dtype=np.float64)

    return Bars(
        symbol=symbol,
        dates=np.array([bar.time for bar in stored], dtype="datetime64[D]"),
        open=column([bar.open for bar in stored]),
        high=column([bar.high for bar in stored]),
        low=column([bar.low for bar in stored]),
        close=column([bar.close for bar in stored]),
        adjusted_close=column([bar.adjusted_close for bar in stored]),
        volume=column([bar.volume for bar in stored]),
        source=stored[-1].source if stored else "",
        provisional=stored[-1].provisional if stored else False,
        basis=PriceBasis.ADJUSTED if any(bar.basis is PriceBasis.ADJUSTED for bar in stored) else PriceBasis.RAW,
    )
