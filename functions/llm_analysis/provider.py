"""The port to a language model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from functions.llm_analysis.draft import Draft
from stock_ai.models.llm import LlmUsage


@dataclass(frozen=True, slots=True)
class Repair:
    """A first answer with what was wrong in it."""

    answer: Draft
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Brief:
    """What a provider is asked. `system` is the same for every symbol, so that providers can cache it."""

    system: str
    facts: str
    """The fact table as JSON, with language and symbol: data, never instructions."""
    repair: Repair | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of a provider: a draft, or why there is none. What it has used is counted either way."""

    draft: Draft | None
    fault: str | None
    """`truncated`, `refused`, or `malformed: ...` with the field."""
    usage: LlmUsage


OnText = Callable[[str], None]
"""Called with the JSON of the answer as far as it has come, again and again while it grows."""


class Provider(Protocol):
    """Writes a draft from facts."""

    name: str
    """`anthropic` or `openai`."""
    model: str

    def write(self, brief: Brief, on_text: OnText) -> Reply:
        """One answer, streamed.

        Raises:
            RateLimitedError: busy; `retry_after` where the provider says so.
            RetryableError: away, overloaded or too slow.
            RunAbortedError: it refuses this installation: the message names the setting, never the key.
        """
