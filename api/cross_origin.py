"""What pages of other origins may do: Starlette's CORS, whose refusals are problem documents as all others are."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.door import Refusal

REFUSED: Final = "stock_ai.preflight_refused"
"""In the scope of a preflight that is refused: its `Refusal`."""
_SHOWN: Final = 60
_OK: Final = 200


class CrossOrigin(CORSMiddleware):
    """Answers a preflight that is allowed, and has `Front` within answer one that is not, as it does all refusals."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """See `CORSMiddleware.preflight_response`."""
        answer = super().preflight_response(request_headers)
        if answer.status_code == _OK:
            return answer
        method, origin, names = (
            request_headers.get(name, "")[:_SHOWN]
            for name in ("access-control-request-method", "origin", "access-control-request-headers")
        )
        asked = f"{method} from {origin}" + (f" with the headers {names}" if names else "")
        told = {name: value for name, value in answer.headers.items() if name.startswith(("access-control-", "vary"))}
        detail = f"{bytes(answer.body).decode()}: a page asked for {asked}."
        return _Passed(self.app, Refusal("cross-origin-refused", "Cross-origin refused", 400, detail, headers=told))


class _Passed(Response):
    """Passes a preflight on with what is to be answered."""

    def __init__(self, within: ASGIApp, refusal: Refusal) -> None:
        super().__init__(status_code=refusal.status)
        self._within = within
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._within({**scope, REFUSED: self._refusal}, receive, send)
