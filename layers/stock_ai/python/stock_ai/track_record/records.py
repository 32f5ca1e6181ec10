"""What is kept of every signal: that it was issued, and each outcome. Rows are only ever added."""

from __future__ import annotations

import datetime as dt
import math
from enum import StrEnum
from typing import Final

from pydantic import Field

from stock_ai.models.analysis import AiAnalysis, ModelRef, Probability, Signal
from stock_ai.models.base import Message, Price, UtcInstant, digest

HORIZONS: Final = (1, 5, 20)
"""Sessions from the entry to the exit of a scored signal."""
BAND_HORIZON: Final = 5
"""The horizon that the band and the confidence of a signal are of."""


class IssuedSignal(Message):
    """A signal as it was published. Of all that are said of one symbol, date and model the first one counts."""

    signal_id: str = Field(description="Digest of symbol, `as_of` and model version.")
    analysis_id: str = Field(description="The analysis that stated it.")
    symbol: str
    as_of: dt.date = Field(description="Trading date of the last bar that the model saw.")
    signal: Signal
    confidence: Probability
    probabilities: dict[Signal, Probability]
    close: Price = Field(description="Close of `as_of` as traded, in VND.")
    band: float = Field(gt=0, description="Excess return over 5 sessions beyond which a move counts as up or down.")
    model: ModelRef
    source: str
    simulated: bool
    issued_at: UtcInstant = Field(description="When the analysis was made.")


class OutcomeStatus(StrEnum):
    """Whether a signal could be scored."""

    SCORED = "scored"
    NO_PRICE = "no_price"
    """The stock has no bar at the entry or at the exit, ten sessions after the exit: halted, delisted or not traded."""
    NO_MARKET = "no_market"
    """Too few stocks have both prices to tell what the market did."""


class Outcome(Message):
    """What came of a signal after `horizon` sessions. A later revision takes the place of this one, which stays."""

    signal_id: str
    symbol: str
    as_of: dt.date
    simulated: bool
    horizon: int = Field(description="Sessions from entry to exit.")
    revision: int = Field(ge=1, description="1 for the first outcome, more for a correction; the highest counts.")
    scored_at: UtcInstant
    status: OutcomeStatus
    entry_date: dt.date = Field(description="The market's first session after `as_of`.")
    exit_date: dt.date = Field(description="The session `horizon` sessions after the entry.")
    entry_price: float | None = Field(description="Adjusted close of `entry_date`, as adjusted at `scored_at`.")
    exit_price: float | None = Field(description="Adjusted close of `exit_date`, as adjusted at `scored_at`.")
    stock_return: float | None = Field(description="`exit_price / entry_price - 1`.")
    market_return: float | None = Field(description="Mean of the same over all stocks that have both prices.")
    excess: float | None = Field(description="`stock_return - market_return`.")
    hit: bool | None = Field(description="Whether the stated class happened: see `hit`.")
    direction_hit: bool | None = Field(description="Whether BUY rose or SELL fell against the market; null for HOLD.")
    timely: bool = Field(description="Whether it was issued before the entry's close, by a model that knew no more.")

    @property
    def outcome_id(self) -> str:
        """The identity of the row."""
        return f"{self.signal_id}:{self.horizon}:{self.revision}"


def signal_id(symbol: str, as_of: dt.date, model_version: str) -> str:
    """The identity of a signal."""
    return digest("signal", symbol, as_of, model_version)


def issued(analysis: AiAnalysis) -> IssuedSignal | None:
    """The signal that an analysis issues; None without a signal, or while the bar it is of may still change.

    One without a band (of an earlier release) cannot be judged and issues none.
    """
    if analysis.provisional or not (
        analysis.signal and analysis.confidence is not None and analysis.probabilities and analysis.model
    ):
        return None
    if not analysis.band:
        return None
    return IssuedSignal(
        signal_id=signal_id(analysis.symbol, analysis.as_of, analysis.model.version),
        analysis_id=analysis.analysis_id,
        symbol=analysis.symbol,
        as_of=analysis.as_of,
        signal=analysis.signal,
        confidence=analysis.confidence,
        probabilities=analysis.probabilities,
        close=analysis.close,
        band=analysis.band,
        model=analysis.model,
        source=analysis.source,
        simulated=analysis.simulated,
        issued_at=analysis.event_time,
    )


def hit(signal: Signal, excess: float, band: float, horizon: int) -> bool:
    """Whether the stated class happened: the excess return above the band for BUY, below for SELL, within for HOLD.

    `band` is that of 5 sessions and grows with the root of the horizon, as the spread of a random walk does.
    """
    limit = band * math.sqrt(horizon / BAND_HORIZON)
    if signal is Signal.BUY:
        return excess > limit
    if signal is Signal.SELL:
        return excess < -limit
    return -limit <= excess <= limit


def direction_hit(signal: Signal, excess: float) -> bool | None:
    """Whether the excess return has the sign that BUY or SELL states; None for HOLD."""
    if signal is Signal.HOLD:
        return None
    return excess > 0 if signal is Signal.BUY else excess < 0
