"""`AiAnalysis`: what indicators and the model say of one symbol, on topic `ai_analysis_results`."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated

from pydantic import Field, FiniteFloat

from stock_ai.models.base import SCHEMA_VERSION, Message, Price, UtcInstant

Probability = Annotated[float, Field(ge=0, le=1)]


class Signal(StrEnum):
    """What the model expects of the next five sessions against the equal-weight market."""

    BUY = "BUY"
    HOLD = "HOLD"
    SELL = "SELL"


class WithheldReason(StrEnum):
    """Why there is no signal."""

    NO_MODEL = "no_model"
    INSUFFICIENT_HISTORY = "insufficient_history"
    INDEX_NOT_MODELLED = "index_not_modelled"
    MODEL_NOT_APPLICABLE = "model_not_applicable"
    FEATURES_UNAVAILABLE = "features_unavailable"


class Withheld(Message):
    """A typed reason in place of a signal, with the figures in `detail`."""

    reason: WithheldReason
    detail: str = Field(examples=["96 bars stored, 260 needed"])


class ModelRef(Message):
    """Which model spoke."""

    name: str
    version: str
    trained_until: dt.date = Field(description="Last trading date whose outcome the fit or the calibration has seen.")
    proven_skill: bool = Field(
        description="Whether on later, unseen sessions its log loss beat the base rate beyond chance (95 %)."
    )


class SignalReason(Message):
    """One feature that moved this prediction."""

    feature: str
    value: FiniteFloat
    weight: FiniteFloat = Field(
        description="Contribution to the log-odds of the stated signal; positive speaks for it."
    )
    text: str = Field(description="The same in plain words.")


class AiAnalysis(Message):
    """The state of one symbol after the session of `as_of`.

    Either `signal`, `confidence`, `probabilities` and `model` are all set, or all null and `withheld` says why.
    Indicators are on adjusted prices; one that has not warmed up is null.
    """

    schema_version: int = SCHEMA_VERSION
    analysis_id: str = Field(description="Digest of the content without `event_time`; equal for equal analyses.")
    symbol: str
    event_time: UtcInstant = Field(description="When the analysis was made; of two the newer is current.")
    as_of: dt.date = Field(description="Trading date of the last bar used.")
    bars: int = Field(ge=1, description="Daily bars used.")
    close: Price = Field(description="Close of `as_of` as traded: VND, or points for an index.")
    signal: Signal | None = None
    confidence: Probability | None = Field(default=None, description="Calibrated probability of the stated signal.")
    probabilities: dict[Signal, Probability] | None = None
    withheld: Withheld | None = None
    model: ModelRef | None = None
    indicators: dict[str, float | None]
    reasons: list[SignalReason] = Field(default_factory=list)
    adjusted: bool = Field(description="Whether the indicators could use adjusted prices.")
    provisional: bool = Field(description="True while the session of `as_of` still runs.")
    source: str = Field(description="Source of the last bar.")
    simulated: bool
