"""The insights of several symbols in one answer."""

from __future__ import annotations

from collections.abc import Sequence

from api import marks
from api.freshness import Gauge
from api.schemas import InsightAnswer, Insights
from api.services import Services
from stock_ai.errors import RetryableError


def insights(services: Services, symbols: Sequence[str]) -> Insights:
    """The current insights of `symbols`, each once, in one read where all have one."""
    found = services.insights.get_many(symbols)
    missing = [symbol for symbol in symbols if symbol not in found]
    stored = _stored(services, missing)
    gauge = Gauge(services)
    answers = [
        # The parts were validated when they were read, so they are put together as they are.
        InsightAnswer.model_construct(**dict(found[symbol]), freshness=gauge.of_insight(found[symbol]))
        for symbol in symbols
        if symbol in found
    ]
    return Insights.model_construct(
        insights=answers,
        unknown=[symbol for symbol in missing if symbol not in stored],
        pending=[symbol for symbol in missing if symbol in stored],
        freshness=gauge.combined(one.freshness for one in answers),
    )


def _stored(services: Services, symbols: Sequence[str]) -> set[str]:
    """Those that have bars; while prices are away, all."""
    if not symbols:
        return set()
    try:
        return {info.symbol for info in services.prices.symbols()}
    except RetryableError:
        marks.mark("mongodb")
        return set(symbols)
