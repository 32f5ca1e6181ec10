"""On which terms the API answers over HTTP."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpTerms:
    """What an application is made with. Left out, it neither limits clients nor keeps answers."""

    cors_origins: tuple[str, ...] = ("*",)
    requests_per_minute: int = 0
    """Of one client; 0 sets no limit."""
    body_bytes: int = 65_536
    """The longest body of a request that is read."""
    keep_seconds: float = 0.0
    """How long a process gives an answer again that it has at hand."""
