"""`LlmAnalysis`: a stock explained in words, on topic `llm_analysis_results`."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from stock_ai.models.base import Message, Price, UtcInstant, VersionedMessage


class Language(StrEnum):
    """Languages an explanation can be written in."""

    VIETNAMESE = "vi"
    ENGLISH = "en"


class Stance(StrEnum):
    """The direction of the text as a whole."""

    BULLISH = "bullish"
    NEUTRAL = "neutral"
    BEARISH = "bearish"


class StanceConfidence(StrEnum):
    """How sure the author of a text is. A word and no probability: only the AI analysis states a calibrated one."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Horizon(StrEnum):
    """How far a text looks ahead."""

    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"


class LevelKind(StrEnum):
    """What a price level is to the close."""

    SUPPORT = "support"
    RESISTANCE = "resistance"


class Level(Message):
    """A price that the text points at. The price is that of the fact, never one that a language model wrote."""

    kind: LevelKind
    fact: str = Field(description="Id of the fact.")
    name: str
    price: Price


class CitedFact(Message):
    """A fact that the text rests on."""

    id: str
    name: str = Field(description="In the language of the text.")
    value: int | float | str
    unit: str = Field(description="VND, points, shares, %, sessions, bars, x (times), or empty.")
    date: dt.date = Field(description="Trading date at whose end it held.")
    cited_in: list[str] = Field(description="Where, e.g. `summary`, `drivers.0`, `levels.1`.")


class LlmUsage(Message):
    """What the making of a text has used, repairs and failed tries included."""

    calls: int = 0
    input_tokens: int = Field(default=0, description="Without those read from or written to the provider's cache.")
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = Field(default=0.0, ge=0, description="By our price table; zero for the template.")


class Grounding(Message):
    """What the check of the text against its facts has found."""

    claims: int = Field(default=0, description="Numbers, dates, tickers and direction words that were checked.")
    faults: int = Field(default=0, description="Of these, the ones that no fact bears, in the first answer.")
    repaired: bool = Field(default=False, description="Whether the author was asked to mend its faults.")
    removed: list[str] = Field(default_factory=list, description="Sentences that were taken out.")


class LlmAnalysis(VersionedMessage):
    """A text about one symbol, made only from the facts it was given.

    `provider` is `template` where no language model has written: then the text is put together by rule from the facts.
    """

    analysis_id: str = Field(description="Digest of symbol, watermark, prompt version, provider, model and language.")
    symbol: str
    event_time: UtcInstant
    as_of: dt.date = Field(description="Trading date of the facts.")
    ai_analysis_id: str | None = Field(
        description="The AI analysis whose facts were used: the watermark of the data behind the text."
    )
    provider: str = Field(examples=["anthropic", "openai", "template"])
    model: str
    prompt_version: str
    language: Language
    close: Annotated[Price | None, Field(description="Close of `as_of` as traded: VND, or points.")] = None
    summary: str
    drivers: list[str]
    risks: list[str]
    levels: list[Level] = Field(default_factory=list)
    stance: Stance
    stance_confidence: StanceConfidence = StanceConfidence.LOW
    horizon: Horizon = Horizon.DAYS
    cited: list[CitedFact] = Field(default_factory=list, description="The sources of the text, in the order of facts.")
    grounding: Grounding = Grounding()
    usage: LlmUsage = LlmUsage()
    disclaimer: str
    simulated: bool


class Served(StrEnum):
    """How an answer came about."""

    WRITTEN = "written"
    """For this request, or for another one that waited for the same text."""
    CACHED = "cached"
    """Before, from the facts that still hold."""
    STALE = "stale"
    """Before, from facts that have changed since: every provider is away."""
    SUBSTITUTE = "substitute"
    """By the template, since every provider is away or gave no usable answer and there is no older text."""


class Explained(Message):
    """The answer of llm_analysis."""

    analysis: LlmAnalysis
    served: Served
