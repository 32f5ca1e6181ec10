"""Explanations in words, written when they are asked for."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from fastapi import APIRouter, Body, Header, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import Field

from api import caching, llm_stream, marks
from api.dependencies import Day, ServicesDep, Symbol, current_analysis, known
from api.explanations import Explanations, answerable, is_end, no_text
from api.kept_texts import Facts, Found, Question, author_of, body, explained_body, facts_of
from api.llm_invoker import StillRunningError
from api.problems import AnalysisPendingError, StreamingUnavailableError
from api.recent import remember
from api.schemas import LlmAnswer, LlmWriting
from api.schemas import Question as Fields
from api.services import Services
from stock_ai.errors import RateLimitedError, RetryableError
from stock_ai.market.calendar import exchange_date
from stock_ai.models.llm import Explained, Language, Served
from stock_ai.models.llm_usage import LlmUsageDay

if TYPE_CHECKING:
    from stock_ai.storage.flights import FlightEvent

router = APIRouter()
PATH_END = "/llm"
"""Of the route whose answers are given again for a moment."""
_POLL_SECONDS = 2
_MAX_AGE = 15
_NO_STORE = {"Cache-Control": "no-store"}
_JSON = "application/json"

_NOT_FOUND: dict[str, Any] = {"description": "The symbol is unknown, its analysis is pending, or there is no text."}
_REFUSALS: dict[int | str, dict[str, Any]] = {
    404: _NOT_FOUND,
    429: {
        "description": "The day's budget is spent (`llm-budget-spent`), or this client asks too often (`rate-limited`);"
        " the header Retry-After says when to ask again."
    },
    503: {
        "description": "The language model or a store is away (`temporarily-unavailable`), or it refuses this"
        " installation (`llm-misconfigured`: the detail names the setting)."
    },
}
_WRITING: dict[str, Any] = {
    "model": LlmWriting,
    "description": "It is still being written; ask again at Location, not before Retry-After seconds have passed.",
}


class ExplanationRequest(Fields):
    """How to explain."""

    language: Language = Language.ENGLISH
    provider: Literal["anthropic", "openai", "template"] | None = Field(
        default=None, description="Who is to write it; left out, whom the installation has chosen."
    )


def _explanations(request: Request) -> Explanations:
    return cast("Explanations", request.app.state.explanations)


TextId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="`analysis_id` of the text, as in Location.")]
AskedLanguage = Annotated[Language, Query(description="Language of the text.")]


@router.post(
    "/analysis/{symbol}/llm",
    operation_id="explain",
    summary="Explain in words",
    tags=["analysis"],
    response_model=LlmAnswer,
    responses={**_REFUSALS, 202: _WRITING},
)
async def explain(
    request: Request,
    symbol: Symbol,
    how: Annotated[ExplanationRequest, Body(description="May be left out.")] = ExplanationRequest(),  # noqa: B008
) -> Response:
    """A text made from the facts of the current analysis. One that is kept is answered at once, and costs nothing."""
    explanations = _explanations(request)
    question = Question(symbol, how.language, how.provider)
    found = await run_in_threadpool(explanations.kept.find, question)
    answer = explanations.kept.answer(found)
    if answer is not None:
        count = functools.partial(explanations.hits.add, answer.author)
        count()
        remember(request.scope, answer.content, count)
        return _answered(answer.content)
    text_id = await run_in_threadpool(_wanted, explanations.services, symbol, found)
    try:
        explained = await explanations.written(question, text_id, _client(request))
    except StillRunningError:
        return _writing(request, symbol, text_id, how.language)
    except RateLimitedError:
        raise
    except RetryableError:
        # Nobody can be asked now: what was said last is better than nothing, and says that it is old.
        text = await run_in_threadpool(explanations.services.llm_texts.latest, symbol, how.language)
        if text is None:
            raise
        marks.mark("llm")
        explained = Explained(analysis=text, served=Served.STALE)
    return _answered(explained_body(explanations.services, explained, found.facts))


@router.get(
    "/analysis/{symbol}/llm",
    operation_id="getExplanation",
    summary="Newest explanation",
    tags=["analysis"],
    response_model=LlmAnswer,
    responses={404: _NOT_FOUND},
)
def get_explanation(
    request: Request, services: ServicesDep, symbol: Symbol, language: AskedLanguage = Language.ENGLISH
) -> Response:
    """The newest text, also where the facts have changed since (`served` is then `stale`). It has none written."""
    facts = _facts(services, symbol)
    if facts is None:
        known(services, symbol)
    text = services.llm_texts.latest(symbol, language)
    if text is None:
        raise no_text(symbol)
    holds = facts is not None and text.ai_analysis_id == facts.analysis_id
    served = Served.CACHED if holds else Served.STALE
    content = explained_body(services, Explained(analysis=text, served=served), facts)
    # A weak one: two answers may differ in their age alone.
    tag = caching.entity_tag(b"|".join((text.analysis_id.encode(), served.encode(), repr(facts).encode())))
    headers = {"ETag": f"W/{tag}", "Cache-Control": f"public, max-age={_MAX_AGE}"}
    if caching.is_known(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=_JSON, headers=headers)


@router.get(
    "/analysis/{symbol}/llm/stream",
    operation_id="streamExplanation",
    summary="Explain in words, told while it is written",
    tags=["analysis"],
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Events `phase`, `sentence`, and last `done` (the text) or `failed`.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        204: {"description": "The client has had the last event: there is nothing more to come."},
        501: {"description": "Answers cannot be streamed here; POST and poll (`streaming-unavailable`)."},
        **_REFUSALS,
    },
)
async def stream_explanation(
    request: Request,
    symbol: Symbol,
    language: AskedLanguage = Language.ENGLISH,
    last_event_id: Annotated[str | None, Header(description="Go on after this event.")] = None,
) -> Response:
    """Server-sent events. The text is written where it is not yet; one that is kept comes at once as `done`."""
    explanations = _explanations(request)
    if not explanations.terms.streaming:
        raise StreamingUnavailableError(
            f"this API cannot stream: POST /api/v1/analysis/{symbol}/llm instead, and while it answers 202, ask again"
            " at its Location"
        )
    if last_event_id == llm_stream.KEPT_ID:
        return Response(status_code=204)
    question = Question(symbol, language)
    found = await run_in_threadpool(explanations.kept.find, question)
    text_id = await run_in_threadpool(_wanted, explanations.services, symbol, found)
    after = llm_stream.entry_id(last_event_id)
    if found.text is not None and after is None:
        explanations.hits.add(author_of(found.text))
        return _events(llm_stream.kept_events(found.text))
    past, _ = await run_in_threadpool(explanations.flight, text_id)
    if past and is_end(past[-1]):
        if after == past[-1].id:
            return Response(status_code=204)
        if past[-1].event == "done":
            return _events(llm_stream.past_events(past, after))
        after = past[-1].id  # Failed: written anew.
    elif found.text is not None:
        return _events(llm_stream.kept_events(found.text))
    writing = await explanations.begin(question, text_id, _client(request))
    return _events(llm_stream.live_events(explanations, question, text_id, writing, after))


@router.get(
    "/analysis/{symbol}/llm/{text_id}",
    operation_id="pollExplanation",
    summary="One explanation",
    tags=["analysis"],
    response_model=LlmAnswer,
    responses={**_REFUSALS, 202: _WRITING},
)
def poll_explanation(request: Request, symbol: Symbol, text_id: TextId) -> Response:
    """The text that a POST has begun: 202 while it is still being written, and its problem when that has failed."""
    explanations = _explanations(request)
    services = explanations.services
    events, led = explanations.flight(text_id)
    kept = services.llm_texts.current(symbol, text_id)
    facts = None if kept.insight is None else facts_of(kept.insight)
    if events and is_end(events[-1]):
        return _ended(services, symbol, events[-1], facts)
    if kept.text is not None:
        return _answered(body(services, kept.text, Served.CACHED, facts))
    if led or explanations.writing(text_id) is not None:
        return _writing(request, symbol, text_id, None)
    raise no_text(symbol)


@router.get(
    "/llm/usage",
    operation_id="getLlmUsage",
    summary="What explanations have cost",
    tags=["analysis"],
    response_model=LlmUsageDay,
)
def get_usage(
    request: Request,
    day: Annotated[Day | None, Query(description="Day at the exchange; left out, today.")] = None,
) -> Response:
    """Calls, tokens and money of one day by model, what is left of its budget, and answers from kept texts."""
    explanations = _explanations(request)
    explanations.hits.tell()
    services = explanations.services
    return caching.answer(request, services.llm_usage.day(day or exchange_date(services.clock())), 0)


def _wanted(services: Services, symbol: str, found: Found) -> str:
    """The name of the text to be written.

    Raises:
        NotFoundError: the symbol is unknown.
        AnalysisPendingError: there are no facts yet that it could be written from.
    """
    if found.text_id is not None:
        return found.text_id
    # Says which of the two it is; should the analysis have come this moment, the next question finds it.
    current_analysis(services, symbol)
    raise AnalysisPendingError(f"symbol {symbol} is being analysed")


def _facts(services: Services, symbol: str) -> Facts | None:
    insight = services.llm_texts.current(symbol).insight
    return None if insight is None else facts_of(insight)


def _ended(services: Services, symbol: str, end: FlightEvent, facts: Facts | None) -> Response:
    """The outcome of a flight.

    Raises:
        StockAIError: it has failed.
    """
    from stock_ai.storage.flights import told_error

    if end.event == "failed":
        raise answerable(told_error(end.data), Question(symbol, Language.ENGLISH))
    explained = Explained.model_validate(end.data)
    if explained.analysis.symbol != symbol:
        raise no_text(symbol)
    return _answered(explained_body(services, explained, facts))


def _answered(content: bytes) -> Response:
    return Response(content, media_type=_JSON, headers=_NO_STORE)


def _writing(request: Request, symbol: str, text_id: str, language: Language | None) -> Response:
    path = request.app.url_path_for("poll_explanation", symbol=symbol, text_id=text_id)
    location = f"{request.scope.get('root_path', '')}{path}"
    told = LlmWriting(symbol=symbol, language=language, location=location)
    headers = {**_NO_STORE, "Location": location, "Retry-After": str(_POLL_SECONDS)}
    return Response(told.model_dump_json(), status_code=202, media_type=_JSON, headers=headers)


def _events(events: Iterator[bytes] | AsyncIterator[bytes]) -> Response:
    # A proxy that collects an answer before it passes it on is asked not to.
    headers = {**_NO_STORE, "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


def _client(request: Request) -> str:
    """Who asks: the address of the connection, which behind API Gateway is what the gateway saw."""
    return request.client.host if request.client else "unknown"
