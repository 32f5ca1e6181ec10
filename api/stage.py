"""API Gateway's stage in front of every path: `/v1/docs` is asked for, and the proxy event says `/docs`."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


def prefix(scope: Scope) -> str:
    """What API Gateway cut off the path, e.g. `/v1`; empty under a domain of one's own, and without a gateway."""
    event = scope.get("aws.event", {})
    asked, path = event.get("requestContext", {}).get("path") or "", event.get("path") or ""
    return asked.removesuffix(path).rstrip("/") if path and asked.endswith(path) else ""


class StagePath:
    """Puts the stage into `root_path` and before the path, as ASGI wants it (ASGI specification, "HTTP scope")."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if root := prefix(scope):
            scope = {**scope, "root_path": root, "path": root + scope["path"]}
        await self._app(scope, receive, send)
