"""Kafka topic names. The key of every message is its symbol, so one symbol keeps its order."""

from __future__ import annotations

STOCK_PRICES_RAW = "stock_prices_raw"
AI_ANALYSIS_RESULTS = "ai_analysis_results"
LLM_ANALYSIS_RESULTS = "llm_analysis_results"


def dead_letter(topic: str) -> str:
    """The topic that takes what could not be processed from `topic`."""
    return f"{topic}_dead_letter"


TOPICS = (STOCK_PRICES_RAW, AI_ANALYSIS_RESULTS, LLM_ANALYSIS_RESULTS)
DEAD_LETTER_TOPICS = tuple(dead_letter(topic) for topic in TOPICS)
