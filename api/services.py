"""What the API needs from outside, as one value that a test can build from fakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stock_ai.clock import Clock
from stock_ai.ports import InsightStore, LlmInvoker, PriceStore

Probe = Callable[[], None]
"""Returns when the dependency has answered; raises, within two seconds, when it has not."""


@dataclass(frozen=True, slots=True)
class Services:
    """The ports of the API."""

    prices: PriceStore
    insights: InsightStore
    llm: LlmInvoker
    probes: Mapping[str, Probe]
    clock: Clock
