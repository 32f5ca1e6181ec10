"""Redis keys. Everything under them can be rebuilt from MongoDB (`stock-ai rebuild-insights`)."""

from __future__ import annotations

INSIGHT_PREFIX = "insight:"


def insight(symbol: str) -> str:
    """String: the current `Insight` of `symbol` as JSON."""
    return f"{INSIGHT_PREFIX}{symbol}"


def history(symbol: str) -> str:
    """Sorted set: `HistoryEntry` JSON, scored by event time in milliseconds since the epoch."""
    return f"analysis:history:{symbol}"


def llm_answer(symbol: str, fingerprint: str) -> str:
    """String with expiry: an `LlmAnalysis` as JSON, reused while its facts have not changed."""
    return f"llm:answer:{symbol}:{fingerprint}"
