"""A request id for every request, and the last net under all routes, as one pure ASGI middleware."""

from __future__ import annotations

import uuid

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import unexpected
from stock_ai.observability import logger

HEADER = "X-Request-Id"


def _request_id(scope: Scope) -> str:
    """API Gateway's id of the request behind it, else a new one."""
    context = scope.get("aws.event", {}).get("requestContext", {})
    return context.get("requestId") or uuid.uuid4().hex


class RequestScope:
    """Puts `request_id` into the scope and the response, and turns an unforeseen error into a problem document.

    It stands inside the CORS middleware, so that a browser may read such an answer too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["request_id"] = _request_id(scope)
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message)[HEADER] = scope["request_id"]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            logger.exception("request failed", extra={"request_id": scope["request_id"], "path": scope["path"]})
            if started:  # Too late for another answer: the server has to break the connection off.
                raise
            await unexpected(Request(scope))(scope, receive, send_with_id)
