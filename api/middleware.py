"""What holds for every request and every answer, as one ASGI middleware: each one more would cost all of them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import marks
from api.answering import Answer
from api.compression import coding_of
from api.cross_origin import REFUSED
from api.door import API, WITH_BODY, Refusal, refusal, too_large
from api.kept_reads import Headers, KeptReads
from api.limits import WINDOW_SECONDS, RequestLimit
from api.methods import allowed
from api.problems import FieldFault, problem, unexpected
from stock_ai.observability import logger

HEADER = "X-Request-Id"
EXPOSED = ("ETag", "Location", "Retry-After", "RateLimit", "RateLimit-Policy", "Deprecation", "Sunset", "Link")
"""Headers that a page of another origin may read, beside `HEADER` and that of `api.marks`."""
_SANE_ID = re.compile(rb"[A-Za-z0-9._~-]{8,64}")
_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
_STREAM_END = "/stream"
_UNCOUNTED_END = "/health"


class _TooLargeError(HTTPException):
    """More of a body came than is read. Whoever reads it for a route passes this type of error on."""

    def __init__(self) -> None:
        super().__init__(413)


class Front:
    """Stands before the routes and inside the CORS middleware, so that a browser may read whatever it answers.

    It names the request, refuses what is malformed, counts the client, gives again what is at hand, answers HEAD and
    OPTIONS, and turns an unforeseen error into a problem document. `Answer` does what holds for what comes back.
    """

    def __init__(self, app: ASGIApp, body_bytes: int, limit: RequestLimit | None, kept: KeptReads | None) -> None:
        self._app = app
        self._body_bytes = body_bytes
        self._limit = limit
        self._kept = kept
        self._policy = f'"minute";q={limit.per_minute};w={WINDOW_SECONDS}'.encode() if limit else b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        request_id = scope["request_id"] = _request_id(scope, headers)
        own = [(b"x-request-id", request_id.encode()), _NO_SNIFFING]
        # API Gateway compresses, and would not undo what is compressed before it.
        coding = None if "aws.event" in scope else coding_of(headers.get(b"accept-encoding", b""))
        answer = Answer(scope, headers, send, own, coding, self._kept)
        refused = refusal(scope, headers, self._body_bytes)
        if self._limit is not None and (counted := await self._count(scope, own)) is not None:
            refused = counted
        if refused is not None:
            await _refuse(scope, refused, receive, answer)
        elif self._kept is None or not await answer.again():
            await self._serve(scope, receive, answer)

    async def _serve(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        method = scope["method"]
        if method == "HEAD":
            scope = {**scope, "method": "GET"}
            if scope["path"].endswith(_STREAM_END) and allowed(scope):
                # A stream begins work and has no end: there is nothing to learn from it but its type.
                await Response(media_type="text/event-stream")(scope, receive, answer)
                return
        elif method == "OPTIONS":
            if (refused := scope.get(REFUSED)) is not None:
                await _refuse(scope, refused, receive, answer)
                return
            if methods := allowed(scope):
                await Response(status_code=204, headers={"Allow": ", ".join(methods)})(scope, receive, answer)
                return
            scope = {**scope, "method": "GET"}
        elif method in WITH_BODY:
            receive = _bounded(receive, self._body_bytes)
        answer.degraded = marks.begin()
        try:
            await self._app(scope, receive, answer)
        except _TooLargeError:  # It was read before the routes; they make the same answer of it.
            await _refuse(scope, too_large(self._body_bytes), receive, answer)
        except Exception:
            logger.exception("request failed", extra={"request_id": scope["request_id"], "path": scope["path"]})
            if answer.started:  # Too late for another answer: the server has to break the connection off.
                raise
            await unexpected(Request(scope))(scope, receive, answer)

    async def _count(self, scope: Scope, own: Headers) -> Refusal | None:
        """Count one request of this client; its refusal where it was one too many."""
        path, limit = scope["path"], self._limit
        if limit is None or API not in path or path.endswith(_UNCOUNTED_END) or scope["method"] == "OPTIONS":
            return None
        client = scope["client"][0] if scope.get("client") else "unknown"
        usage = limit.count(client)
        if usage.due:
            if "aws.event" in scope:  # Nobody else waits in this process.
                limit.tell(client)
            else:
                await run_in_threadpool(limit.tell, client)
            usage = limit.usage(client)
        own += [
            (b"ratelimit-policy", self._policy),
            (b"ratelimit", b'"minute";r=%d;t=%d' % (max(usage.left, 0), usage.reset_seconds)),
        ]
        if usage.left >= 0:
            return None
        detail = f"At most {limit.per_minute} requests a minute are answered to one client."
        return Refusal(
            "rate-limited", "Too many requests", 429, detail, headers={"Retry-After": str(usage.reset_seconds)}
        )


def _request_id(scope: Scope, headers: Mapping[bytes, bytes]) -> str:
    """API Gateway's id of the request behind it, else the client's where it is sane, else a new one."""
    if (event := scope.get("aws.event")) is not None and (given := event.get("requestContext", {}).get("requestId")):
        return str(given)
    given = headers.get(b"x-request-id")
    return given.decode() if given is not None and _SANE_ID.fullmatch(given) else secrets.token_hex(16)


def _bounded(receive: Receive, body_bytes: int) -> Receive:
    """What comes, as long as it is no more than that: a body in chunks says nothing of its length."""
    left = body_bytes

    async def received() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise _TooLargeError
        return message

    return received


async def _refuse(scope: Scope, why: Refusal, receive: Receive, send: Send) -> None:
    errors = None
    if why.field is not None:
        errors = [FieldFault(field=why.field, message=why.message, value=why.value)]
    told = problem(Request(scope), why.kind, why.title, why.status, why.detail, errors=errors, headers=why.headers)
    await told(scope, receive, send)
