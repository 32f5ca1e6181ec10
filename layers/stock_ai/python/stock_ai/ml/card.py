"""`ModelCard`: what a trained model is, what it was trained on and how well it did on data it had not seen."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from stock_ai.models.base import Message, UtcInstant


class Metrics(Message):
    """How the stored model did on the test span, which neither the fit nor the calibration has seen.

    The base rate is the best constant forecast in hindsight: the class frequencies of the test span itself.
    """

    rows: int
    sessions: int
    log_loss: float = Field(description="Mean negative log of the probability given to what happened.")
    base_log_loss: float
    log_loss_difference: tuple[float, float] = Field(
        description="95 % interval of log_loss - base_log_loss by block bootstrap; below zero is better than the base."
    )
    brier: float = Field(description="Mean squared error summed over the three classes, 0 to 2.")
    base_brier: float
    hit_rate: float = Field(description="Share of rows whose most probable class happened.")
    base_hit_rate: float = Field(description="Share of the most frequent class.")
    rank_ic: float = Field(description="Mean daily rank correlation of P(up) - P(down) with the excess return.")
    calibration_error: float = Field(description="Mean of |confidence - hit rate| over the reliability table.")


class ReliabilityBin(Message):
    """One tenth of the test rows, by confidence (the probability of the most probable class)."""

    rows: int
    confidence: float = Field(description="Mean confidence.")
    hit_rate: float = Field(description="How often the most probable class happened.")


class ModelCard(Message):
    """Everything to know of a model before it is used, kept beside it."""

    name: str
    version: str = Field(description="Digest of features, seed, data span and fitted numbers: equal for equal models.")
    sha256: str = Field(description="Of the stored bytes.")
    feature_version: int
    features: tuple[str, ...]
    seed: int
    trained_from: dt.date = Field(description="Trading date of the first row.")
    trained_until: dt.date = Field(description="Last trading date whose outcome the fit or the calibration has seen.")
    tested_from: dt.date = Field(description="Trading date of the first test row.")
    tested_until: dt.date = Field(description="Trading date of the last test row.")
    symbols: tuple[str, ...]
    rows: int = Field(description="Rows of the fit and the calibration.")
    simulated: bool = Field(description="Whether the bars were simulated; it is applied to such bars only, or to none.")
    libraries: dict[str, str] = Field(description="Versions of what made it.")
    metrics: Metrics
    proven_skill: bool = Field(description="Whether the whole interval of the log loss difference is below zero.")
    reliability: tuple[ReliabilityBin, ...]
    created_at: UtcInstant
