"""`TrackRecord`: the tallies that the API answers with."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from stock_ai.models.analysis import Signal
from stock_ai.models.base import Message, UtcInstant


class Tally(Message):
    """Signals at one horizon. Rates and means are of those that were scored; null where there is none."""

    signals: int = Field(description="Issued: `pending + unscored + scored`.")
    pending: int = Field(description="Not due yet, or waiting up to ten sessions for a price.")
    unscored: int = Field(description="Without an outcome for good: the stock or the market had no price.")
    scored: int
    sessions: int = Field(description="Trading dates that the scored ones are of.")
    hits: int = Field(description="Times the stated class happened.")
    hit_rate: float | None
    hit_rate_interval: tuple[float, float] | None = Field(
        description="95 %, from the variance of whole sessions with overlapping ones taken together; null below 20"
        " sessions or three horizons."
    )
    mean_confidence: float | None = Field(
        description="To compare with `hit_rate`; it is the probability of the class at 5 sessions."
    )
    direction_hit_rate: float | None = Field(description="Share of BUY and SELL whose excess return had their sign.")
    mean_return: float | None = Field(description="Mean return of the stocks, before cost.")
    mean_excess: float | None = Field(description="Mean return without the equal-weight market's, before cost.")


class Tallies(Message):
    """One tally for each horizon."""

    horizons: dict[int, Tally] = Field(description="By sessions from entry to exit: 1, 5 and 20.")


class ModelTallies(Tallies):
    """Of one model."""

    name: str
    version: str
    proven_skill: bool = Field(description="Whether its probabilities beat the base rate beyond chance when trained.")


class SignalTallies(Tallies):
    """Of BUY, HOLD or SELL."""

    signal: Signal


class ConfidenceTallies(Tallies):
    """Of one bucket of confidence."""

    at_least: float
    below: float = Field(description="The last bucket holds 1 too.")


class MonthTallies(Tallies):
    """Of the trading dates of one month."""

    month: str = Field(examples=["2025-08"])


class TrackRecord(Message):
    """Every signal that was issued, and how often they came true. Real and simulated ones are never together."""

    generated_at: UtcInstant = Field(description="When the scoring pass made it; later signals are not in it yet.")
    simulated: bool
    first: dt.date | None = Field(description="Trading date of the first signal.")
    last: dt.date | None = Field(description="Trading date of the newest signal.")
    overall: Tallies = Field(description="All that were issued in time.")
    late: Tallies = Field(
        description="Those issued when the entry had closed, or by a model that had seen later bars: no foresight, so"
        " they count nowhere else."
    )
    by_model: tuple[ModelTallies, ...]
    by_signal: tuple[SignalTallies, ...]
    by_confidence: tuple[ConfidenceTallies, ...]
    by_month: tuple[MonthTallies, ...]
