"""What is to go, and how it is told: Deprecation (RFC 9745), Sunset (RFC 8594) and Link to what takes its place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_OF_ANOTHER_METHOD: Final = 405


@dataclass(frozen=True, slots=True)
class Deprecated:
    """An operation that is to go."""

    since: dt.datetime
    """Aware."""
    sunset: dt.datetime
    """Aware; from then on it may be refused, and from the day after on be removed."""
    instead: str
    """Where it says what to use, an address or a path of this API."""

    def headers(self) -> Mapping[str, str]:
        """The headers of an answer to whoever uses it."""
        return {
            "Deprecation": f"@{int(self.since.timestamp())}",
            "Sunset": format_datetime(self.sunset.astimezone(dt.UTC), usegmt=True),
            "Link": f'<{self.instead}>; rel="deprecation"; type="text/html"',
        }


DEPRECATED: Final[Mapping[str, Deprecated]] = {}
"""Operation id -> since when, until when and what instead. docs/http.md says how an operation goes."""


class Deprecations:
    """Stands right before the routes while something is deprecated, and adds the headers to its answers."""

    def __init__(self, app: ASGIApp, deprecated: Mapping[str, Deprecated]) -> None:
        self._app = app
        self._headers = {
            operation_id: [(name.lower().encode(), value.encode()) for name, value in going.headers().items()]
            for operation_id, going in deprecated.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] != _OF_ANOTHER_METHOD:
                # The router has left there which one it has found.
                operation_id = getattr(scope.get("route"), "operation_id", "")
                message["headers"] = [*message["headers"], *self._headers.get(operation_id, ())]
            await send(message)

        await self._app(scope, receive, told)
