"""`AiAnalysis`: what indicators and the model say of one symbol, on topic `ai_analysis_results`."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated

from pydantic import Field, FiniteFloat

from stock_ai.models.base import Message, Price, UtcInstant, VersionedMessage

Probability = Annotated[float, Field(ge=0, le=1)]


class Signal(StrEnum):
    """What the model expects of the next five sessions against the equal-weight market."""

    BUY = "BUY"
    HOLD = "HOLD"
    SELL = "SELL"


class WithheldReason(StrEnum):
    """Why there is no signal."""

    INDEX_NOT_MODELLED = "index_not_modelled"
    """It is an index: stocks are foreseen against the market, not the market."""
    HALTED = "halted"
    """The market has traded for more than a week of sessions since its last bar."""
    NEW_LISTING = "new_listing"
    """The market's bars go back far enough, its own begin later."""
    INSUFFICIENT_HISTORY = "insufficient_history"
    """Too few bars for another cause: the whole market is short, or it has traded on few days."""
    NO_MODEL = "no_model"
    """None has been trained yet."""
    MODEL_NOT_APPLICABLE = "model_not_applicable"
    """Trained on simulated bars and given real ones, or the other way round."""
    MODEL_EXPIRED = "model_expired"
    """The session is later than the model may be used for."""
    FEATURES_UNAVAILABLE = "features_unavailable"
    """Something that the model needs is undefined on this session."""


class Withheld(Message):
    """A typed reason in place of a signal, with the figures in `detail`."""

    reason: WithheldReason
    detail: str = Field(examples=["96 bars stored, 260 needed"])


class NullReason(StrEnum):
    """Why an indicator is null."""

    WARM_UP = "warm_up"
    """Fewer bars than the first value takes, counted from the last hole in the history."""
    MISSING_PRICE = "missing_price"
    """The newest bar lacks a sound open, high, low or close."""
    NO_VOLUME = "no_volume"
    """The newest bar has no volume, or the newest bars have traded nothing."""
    FLAT = "flat"
    """The price has not moved in the window, so that the formula divides zero by zero."""
    INDEX = "index"
    """It says nothing of an index."""
    NO_INDEX = "no_index"
    """The index has no bar at the newest session of the stock, or none at all."""


class NullIndicator(Message):
    """Why one indicator is null; of a warm-up also how many bars are needed and how many there are."""

    reason: NullReason
    needed: int | None = None
    had: int | None = None


class ModelRef(Message):
    """Which model spoke."""

    name: str
    version: str
    trained_until: dt.date = Field(description="Last trading date whose outcome the fit or the calibration has seen.")
    proven_skill: bool = Field(
        description="Whether on later, unseen sessions it beat the base rate beyond chance (95 %), in the three classes"
        " and in the direction alone."
    )


class SignalReason(Message):
    """One feature that moved this prediction."""

    feature: str
    value: FiniteFloat
    usual: FiniteFloat | None = Field(
        default=None,
        description="The median that the value is compared with; null where an earlier release has written the reason.",
    )
    weight: FiniteFloat = Field(
        description="Contribution to the log-odds of the stated signal; positive speaks for it."
    )
    text: str = Field(description="The same in plain words.")


class AiAnalysis(VersionedMessage):
    """The state of one symbol after the session of `as_of`.

    Either `signal`, `confidence`, `probabilities`, `band` and `model` are all set, or all null and `withheld` says why.
    Indicators are on adjusted prices; of one that is null `nulls` says why.
    """

    analysis_id: str = Field(description="Digest of the content without `event_time`; equal for equal analyses.")
    symbol: str
    event_time: UtcInstant = Field(description="When the analysis was made; of two the newer is current.")
    as_of: dt.date = Field(description="Trading date of the last bar used.")
    bars: int = Field(ge=1, description="Daily bars used.")
    close: Price = Field(description="Close of `as_of` as traded: VND, or points for an index.")
    signal: Signal | None = None
    confidence: Probability | None = Field(default=None, description="Calibrated probability of the stated signal.")
    probabilities: dict[Signal, Probability] | None = None
    band: float | None = Field(
        default=None,
        gt=0,
        description="Excess return over five sessions, as a ratio, beyond which a move counts as up or down.",
    )
    withheld: Withheld | None = None
    model: ModelRef | None = None
    indicators: dict[str, float | None]
    nulls: dict[str, NullIndicator] = Field(
        default_factory=dict, description="By the name of each indicator that is null, the reason."
    )
    reasons: list[SignalReason] = Field(default_factory=list)
    adjusted: bool = Field(description="Whether the indicators could use adjusted prices.")
    provisional: bool = Field(description="True while the session of `as_of` still runs.")
    source: str = Field(description="Source of the last bar.")
    simulated: bool
