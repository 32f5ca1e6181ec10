"""Which methods a path knows, over all of its routes: a framework names those of the first one only."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.routing import Match
from starlette.types import Scope

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def allowed(scope: Scope) -> tuple[str, ...]:
    """The methods of the path of a request, for Allow (RFC 9110, section 10.2.1); none where nothing is."""
    app: FastAPI = scope["app"]
    known = [method for method in _METHODS if _is_known(app, {**scope, "method": method})]
    if not known:
        return ()
    return (*known[:1], *(["HEAD"] if known[0] == "GET" else []), *known[1:], "OPTIONS")


def _is_known(app: FastAPI, scope: Scope) -> bool:
    return any(route.matches(scope)[0] is Match.FULL for route in app.router.routes)
