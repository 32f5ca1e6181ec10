"""What is deprecated, told in headers: Deprecation (RFC 9745), Sunset (RFC 8594) and Link to what takes its place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime


@dataclass(frozen=True, slots=True)
class Deprecated:
    """A route or a parameter that is to go."""

    since: dt.datetime
    """Aware."""
    sunset: dt.datetime
    """Aware; from then on it may be refused."""
    instead: str
    """Where it says what to use, an address or a path of this API."""

    def headers(self) -> Mapping[str, str]:
        """The headers of an answer to whoever uses it."""
        return {
            "Deprecation": f"@{int(self.since.timestamp())}",
            "Sunset": format_datetime(self.sunset.astimezone(dt.UTC), usegmt=True),
            "Link": f'<{self.instead}>; rel="deprecation"; type="text/html"',
        }
