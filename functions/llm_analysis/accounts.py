"""What is told to operators of each question: one line in the log and a few metrics, none of the text."""

from __future__ import annotations

from dataclasses import dataclass

from aws_lambda_powertools.metrics import MetricUnit

from stock_ai.models.llm import Explained, LlmUsage
from stock_ai.observability import logger, metrics


@dataclass(frozen=True, slots=True)
class Account:
    """One question. `usage` and `faults` are what it has caused itself: nothing where it followed another one."""

    explained: Explained
    usage: LlmUsage
    faults: int
    led: bool
    seconds: float


def report(account: Account) -> None:
    """Log and count a question."""
    text, usage = account.explained.analysis, account.usage
    logger.info(
        "explained",
        extra={
            "symbol": text.symbol,
            "language": text.language.value,
            "provider": text.provider,
            "model": text.model,
            "served": account.explained.served.value,
            "led": account.led,
            "calls": usage.calls,
            "input_tokens": usage.input_tokens,
            "cache_read_tokens": usage.cache_read_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
            "output_tokens": usage.output_tokens,
            "cost_usd": usage.cost_usd,
            "faults": account.faults,
            "seconds": round(account.seconds, 3),
        },
    )
    metrics.add_metric("Explanations", MetricUnit.Count, 1)
    metrics.add_metric("LlmCalls", MetricUnit.Count, usage.calls)
    metrics.add_metric("LlmCostUsd", MetricUnit.NoUnit, usage.cost_usd)
    metrics.add_metric("LlmFaults", MetricUnit.Count, account.faults)
    metrics.add_metadata("provider", text.provider)
