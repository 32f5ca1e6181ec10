"""Indicators."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from api.schemas.base import Answer, Schema
from stock_ai.models.analysis import NullIndicator


class Indicators(Answer):
    """The newest indicators of one symbol."""

    symbol: str
    bars: int = Field(description="Daily bars the indicators were computed from.")
    adjusted: bool = Field(description="Whether they are on adjusted prices.")
    indicators: dict[str, float | None] = Field(description="Null where undefined; `nulls` says why.")
    nulls: dict[str, NullIndicator] = Field(
        default_factory=dict, description="By the name of each indicator that is null, the reason."
    )


class IndicatorHistory(Answer):
    """Indicators of one symbol over time."""

    symbol: str
    adjusted: bool = Field(description="Whether they are on adjusted prices.")
    dates: list[dt.date] = Field(description="Trading dates, oldest first.")
    series: dict[str, list[float | None]] = Field(
        description="By name, a value for each date; null where undefined. `macd:12:26:9` gives three series: its own,"
        " `macd:12:26:9_signal` and `macd:12:26:9_histogram`."
    )


class IndicatorParameter(Schema):
    """A whole or decimal number that can be chosen."""

    name: str
    default: float
    min: float
    max: float


class IndicatorItem(Schema):
    """One indicator."""

    name: str = Field(
        description="To ask for it; one with parameters takes them in their order, e.g. `rsi:7` or `macd:12:26:9`."
    )
    family: str
    unit: str
    description: str
    warm_up: int = Field(description="Bars that its first value takes; with parameters, those of their defaults.")
    parameters: list[IndicatorParameter] = Field(description="Empty where it has none.")
    series: list[str] = Field(description="Names of the series it gives; with parameters, of their defaults.")


class IndicatorCatalogue(Answer):
    """Every indicator that can be asked for."""

    indicators: list[IndicatorItem]
