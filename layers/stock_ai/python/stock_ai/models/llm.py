"""`LlmAnalysis`: a stock explained in words, on topic `llm_analysis_results`."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from pydantic import Field

from stock_ai.models.base import SCHEMA_VERSION, Message, UtcInstant


class Language(StrEnum):
    """Languages an explanation can be written in."""

    VIETNAMESE = "vi"
    ENGLISH = "en"


class Stance(StrEnum):
    """The direction of the text as a whole."""

    BULLISH = "bullish"
    NEUTRAL = "neutral"
    BEARISH = "bearish"


class LlmAnalysis(Message):
    """A text about one symbol, made only from the facts it was given.

    `provider` is `template` where no language model was asked: then the text is put together by rule from the facts.
    """

    schema_version: int = SCHEMA_VERSION
    analysis_id: str = Field(description="Digest of symbol, facts, prompt version, provider, model and language.")
    symbol: str
    event_time: UtcInstant
    as_of: dt.date = Field(description="Trading date of the facts.")
    ai_analysis_id: str | None = Field(description="The AI analysis whose facts were used.")
    provider: str = Field(examples=["anthropic", "template"])
    model: str
    prompt_version: str
    language: Language
    summary: str
    drivers: list[str]
    risks: list[str]
    stance: Stance
    disclaimer: str
    simulated: bool
