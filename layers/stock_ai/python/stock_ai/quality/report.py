"""How right the stored prices are, as it is told: per symbol and for the market. Nothing is computed here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from stock_ai.market.sessions import Exchange
from stock_ai.models.base import Price


class WarningKind(StrEnum):
    """What is odd about a bar that breaks no hard rule. A warning never sets a bar aside."""

    PRICE_LIMIT = "price_limit"
    TICK = "tick"
    LOT = "lot"
    JUMP = "jump"
    STALE_REPEAT = "stale_repeat"
    VOLUME_SPIKE = "volume_spike"
    ZERO_VOLUME = "zero_volume"


class ActionKind(StrEnum):
    """What a corporate action probably was, told by nothing but its size."""

    CASH_DIVIDEND = "cash_dividend"
    STOCK = "stock"
    """Split, stock dividend or rights issue."""
    CONSOLIDATION = "consolidation"
    """Reverse split; in Vietnam these are so rare that a fault of the source is as likely."""


class SetAside(NamedTuple):
    """A quarantined record."""

    symbol: str
    date: dt.date | None
    """Trading date of a daily bar; None for anything else."""
    reason: str


class Finding(BaseModel):
    """Base of what is found, frozen. Built at its first use, so that a cold start does not pay for it."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class SoftWarning(Finding):
    """One odd bar."""

    kind: WarningKind
    symbol: str
    date: dt.date
    value: float = Field(description="What the bar has: VND, shares, a share of 1 for a jump, sessions for a repeat.")
    expected: float | None = Field(description="The bound or grid value it misses, in the same unit.")


class Gap(Finding):
    """Consecutive sessions without a bar."""

    first: dt.date
    last: dt.date
    sessions: int
    halt: bool = Field(description="More than 20 sessions: a trading halt rather than lost data.")


class OddSession(Finding):
    """A date on which the market and the calendar disagree, or few symbols have a bar."""

    date: dt.date
    symbols: int = Field(description="Symbols with a bar.")
    listed: int = Field(description="Symbols whose first and last bar lie around the date.")


class CorporateAction(Finding):
    """A change of the ratio of adjusted to traded close."""

    symbol: str
    date: dt.date = Field(description="The first session on the new terms (ex-date).")
    factor: float = Field(description="What multiplies the prices of all earlier sessions; 0.5 for a split in two.")
    kind: ActionKind


class Readjustment(Finding):
    """A source gives the adjusted prices of old sessions anew."""

    symbol: str
    factor: float = Field(description="New price / old price.")
    first: dt.date
    last: dt.date
    bars: int
    source: str
    detected_at: dt.datetime
    consistent: bool = Field(
        description="Whether one factor explains every bar within rounding. If not, the prices are in conflict: "
        "report it, apply nothing."
    )


class Difference(Finding):
    """One field on which two providers disagree."""

    date: dt.date
    field: str
    one: Price | None
    other: Price | None


class CrossCheck(Finding):
    """What two providers say of the last weeks of one symbol."""

    symbol: str
    one: str = Field(description="Name of the provider.")
    other: str
    checked_at: dt.datetime
    agreeing: int = Field(description="Dates on which every compared field agrees.")
    differences: tuple[Difference, ...] = Field(description="By date.")
    only_one: tuple[dt.date, ...]
    only_other: tuple[dt.date, ...]


@dataclass(frozen=True, slots=True)
class Background:
    """What the collector has found out beside the bars."""

    exchanges: Mapping[str, Exchange] = field(default_factory=dict)
    """Where each symbol trades; the widest limits hold for those that are left out."""
    readjustments: Sequence[Readjustment] = ()
    """Oldest first."""
    crosschecks: Mapping[str, CrossCheck] = field(default_factory=dict)
    """By symbol."""


class Quality(Finding):
    """What is told of a symbol and of the market alike."""

    generated_at: dt.datetime
    bars: int
    first: dt.date
    last: dt.date
    sessions_expected: int = Field(description="Sessions of the calendar from first to last; summed over symbols.")
    completeness: float = Field(description="Share of the expected sessions that have a bar, 0 to 1.")
    gaps: tuple[Gap, ...] = Field(description="A session that the whole market lacks is the market's, not a symbol's.")
    quarantined: dict[str, int] = Field(description="Records set aside, by reason.")
    warnings: dict[WarningKind, int]
    sessions_behind: int = Field(description="Closed sessions after `last` at `generated_at`.")
    source: str | None = Field(description="Of the last bar; null where symbols differ.")
    provisional: bool = Field(description="Whether the session of `last` was still running.")
    simulated: bool


class SymbolQuality(Quality):
    """One symbol."""

    symbol: str
    latest_warnings: tuple[SoftWarning, ...] = Field(description="The newest 50, newest first.")
    corporate_actions: tuple[CorporateAction, ...]
    exchange: Exchange | None = Field(description="Null before the first listing; then the widest limits hold.")
    readjustments: tuple[Readjustment, ...] = Field(
        description="When the source adjusted the history again, newest first."
    )
    crosscheck: CrossCheck | None = Field(description="The latest comparison of two providers; null before the first.")


class SymbolBrief(Finding):
    """One line of a list of symbols."""

    symbol: str
    completeness: float
    sessions_behind: int
    warnings: int


class MarketQuality(Quality):
    """All symbols together."""

    symbols: int
    symbols_with_gaps: int
    symbols_behind: int = Field(description="Symbols whose last bar is older than the newest of the market.")
    corporate_actions: int
    readjustments: int = Field(description="How often a source adjusted the history of a symbol again.")
    crosschecked: int = Field(description="Symbols of which two providers were compared.")
    disagreeing: int = Field(description="Of these, the ones on which they differ.")
    thin_sessions: tuple[OddSession, ...] = Field(description="Sessions on which less than half of the symbols trade.")
    unexpected_sessions: tuple[OddSession, ...] = Field(description="Dates with bars that the calendar calls closed.")
    least_complete: tuple[SymbolBrief, ...] = Field(description="The 20 least complete symbols, worst first.")


class QualityReport(Finding):
    """The market and each of its symbols, in the order of their names."""

    market: MarketQuality
    symbols: tuple[SymbolQuality, ...]

    @property
    def as_of(self) -> dt.date:
        """Trading date of the newest bar."""
        return self.market.last

    @property
    def generated_at(self) -> dt.datetime:
        """When it was made."""
        return self.market.generated_at

    def symbol(self, symbol: str) -> SymbolQuality | None:
        """The quality of one symbol, None where it has no bars."""
        return next((one for one in self.symbols if one.symbol == symbol), None)
