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


class ServiceState(StrEnum):
    """What the service can do."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"


class Shortfall(Schema):
    """What is not as it should be while a dependency is down."""

    dependency: str
    reduced: list[str] = Field(description="Paths that are answered without it, slower or with less, and marked.")
    unavailable: list[str] = Field(description="Paths that answer 503 until it is back.")


class Health(Schema):
    """All dependencies: `up` when every one is, `degraded` while the service does without one, else `down`."""

    status: ServiceState
    dependencies: dict[str, Dependency]
    degraded: list[Shortfall] = Field(description="Empty when every dependency is up.")


class Links(Schema):
    """Where to go from here."""

    name: str
    links: dict[str, str]
