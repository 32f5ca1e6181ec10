"""What answers and questions have in common."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, ConfigDict, Field


class Schema(BaseModel):
    """Base of what is answered. Built at its first use, so that a cold start pays only for the route that is asked."""

    model_config = ConfigDict(defer_build=True)


class Question(BaseModel):
    """Base of what is asked; a field that it does not know is refused."""

    # Built at once: FastAPI silences a warning of pydantic's only while it registers a route.
    model_config = ConfigDict(extra="forbid")


class Freshness(Schema):
    """How old the data of an answer is, and where it comes from. Null means that nothing is known of it."""

    as_of: dt.date | None = Field(description="Trading date (exchange time) of the newest data in the answer.")
    age_days: int | None = Field(description="Calendar days from `as_of` to today at the exchange.")
    sessions_behind: int | None = Field(
        description="Sessions after `as_of` that have closed, by the trading calendar: 0 over a weekend or holiday."
    )
    source: str | None = Field(description="Where the prices came from; null when unknown or more than one.")
    provisional: bool | None = Field(description="True while the session of `as_of` still runs.")
    simulated: bool | None = Field(description="True when any of it does not come from a real market.")
    degraded: tuple[str, ...] | None = Field(
        default=None, description="Stores that were away while this was put together; also in X-Degraded. Usually null."
    )


class Answer(Schema):
    """Base of every answer about data."""

    model_config = ConfigDict(frozen=True)

    freshness: Freshness
