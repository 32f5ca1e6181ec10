"""Answers that were given a moment ago, given again before anything of the request is looked at but its bytes.

Many look at the same few symbols at once: a kept explanation is then answered for less than routing it would cost.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECONDS: Final = 1.0
"""How long an answer is given again: a new analysis may come that much later to who asks."""
_REMEMBERED: Final = 256
_LONGEST_BODY: Final = 200
"""Bytes. A longer question is not remembered."""
_SCOPE: Final = "stock_ai.remember"
_HEADERS: Final = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))

Question = tuple[str, bytes | None, bytes]
"""Path, content type and body."""
OnHit = Callable[[], None]


class _Kept(NamedTuple):
    until: float
    content: bytes
    on_hit: OnHit


def remember(scope: Scope, content: bytes, on_hit: OnHit) -> None:
    """Give this answer, JSON, to whoever asks the same within a second; `on_hit` is called for each of them."""
    if (keep := scope.get(_SCOPE)) is not None:
        keep(content, on_hit)


class RecentAnswers:
    """Stands before the routes. `path_end` tells the paths whose POST it looks at."""

    def __init__(self, app: ASGIApp, path_end: str) -> None:
        self._app = app
        self._path_end = path_end
        self._kept: dict[Question, _Kept] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].endswith(self._path_end):
            await self._app(scope, receive, send)
            return
        first = await receive()
        if first["type"] != "http.request" or first.get("more_body", False) or len(first["body"]) > _LONGEST_BODY:
            await self._app(scope, _again(first, receive), send)
            return
        kind = next((value for name, value in scope["headers"] if name == b"content-type"), None)
        question = scope["path"], kind, first["body"]
        kept = self._kept.get(question)
        if kept is not None and time.monotonic() < kept.until:
            kept.on_hit()
            length = (b"content-length", str(len(kept.content)).encode())
            await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, length]})
            await send({"type": "http.response.body", "body": kept.content})
            return

        def keep(content: bytes, on_hit: OnHit) -> None:
            if len(self._kept) >= _REMEMBERED:
                self._kept.clear()
            self._kept[question] = _Kept(time.monotonic() + SECONDS, content, on_hit)

        await self._app({**scope, _SCOPE: keep}, _again(first, receive), send)


def _again(first: Message, receive: Receive) -> Receive:
    """What was received already, and then what comes."""
    unread = [first]

    async def received() -> Message:
        return unread.pop() if unread else await receive()

    return received
