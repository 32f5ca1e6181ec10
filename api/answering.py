"""What holds for every answer on its way out: ETag and 304, the coding of its body, HEAD, and what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi.concurrency import run_in_threadpool
from starlette.types import Message, Scope, Send

from api import marks
from api.caching import is_known
from api.compression import SHORTEST, compressed, is_compressible
from api.door import API
from api.kept_reads import Headers, KeptReads

_IN_THREAD: Final = 65_536
"""Bytes. Compressing so much takes longer than other requests should wait."""
_LONGEST_QUESTION: Final = 1_000
_OF_304: Final = frozenset(
    {b"etag", b"cache-control", b"vary", b"content-location", b"expires", b"link", b"deprecation", b"sunset"}
)
"""What a 304 tells as the 200 would (RFC 9110, section 15.4.5), and what is deprecated."""


class Answer:
    """Implements `Send` for one request; a body that comes in parts is passed on as it comes."""

    __slots__ = ("_coding", "_head", "_kept", "_known", "_own", "_question", "_send", "_start", "degraded", "started")

    def __init__(
        self,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        send: Send,
        own: Headers,
        coding: str | None,
        kept: KeptReads | None,
    ) -> None:
        self._send = send
        self._own = own
        self._coding = coding
        self._head = scope["method"] == "HEAD"
        self._known = headers.get(b"if-none-match") if self._head or scope["method"] == "GET" else None
        self._kept = kept
        path, query = scope["path"], scope["query_string"]
        keepable = kept is not None and scope["method"] == "GET" and API in path and len(query) <= _LONGEST_QUESTION
        self._question = (path, query, coding) if keepable else None
        self._start: Message | None = None
        self.degraded: set[str] = set()
        self.started = False
        """Whether anything has been sent."""

    async def again(self) -> bool:
        """Give the answer that is at hand for the same question; whether there was one."""
        if self._question is None or self._kept is None or (kept := self._kept.get(self._question)) is None:
            return False
        if self._known is not None and is_known(self._known.decode("latin-1"), kept.tag):
            await self._not_modified(kept.headers)
        else:
            await self._whole(200, kept.headers, kept.body)
        return True

    async def __call__(self, message: Message) -> None:
        """See `Send`."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        start, self._start = self._start, None
        if start is None:
            if not self._head:
                await self._send(message)
        elif message.get("more_body", False):
            await self._whole(start["status"], [*start["headers"], *self._marks()], None)
            if not self._head:
                await self._send(message)
        else:
            await self._finish(start["status"], [*start["headers"], *self._marks()], message.get("body", b""))

    async def _finish(self, status: int, headers: Headers, body: bytes) -> None:
        told = dict(headers)
        tag = told.get(b"etag", b"").decode("latin-1")
        coding = None
        if is_compressible(told.get(b"content-type", b"").decode("latin-1")):
            headers = _varying(headers, told.get(b"vary"))
            if len(body) >= SHORTEST and b"content-encoding" not in told:
                coding = self._coding
        if coding is not None and tag:
            # Other bytes, so another strong tag.
            tag = f'{tag[:-1]}-{coding}"'
            headers = _replaced(headers, {b"etag": tag.encode("latin-1")})
        known = status == 200 and tag and self._known is not None and is_known(self._known.decode("latin-1"), tag)
        public = status == 200 and told.get(b"cache-control", b"").startswith(b"public")
        kept = self._kept if tag and public else None
        if coding is not None and (kept is not None or not known):
            long = len(body) >= _IN_THREAD
            body = await run_in_threadpool(compressed, body, coding) if long else compressed(body, coding)
            headers = _replaced(headers, {b"content-encoding": coding.encode(), b"content-length": b"%d" % len(body)})
        if kept is not None and self._question is not None:
            # Also what this client knows already: those who ask next may not.
            kept.put(self._question, headers, body, tag)
        if known:
            await self._not_modified(headers)
            return
        await self._whole(status, headers, body)

    async def _not_modified(self, headers: Headers) -> None:
        await self._whole(304, [header for header in headers if header[0] in _OF_304 or header[0] == _DEGRADED], b"")

    async def _whole(self, status: int, headers: Headers, body: bytes | None) -> None:
        """Send the head, and the body where it is at hand."""
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": [*headers, *self._own]})
        if body is not None:
            await self._send({"type": "http.response.body", "body": b"" if self._head else body})
        elif self._head:
            await self._send({"type": "http.response.body", "body": b""})

    def _marks(self) -> Headers:
        return [(_DEGRADED, ", ".join(sorted(self.degraded)).encode())] if self.degraded else []


_DEGRADED: Final = marks.HEADER.lower().encode()


def _varying(headers: Headers, before: bytes | None) -> Headers:
    if before is None:
        return [*headers, (b"vary", b"Accept-Encoding")]
    return _replaced(headers, {b"vary": before + b", Accept-Encoding"})


def _replaced(headers: Headers, changes: Mapping[bytes, bytes]) -> Headers:
    return [header for header in headers if header[0] not in changes] + list(changes.items())
