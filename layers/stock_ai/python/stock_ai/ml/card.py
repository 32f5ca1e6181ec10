"""`ModelCard`: what a trained model is, what it was trained on and how well it did on data it had not seen."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Final

from pydantic import Field

from stock_ai.models.base import Message, UtcInstant

UNIT: Final = "VND, points for indices"
"""The unit of the prices that this code hands to a model. One that was trained on another is refused."""
LIFETIME = dt.timedelta(days=120)
"""How long after its test span a model may state a confidence: a quarter and a month, so that about 17 weekly
challengers in a row have failed to replace it by then."""


class Recipe(StrEnum):
    """What a model is made of; `recipes` has how."""

    LOGISTIC = "logistic"
    BOOSTING = "boosting"
    FOREST = "forest"
    NEURAL = "neural"
    """A network of TensorFlow; training it and running it each need an extra."""
    BLEND = "blend"
    """The mean of logistic and boosting, each in its own deviations."""


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
    direction_log_loss_difference: tuple[float, float] = Field(
        description="The same of the probability to do better than the day's median, against that of the test span."
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


class Comparison(Message):
    """A challenger beside another forecast, on the same rows, which neither has seen. Log losses are means, in nats."""

    rows: int
    sessions: int
    log_loss: float = Field(description="Of the challenger.")
    other_log_loss: float
    difference: float = Field(description="log_loss - other_log_loss; below zero the challenger is better.")
    interval: tuple[float, float] = Field(description="95 % interval of the difference by block bootstrap.")
    rank_ic_difference: float | None = Field(description="Of the challenger minus the other; a base rate has none.")


class Verdict(Message):
    """Whether a challenger becomes champion, and why. See `promotion.judge`."""

    promoted: bool
    reason: str
    champion: str | None = Field(description="Version that served when it was judged.")
    against_base: Comparison
    against_champion: Comparison | None = Field(description="Null where no champion could be compared.")


class ModelCard(Message):
    """Everything to know of a model before it is used, kept beside it."""

    name: str
    version: str = Field(description="Digest of features, seed, data span and fitted numbers: equal for equal models.")
    sha256: str = Field(description="Of the stored bytes.")
    feature_version: int
    features: tuple[str, ...]
    unit: str = Field(description="Of the prices it was trained on.")
    seed: int
    trained_from: dt.date = Field(description="Trading date of the first row.")
    trained_until: dt.date = Field(description="Last trading date whose outcome the fit or the calibration has seen.")
    tested_from: dt.date = Field(description="Trading date of the first test row.")
    tested_until: dt.date = Field(description="Trading date of the last test row.")
    expires_on: dt.date = Field(description="Trading date after which its confidence is withheld.")
    symbols: tuple[str, ...]
    rows: int = Field(description="Rows of the fit and the calibration.")
    class_frequencies: tuple[float, float, float] = Field(
        description="Of DOWN, NEUTRAL, UP in those rows: the base rate that was known before the test span."
    )
    threshold: float = Field(description="Probability that BUY or SELL needs to be stated; below it stands HOLD.")
    simulated: bool = Field(description="Whether the bars were simulated; it is applied to such bars only, or to none.")
    libraries: dict[str, str] = Field(description="Versions of what made it.")
    metrics: Metrics
    proven_skill: bool = Field(description="Whether both log loss differences lie wholly below zero.")
    reliability: tuple[ReliabilityBin, ...]
    created_at: UtcInstant
    verdict: Verdict | None = Field(default=None, description="Null until it was judged.")
