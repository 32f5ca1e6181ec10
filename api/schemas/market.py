"""The market as a whole."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from api.schemas.base import Answer, Schema
from stock_ai.market_view import MoverKind
from stock_ai.models.analysis import Signal, WithheldReason
from stock_ai.models.base import Price
from stock_ai.models.listing import Sector


class Row(Schema):
    """One stock in a list: what its current analysis says."""

    symbol: str
    name: str | None = Field(description="In Vietnamese; null where no source has named it.")
    name_en: str | None
    exchange: str | None = Field(description="HOSE, HNX or UPCOM; null where it is not known.")
    sector: Sector | None
    signal: Signal | None
    confidence: float | None
    calibrated: bool = Field(description="Whether `confidence` is a calibrated probability.")
    proven_skill: bool | None = Field(description="Whether the model has beaten the base rate on unseen sessions.")
    close: Price | None = Field(description="As traded on `as_of`.")
    change_percent: float | None = Field(description="From the close before, adjusted: a dividend is no decline.")
    traded_value: float | None = Field(description="VND, mean of 20 sessions.")
    volume_ratio: float | None = Field(description="Volume over its mean of 20 sessions.")
    as_of: dt.date
    provisional: bool
    simulated: bool


class SignalScreen(Answer):
    """One page of the signals that come through the filters."""

    total: int = Field(description="Signals that come through, on all pages.")
    signals: list[Row]
    next_cursor: str | None = Field(description="`cursor` of the next page; null on the last.")


class Movers(Answer):
    """The stocks that stand out in the newest session."""

    by: MoverKind
    movers: list[Row]


class SectorItem(Schema):
    """The stocks of one sector; moves are those of the market's newest session."""

    sector: Sector | None = Field(description="Null: stocks whose sector is not known.")
    stocks: int
    advancers: int
    decliners: int
    unchanged: int
    change_percent: float | None = Field(description="Mean of the stocks' changes, each with the same weight.")
    traded_value: float = Field(description="VND, sum of the stocks' means of 20 sessions.")
    buy: int
    sell: int
    hold: int


class Sectors(Answer):
    """The market by sectors."""

    sectors: list[SectorItem]


class Breadth(Schema):
    """How the stocks moved from the session before to `session`, on adjusted closes where both are known."""

    session: dt.date | None
    advancers: int
    decliners: int
    unchanged: int
    not_compared: int = Field(description="Stocks whose analysis is of an earlier session, or without two closes.")
    above_sma_50_percent: float | None = Field(description="Of the stocks that have a mean of 50 sessions.")
    above_sma_200_percent: float | None
    new_highs: int = Field(description="Stocks that closed at the highest price of 252 sessions.")
    new_lows: int


class MarketBreadth(Answer, Breadth):
    """The breadth of the newest session."""


class IndexMove(Schema):
    """The last move of an index, in points."""

    symbol: str
    as_of: dt.date
    close: Price | None
    previous_close: Price | None
    change_percent: float | None


class RankedSignal(Schema):
    """A stock with a BUY or SELL signal."""

    symbol: str
    name: str | None = Field(description="In Vietnamese; null where no source has named it.")
    name_en: str | None
    signal: Signal
    confidence: float
    calibrated: bool = Field(description="Whether `confidence` is a calibrated probability.")
    proven_skill: bool | None = Field(description="Whether the model has beaten the base rate on unseen sessions.")
    close: Price | None
    as_of: dt.date


class MarketOverview(Answer):
    """The market at a glance."""

    symbols: int = Field(description="Symbols with daily bars, indices included; while prices are away, with analyses.")
    sectors: int = Field(description="Sectors that have a stock.")
    signals: dict[Signal, int] = Field(description="How many symbols carry each signal.")
    withheld: dict[WithheldReason, int] = Field(description="How many have no signal, by reason.")
    pending: int | None = Field(description="Symbols without any analysis yet; null while prices are away.")
    breadth: Breadth
    top: list[RankedSignal] = Field(description="BUY and SELL signals of the highest confidence.")
    vnindex: IndexMove | None
