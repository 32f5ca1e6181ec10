"""`Insight`: the current view of one symbol, and the entries of its history, in Redis."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from pydantic import Field

from stock_ai.models.analysis import AiAnalysis, Probability, Signal, Withheld
from stock_ai.models.base import Message, Price, UtcInstant, VersionedMessage
from stock_ai.models.llm import LlmAnalysis, Stance


class Agreement(StrEnum):
    """What a text that counts is to the signal."""

    AGREE = "agree"
    CONFLICT = "conflict"
    NONE = "none"
    """No text counts."""


class PartSource(StrEnum):
    """Who speaks in a part of an insight."""

    AI = "ai"
    LLM = "llm"


class PartReason(StrEnum):
    """Why a part counts or does not."""

    STATES = "states"
    """It states the signal."""
    WITHHELD = "withheld"
    """It states none."""
    AGREES = "agrees"
    """The text takes the view of the signal."""
    CONFLICTS = "conflicts"
    """The text takes the opposite view."""
    UNDECIDED = "undecided"
    """One of text and signal is neutral, the other is not."""
    TEMPLATE = "template"
    """Put together by rule: no view of its own."""
    TOO_OLD = "too_old"
    """The text is five or more sessions older than the signal."""
    NEWER_THAN_AI = "newer_than_ai"
    """The text is about a session that the AI part has not seen."""
    NO_SIGNAL = "no_signal"
    """There is no signal that the text could support."""


class InsightPart(Message):
    """What one source adds to an insight."""

    source: PartSource
    view: Stance | None = Field(description="BUY is bullish, HOLD neutral, SELL bearish; null without a view.")
    confidence: Probability | None = Field(
        description="Calibrated probability of the signal; null for a text, which states none."
    )
    weight: float = Field(ge=0, le=1, description="Its share of the confidence; the weights of used parts add up to 1.")
    reliability: float = Field(
        ge=0,
        le=1,
        description="1 with proven skill, 0.5 without, 0.01 of a text, 0 of one by rule or without a signal.",
    )
    as_of: dt.date = Field(description="Trading date of its facts.")
    age_sessions: int = Field(ge=0, description="Sessions from `as_of` to that of the newest part.")
    used: bool = Field(description="Whether it counts in the confidence.")
    reason: PartReason


class Insight(VersionedMessage):
    """The newest AI analysis and the newest text of one symbol, as one answer. At least one part is present.

    The signal is that of the AI part. A text moves its confidence by less than two percentage points, by the rule in
    `stock_ai.merging.opinions`; where it has, `calibrated` is false, and `parts` has the calibrated probability.
    """

    symbol: str
    event_time: UtcInstant = Field(description="The newer of the parts' event times.")
    as_of: dt.date = Field(description="Trading date of the AI part, else of the text.")
    close: Price | None = Field(description="Close of `as_of` as traded: VND, or points for an index.")
    signal: Signal | None
    confidence: Probability | None
    # What an earlier release has written lacks the fields with a default.
    calibrated: bool = Field(default=False, description="Whether `confidence` is a calibrated probability.")
    agreement: Agreement = Field(default=Agreement.NONE, description="Whether the text that counts takes that view.")
    proven_skill: bool | None = Field(
        default=None,
        description="Whether the model has beaten the base rate on unseen sessions; null without one.",
    )
    withheld: Withheld | None
    simulated: bool
    provisional: bool
    parts: list[InsightPart] = Field(default_factory=list, description="What each source says and how much it counts.")
    ai: AiAnalysis | None
    llm: LlmAnalysis | None


class HistoryKind(StrEnum):
    """Which part a history entry records."""

    AI = "ai"
    LLM = "llm"


class HistoryEntry(Message):
    """One analysis in the history of a symbol. Its event time is the score of the sorted set it is kept in."""

    kind: HistoryKind
    analysis_id: str
    as_of: dt.date
    close: Price | None = None
    signal: Signal | None = None
    confidence: Probability | None = None
    model_version: str | None = None
    summary: str | None = None
    simulated: bool


class HistoryPosition(NamedTuple):
    """Where a page of a history ends."""

    event_time: dt.datetime
    """Aware, of whole milliseconds."""
    member: str
    """Digest of the entry; orders the entries of one millisecond."""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some entries with their event times, newest first."""

    entries: tuple[tuple[dt.datetime, HistoryEntry], ...]
    next: HistoryPosition | None
    """What to ask for as `before` for the page after this one; None where there is none."""
