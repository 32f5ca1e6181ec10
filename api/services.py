"""What the API needs from outside, so that a test can give it from fakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from stock_ai.clock import Clock
    from stock_ai.ports import InsightStore, LlmInvoker, PriceStore

Probe = Callable[[], None]
"""Returns when the dependency has answered; raises, within two seconds, when it has not."""


class Services(Protocol):
    """The ports of the API. Each may be made when it is first read, so that a route pays only for those it uses."""

    @property
    def prices(self) -> PriceStore:
        """Bars."""

    @property
    def insights(self) -> InsightStore:
        """Current insights and their history."""

    @property
    def llm(self) -> LlmInvoker:
        """Explanations in words."""

    @property
    def probes(self) -> Mapping[str, Probe]:
        """A question to each dependency, by its name."""

    @property
    def clock(self) -> Clock:
        """The present instant."""
