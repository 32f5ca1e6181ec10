"""What the API is asked and answers. Prices are JSON numbers: whole VND for stocks, points for an index."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from stock_ai.models import (
    HistoryEntry,
    Insight,
    Language,
    LlmAnalysis,
    Price,
    PriceBasis,
    Served,
    Signal,
    Withheld,
    WithheldReason,
)
from stock_ai.models.analysis import NullIndicator
from stock_ai.models.price import BarTime


class Schema(BaseModel):
    """Base of what is answered. Built at its first use, so that a cold start pays only for the route that is asked."""

    model_config = ConfigDict(defer_build=True)


class Question(BaseModel):
    """Base of what is asked; a field that it does not know is refused."""

    # Built at once: FastAPI silences a warning of pydantic's only while it registers a route.
    model_config = ConfigDict(extra="forbid")


class Freshness(Schema):
    """How old the data of an answer is, and where it comes from. Null means that nothing is known of it."""

    as_of: dt.date | None = Field(description="Trading date (exchange time) of the newest data in the answer.")
    age_days: int | None = Field(description="Calendar days from `as_of` to today at the exchange.")
    sessions_behind: int | None = Field(
        description="Sessions after `as_of` that have closed, by the trading calendar: 0 over a weekend or holiday."
    )
    source: str | None = Field(description="Where the prices came from; null when unknown or more than one.")
    provisional: bool | None = Field(description="True while the session of `as_of` still runs.")
    simulated: bool | None = Field(description="True when any of it does not come from a real market.")


class Answer(Schema):
    """Base of every answer about data."""

    model_config = ConfigDict(frozen=True)

    freshness: Freshness


class StockItem(Answer):
    """One symbol in the list."""

    symbol: str = Field(examples=["FPT"])
    first: dt.date = Field(description="Trading date of the first stored daily bar.")
    last: dt.date = Field(description="Trading date of the last stored daily bar.")
    close: Price | None = Field(description="Close as traded on `freshness.as_of`, as the current analysis saw it.")
    signal: Signal | None
    confidence: float | None = Field(description="Calibrated probability of the signal.")


class StockList(Answer):
    """One page of the symbols with daily bars."""

    total: int = Field(description="Symbols that match `q`, on all pages.")
    offset: int
    next_offset: int | None = Field(description="`offset` of the next page; null on the last.")
    stocks: list[StockItem]


class StockDetail(Answer):
    """One symbol: its span of bars, its last close and its current signal."""

    symbol: str
    index: bool = Field(description="Whether prices are points of an index and not VND.")
    first: dt.date
    last: dt.date
    close: Price | None = Field(description="Close as traded on `last`.")
    adjusted_close: Price | None
    signal: Signal | None
    confidence: float | None
    withheld: Withheld | None = Field(description="Why there is no signal; null without any analysis.")
    analysis_as_of: dt.date | None = Field(description="Trading date of the analysis; null while it is pending.")


class ChartInterval(StrEnum):
    """The span of one bar on a chart. Weeks and months are built from daily bars when they are asked for."""

    MINUTE = "1m"
    MINUTES_5 = "5m"
    MINUTES_15 = "15m"
    HOUR = "1H"
    DAY = "1D"
    WEEK = "1W"
    MONTH = "1M"


class Bar(Schema):
    """One bar. `open`, `high`, `low` and `close` are what `basis` says."""

    time: BarTime = Field(
        description="Trading date of a day, Monday of a week, first day of a month; else the UTC instant it opens."
    )
    open: Price | None
    high: Price | None
    low: Price | None
    close: Price | None
    adjusted_close: Price | None = Field(description="Close adjusted for dividends and splits; null where unknown.")
    volume: int | None
    provisional: bool = Field(description="True while a session of it is still to close, or `end` leaves one out.")
    basis: PriceBasis = Field(
        description="`adjusted` also where raw prices are asked for and the source gives adjusted ones only."
    )


class PriceBars(Answer):
    """Bars of one symbol, oldest first."""

    symbol: str
    interval: ChartInterval
    prices: PriceBasis = Field(description="What was asked for; each bar says in `basis` what it is.")
    bars: list[Bar]
    next_cursor: str | None = Field(description="`cursor` that asks for the bars before these; null when none are.")


class Indicators(Answer):
    """The newest indicators of one symbol."""

    symbol: str
    bars: int = Field(description="Daily bars the indicators were computed from.")
    adjusted: bool = Field(description="Whether they are on adjusted prices.")
    indicators: dict[str, float | None] = Field(description="Null where undefined; `nulls` says why.")
    nulls: dict[str, NullIndicator] = Field(
        default_factory=dict, description="By the name of each indicator that is null, the reason."
    )


class InsightAnswer(Insight):
    """The current insight."""

    freshness: Freshness


class HistoryItem(HistoryEntry):
    """One analysis of the past."""

    event_time: dt.datetime = Field(description="When the analysis was made, UTC.")


class History(Answer):
    """Past analyses of one symbol, newest first."""

    symbol: str
    entries: list[HistoryItem]


class LlmAnswer(LlmAnalysis):
    """A stock explained in words."""

    served: Served = Field(description="How the answer came about.")
    age_seconds: int = Field(description="Since the text was written.")
    freshness: Freshness = Field(description="Of the facts behind the text.")


class WritingStatus(StrEnum):
    """How far a text is."""

    WRITING = "writing"


class LlmWriting(Schema):
    """The text is still being written."""

    symbol: str
    language: Language | None = Field(description="Null where only the name of the text is known.")
    status: WritingStatus = WritingStatus.WRITING
    location: str = Field(description="Where to ask for it; also in the header Location.")


class Breadth(Schema):
    """How the stocks moved from the session before to `session`, on adjusted closes where both are known."""

    session: dt.date | None
    advancers: int
    decliners: int
    unchanged: int
    not_compared: int = Field(description="Stocks without an analysis of this session, or without two closes.")


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
    signal: Signal
    confidence: float
    close: Price | None
    as_of: dt.date


class MarketOverview(Answer):
    """The market at a glance."""

    symbols: int = Field(description="Symbols with daily bars, indices included.")
    signals: dict[Signal, int] = Field(description="How many symbols carry each signal.")
    withheld: dict[WithheldReason, int] = Field(description="How many have no signal, by reason.")
    pending: int = Field(description="Symbols without any analysis yet.")
    breadth: Breadth
    top: list[RankedSignal] = Field(description="BUY and SELL signals of the highest confidence.")
    vnindex: IndexMove | None


class DependencyState(StrEnum):
    """Whether a dependency answered in time."""

    UP = "up"
    DOWN = "down"


class Dependency(Schema):
    """One dependency at this moment."""

    status: DependencyState
    latency_ms: float
    detail: str | None = Field(description="What went wrong, in one word; null when nothing did.")


class Health(Schema):
    """All dependencies; `up` only when every one is."""

    status: DependencyState
    dependencies: dict[str, Dependency]


class Links(Schema):
    """Where to go from here."""

    name: str
    links: dict[str, str]
