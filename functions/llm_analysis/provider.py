"""The port to whatever writes the text."""

from __future__ import annotations

from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from functions.llm_analysis.facts import FactSheet
from stock_ai.models import Language, Stance

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]


class Draft(BaseModel):
    """What a provider writes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    summary: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)] = Field(
        description="Three to five sentences."
    )
    drivers: list[Sentence] = Field(max_length=8, description="What speaks for the stated view, one sentence each.")
    risks: list[Sentence] = Field(min_length=1, max_length=8, description="What speaks against it, one sentence each.")
    stance: Stance = Field(description="The direction of the text as a whole, in line with the signal.")


class Provider(Protocol):
    """Writes a text from facts."""

    name: str
    """`anthropic` or `template`."""
    model: str
    prompt_version: str

    def write(self, sheet: FactSheet, language: Language) -> Draft | None:
        """A text made from `sheet` only, or None when the answer did not have the asked form.

        Raises:
            RetryableError: the provider is away, busy or too slow.
            RunAbortedError: the provider refuses this installation, e.g. its key; an operator has to look.
        """
