"""`LlmUsageDay`: what language models have cost on one day."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from stock_ai.models.base import Message


class LlmModelUsage(Message):
    """What one model of one provider has used and brought about in a day."""

    provider: str
    model: str
    calls: int = Field(default=0, description="Questions to the provider, repairs and failed ones included.")
    failed_calls: int = Field(default=0, description="Of these, those without an answer: busy, away, refused.")
    input_tokens: int = Field(default=0, description="Without those read from or written to the provider's cache.")
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = Field(default=0.0, description="By our price table.")
    cached: int = Field(default=0, description="Questions answered by a text that was kept, as llm_analysis saw them.")
    repairs: int = Field(default=0, description="Answers that were sent back with their faults.")
    removed_sentences: int = 0
    fallbacks: int = Field(default=0, description="Questions that another author had to answer in its place.")


class LlmUsageDay(Message):
    """One day of the exchange's time zone, Asia/Ho_Chi_Minh."""

    day: dt.date
    budget_usd: float
    spent_usd: float
    held_usd: float = Field(
        description="Upper bound of the calls under way, and of those whose end nobody saw; it counts as spent."
    )
    left_usd: float
    models: list[LlmModelUsage] = Field(description="By provider and model.")
