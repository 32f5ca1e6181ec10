"""Insights as they change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from api.dependencies import ServicesDep
from api.problems import StreamingUnavailableError
from api.refusals import refused
from api.schemas import Question
from stock_ai.errors import InvalidInputError
from stock_ai.market.symbols import is_symbol

if TYPE_CHECKING:
    from api.streaming import ChangeHub

router = APIRouter(tags=["market"])
_MOST_SYMBOLS = 100
_CHANGE_ID = r"^([0-9]{1,20}-[0-9]{1,20})?$"
"""Or nothing."""


class StreamQuery(Question):
    """Which changes."""

    symbols: str = Field(
        default="",
        max_length=1_000,
        description="Only these, separated by commas, at most 100; left out, every symbol.",
        examples=["FPT,VCB"],
    )


@router.get(
    "/stream",
    operation_id="streamInsights",
    summary="Insights as they change",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Events `insight`: symbol, event_time, signal and confidence. A comment every 15 s.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        501: {"description": "Answers cannot be streamed here; ask with If-None-Match (`streaming-unavailable`)."},
    },
)
async def stream_insights(
    request: Request,
    services: ServicesDep,
    query: Annotated[StreamQuery, Query()],
    last_event_id: Annotated[
        str | None, Header(pattern=_CHANGE_ID, description="Go on after this event; what came since is told first.")
    ] = None,
) -> Response:
    """Server-sent events, without end: which insight has become another one. What it says is in the insight itself."""
    if not services.llm_terms.streaming:
        raise StreamingUnavailableError(
            "this API cannot stream: ask again with If-None-Match, which costs little while nothing changes"
        )
    symbols = _symbols(query.symbols)
    hub = cast("ChangeHub", request.app.state.changes)
    try:
        events = await hub.events(symbols, last_event_id or None)
    except InvalidInputError as error:
        raise refused(("header", "last-event-id"), str(error), last_event_id) from None
    # A proxy that collects an answer before it passes it on is asked not to.
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


def _symbols(text: str) -> frozenset[str]:
    """The symbols of a list.

    Raises:
        RequestValidationError: one is none, or they are too many.
    """
    symbols = frozenset(part.strip().upper() for part in text.split(",") if part.strip()) if text.isascii() else {text}
    if len(symbols) > _MOST_SYMBOLS:
        raise refused(("query", "symbols"), f"at most {_MOST_SYMBOLS} symbols", text)
    if wrong := sorted(symbol for symbol in symbols if not is_symbol(symbol)):
        raise refused(("query", "symbols"), f"{wrong[0][:20]!r} is no symbol such as FPT or VNINDEX", text)
    return frozenset(symbols)
