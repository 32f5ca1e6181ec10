"""What an author hands over: statements that cite facts by their ids, and nothing that is not checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from stock_ai.models.llm import Horizon, LevelKind, Stance, StanceConfidence

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
FactId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Statement(_Part):
    """One sentence."""

    text: Text = Field(description="One sentence.")
    facts: list[FactId] = Field(max_length=12, description="Ids of the facts this sentence rests on.")


class DraftLevel(_Part):
    """A price level, by the fact that holds its price."""

    kind: LevelKind
    fact: FactId = Field(description="Id of a fact whose id starts with `level.`.")


class Draft(_Part):
    """A whole answer. Its JSON schema is what providers are given."""

    summary: list[Statement] = Field(min_length=1, max_length=5, description="Two to five sentences, the gist first.")
    drivers: list[Statement] = Field(max_length=6, description="What speaks for the stance.")
    risks: list[Statement] = Field(min_length=1, max_length=6, description="What speaks against it.")
    levels: list[DraftLevel] = Field(max_length=4, description="Support below the close, resistance above it.")
    stance: Stance = Field(
        description="The direction of the text as a whole, in line with the signal where there is one."
    )
    stance_confidence: StanceConfidence
    horizon: Horizon

    def statements(self) -> Iterator[tuple[str, Statement]]:
        """Every statement with its place: `summary.0`, `drivers.1`, `risks.0`."""
        for part in ("summary", "drivers", "risks"):
            for at, statement in enumerate(getattr(self, part)):
                yield f"{part}.{at}", statement
