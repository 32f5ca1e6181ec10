"""`Insight`: the current view of one symbol, and the entries of its history, in Redis."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from pydantic import Field

from stock_ai.models.analysis import AiAnalysis, Probability, Signal, Withheld
from stock_ai.models.base import SCHEMA_VERSION, Message, Price, UtcInstant
from stock_ai.models.llm import LlmAnalysis


class Insight(Message):
    """The newest AI analysis and the newest text of one symbol, as one answer.

    `signal` and `confidence` are those of the AI part, whose confidence is calibrated; the text explains and does not
    change them. At least one part is present.
    """

    schema_version: int = SCHEMA_VERSION
    symbol: str
    event_time: UtcInstant = Field(description="The newer of the parts' event times.")
    as_of: dt.date = Field(description="Trading date of the AI part, else of the text.")
    close: Price | None = Field(description="Close of `as_of` as traded: VND, or points for an index.")
    signal: Signal | None
    confidence: Probability | None
    withheld: Withheld | None
    simulated: bool
    provisional: bool
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
