"""Explanations in words."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from api.schemas.base import Freshness, Schema
from stock_ai.models.llm import Language, LlmAnalysis, Served


class LlmAnswer(LlmAnalysis):
    """A stock explained in words."""

    served: Served = Field(description="How the answer came about.")
    age_seconds: int = Field(description="Since the text was written.")
    freshness: Freshness = Field(description="Of the facts behind the text.")


class WritingStatus(StrEnum):
    """How far a text is."""

    WRITING = "writing"


class LlmWriting(Schema):
    """The text is still being written."""

    symbol: str
    language: Language | None = Field(description="Null where only the name of the text is known.")
    status: WritingStatus = WritingStatus.WRITING
    location: str = Field(description="Where to ask for it; also in the header Location.")
