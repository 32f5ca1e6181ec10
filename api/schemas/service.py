"""The service itself."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from api.schemas.base import Schema


class DependencyState(StrEnum):
    """Whether a dependency answered in time."""

    UP = "up"
    DOWN = "down"


class Dependency(Schema):
    """One dependency at this moment."""

    status: DependencyState
    latency_ms: float
    detail: str | None = Field(description="What went wrong, in one word; null when nothing did.")


class Health(Schema):
    """All dependencies; `up` only when every one is."""

    status: DependencyState
    dependencies: dict[str, Dependency]


class Links(Schema):
    """Where to go from here."""

    name: str
    links: dict[str, str]
