"""Redis keys. Everything under them can be rebuilt from MongoDB (`stock-ai rebuild-insights`)."""

from __future__ import annotations

INSIGHT_PREFIX = "insight:"


def insight(symbol: str) -> str:
    """String: the current `Insight` of `symbol` as JSON."""
    return f"{INSIGHT_PREFIX}{symbol}"


def history(symbol: str) -> str:
    """Sorted set: `HistoryEntry` JSON, scored by event time in milliseconds since the epoch."""
    return f"analysis:history:{symbol}"


# Braces put the keys of the market into one slot of a cluster, so that one script changes them together.
MARKET_ROWS = "{market}:rows:1"
"""Hash: the `MarketRow` of each symbol as a JSON array. The figure names the form of a row."""

MARKET_VERSION = "{market}:version"
"""String: microseconds since the epoch at which a row last changed, greater at every change."""

MARKET_CHANGES = "{market}:changes"
"""Stream, capped: each `InsightChange` as JSON in the field `change`."""


def requests(name: str) -> str:
    """Integer with expiry: requests of a client in a window, both in `name`."""
    return f"api:requests:{name}"


def llm_text(symbol: str, text_id: str) -> str:
    """String with expiry: the `LlmAnalysis` called `text_id` as JSON; its name holds the data it was made from."""
    return f"llm:text:{symbol}:{text_id}"


def llm_latest(symbol: str, language: str) -> str:
    """String: the newest `LlmAnalysis` of a language model, or of the template where none is chosen, as JSON."""
    return f"llm:latest:{symbol}:{language}"


def llm_flight(text_id: str) -> str:
    """Stream with expiry: what happens while a text is made, until `done` or `failed`."""
    return f"llm:flight:{text_id}"


def llm_lead(text_id: str) -> str:
    """String with expiry: who makes the text at present."""
    return f"llm:lead:{text_id}"


def llm_usage(day: str) -> str:
    """Hash with expiry: calls, tokens and micro-dollars of one day of the exchange, by provider."""
    return f"llm:usage:{day}"
