"""Symbols."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from api.schemas.base import Answer
from stock_ai.models.analysis import Signal, Withheld
from stock_ai.models.base import Price
from stock_ai.models.listing import Sector


class StockItem(Answer):
    """One symbol in the list; what the current analysis says is null while it is pending."""

    symbol: str = Field(examples=["FPT"])
    name: str | None = Field(description="In Vietnamese; null where no source has named it.")
    name_en: str | None
    exchange: str | None = Field(description="HOSE, HNX or UPCOM; null where it is not known, and of an index.")
    sector: Sector | None
    first: dt.date | None = Field(description="Trading date of the first daily bar; null while prices are away.")
    last: dt.date = Field(description="Trading date of the last daily bar; while prices are away, of the analysis.")
    close: Price | None = Field(description="Close as traded on `freshness.as_of`, as the current analysis saw it.")
    change_percent: float | None = Field(description="From the close before, adjusted: a dividend is no decline.")
    signal: Signal | None
    confidence: float | None
    calibrated: bool = Field(description="Whether `confidence` is a calibrated probability.")
    proven_skill: bool | None = Field(description="Whether the model has beaten the base rate on unseen sessions.")


class StockList(Answer):
    """One page of the symbols with daily bars."""

    total: int = Field(description="Symbols that match, on all pages.")
    stocks: list[StockItem] = Field(description="Best match first where `q` is given, else by symbol.")
    next_cursor: str | None = Field(description="`cursor` of the next page; null on the last.")


class StockDetail(Answer):
    """One symbol: its names, its span of bars, its last close and its current signal."""

    symbol: str
    name: str | None = Field(description="In Vietnamese; null where no source has named it.")
    name_en: str | None
    exchange: str | None = Field(description="HOSE, HNX or UPCOM; null where it is not known, and of an index.")
    sector: Sector | None
    index: bool = Field(description="Whether prices are points of an index and not VND.")
    first: dt.date | None = Field(description="Trading date of the first daily bar; null while prices are away.")
    last: dt.date = Field(description="Trading date of the last daily bar; while prices are away, of the analysis.")
    close: Price | None = Field(description="Close as traded on `last`.")
    adjusted_close: Price | None
    change_percent: float | None = Field(
        description="From the close before, adjusted: a dividend is no decline. Null until `last` has been analysed."
    )
    signal: Signal | None
    confidence: float | None
    calibrated: bool = Field(description="Whether `confidence` is a calibrated probability.")
    proven_skill: bool | None = Field(description="Whether the model has beaten the base rate on unseen sessions.")
    withheld: Withheld | None = Field(description="Why there is no signal; null without any analysis.")
    analysis_as_of: dt.date | None = Field(description="Trading date of the analysis; null while it is pending.")
