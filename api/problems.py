"""Every error of the API as a problem document (RFC 9457), decided in this one place.

`type` is a stable URN that programs may compare; `title` belongs to the type; `detail` is for people and names the
field and the value. Nothing here shows internals, and 5xx answers show no detail of an unexpected error at all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException

from api.methods import allowed
from api.schemas import Schema
from stock_ai.errors import (
    BudgetSpentError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    RetryableError,
    StockAIError,
)
from stock_ai.observability import logger

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5
_SHOWN = 100
"""How many characters of an offending value are repeated to its sender."""


class AnalysisPendingError(NotFoundError):
    """Bars of the symbol are stored, and its first analysis is still to come: a `NotFoundError` worth asking again."""


class NoTextError(NotFoundError):
    """The symbol is known, and there is no such explanation of it."""


class ClientLimitError(RateLimitedError):
    """This client asks too often; `retry_after` is when it may ask again."""


class LlmMisconfiguredError(StockAIError):
    """No explanation can be written before an operator has mended a setting, which the message names."""


class StreamingUnavailableError(StockAIError):
    """This installation cannot pass on an answer before it is whole; the message says what to ask in its place."""


class FieldFault(Schema):
    """One wrong field of a request."""

    field: str = Field(description="Where it stands, e.g. `query.limit`.", examples=["query.limit"])
    message: str
    value: str | None = Field(default=None, description="What was sent, shortened; null where nothing was.")


class Problem(Schema):
    """A problem document as RFC 9457 defines it, with `request_id` and, for a refused request, `errors`."""

    type: str = Field(examples=["urn:stock-ai:problem:unknown-symbol"])
    title: str
    status: int
    detail: str
    instance: str = Field(description="The path that was asked for.")
    request_id: str = Field(description="Name of this request in the logs; also in the header X-Request-Id.")
    errors: list[FieldFault] | None = Field(default=None, description="Each wrong field; only where fields are wrong.")
    suggestions: list[str] | None = Field(
        default=None,
        description="Symbols that may have been meant; only where a symbol is unknown.",
        examples=[["FPT"]],
    )


def _kind(name: str) -> str:
    return f"urn:stock-ai:problem:{name}"


def problem(
    request: Request,
    kind: str,
    title: str,
    status: int,
    detail: str,
    *,
    errors: list[FieldFault] | None = None,
    suggestions: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document as a response that no cache keeps."""
    document = Problem(
        type=_kind(kind),
        title=title,
        status=status,
        detail=detail,
        instance=request.url.path,
        request_id=request.scope["request_id"],
        errors=errors,
        suggestions=list(suggestions) or None,
    )
    return Response(
        document.model_dump_json(exclude_none=True),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def unexpected(request: Request) -> Response:
    """The answer to an error nobody foresaw: it says nothing but where to find it in the logs."""
    return problem(
        request, "internal-error", "Internal error", 500, "The request failed unexpectedly. Please give its request_id."
    )


def _shown(value: Any) -> str | None:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _fault(error: Mapping[str, Any]) -> FieldFault:
    missing = error["type"] == "missing"
    return FieldFault(
        field=".".join(map(str, error["loc"])),
        message=error["msg"].removeprefix("Value error, "),
        value=None if missing else _shown(error.get("input")),
    )


async def _invalid_request(request: Request, error: RequestValidationError) -> Response:
    faults = [_fault(fault) for fault in error.errors()]
    detail = "; ".join(
        f"{fault.field}: {fault.message}" + ("" if fault.value is None else f" (got {fault.value!r})")
        for fault in faults
    )
    return problem(request, "invalid-request", "Invalid request", 422, detail, errors=faults)


async def _invalid_input(request: Request, error: InvalidInputError) -> Response:
    return problem(request, "invalid-request", "Invalid request", 422, str(error))


async def _not_found(request: Request, error: NotFoundError) -> Response:
    suggestions = getattr(error, "suggestions", ())
    return problem(request, "unknown-symbol", "Unknown symbol", 404, str(error), suggestions=suggestions)


async def _pending(request: Request, error: AnalysisPendingError) -> Response:
    return problem(request, "analysis-pending", "Analysis pending", 404, str(error))


async def _no_text(request: Request, error: NoTextError) -> Response:
    return problem(request, "no-text", "No text", 404, str(error))


async def _client_limit(request: Request, error: ClientLimitError) -> Response:
    return problem(request, "rate-limited", "Too many requests", 429, str(error), headers=_retry_after(error))


async def _budget_spent(request: Request, error: BudgetSpentError) -> Response:
    return problem(request, "llm-budget-spent", "Budget spent", 429, str(error), headers=_retry_after(error))


async def _misconfigured(request: Request, error: LlmMisconfiguredError) -> Response:
    logger.error("language model refused", extra={"detail": str(error)})
    return problem(request, "llm-misconfigured", "Language model misconfigured", 503, str(error))


async def _no_streaming(request: Request, error: StreamingUnavailableError) -> Response:
    return problem(request, "streaming-unavailable", "No streaming here", 501, str(error))


def _retry_after(error: RetryableError) -> dict[str, str]:
    """Whole seconds, where the other side has named none a few."""
    seconds = getattr(error, "retry_after", None)
    return {"Retry-After": str(RETRY_AFTER_SECONDS if seconds is None else max(1, math.ceil(seconds)))}


async def _unavailable(request: Request, error: RetryableError) -> Response:
    logger.warning("dependency unavailable", extra={"detail": str(error), "path": request.url.path})
    return problem(
        request,
        "temporarily-unavailable",
        "Temporarily unavailable",
        503,
        "A service this answer needs is away or busy. The same request may succeed later.",
        headers=_retry_after(error),
    )


_HTTP_KINDS = {
    400: "malformed-request",
    404: "unknown-route",
    405: "method-not-allowed",
    413: "request-too-large",
}


async def _http(request: Request, error: HTTPException) -> Response:
    status = HTTPStatus(error.status_code)
    path = request.url.path
    details = {
        404: f"There is nothing at {path}.",
        405: f"{request.method} is not possible on {path}.",
        413: "The body of the request is larger than this API reads.",
    }
    headers = {"Allow": ", ".join(allowed(request.scope))} if status == HTTPStatus.METHOD_NOT_ALLOWED else error.headers
    return problem(
        request,
        _HTTP_KINDS.get(status, "http-error"),
        status.phrase.capitalize(),
        status,
        details.get(status, str(error.detail)),
        headers=headers,
    )


def install(app: FastAPI) -> None:
    """Answer every foreseen error of `app` with its problem document."""
    app.exception_handler(RequestValidationError)(_invalid_request)
    app.exception_handler(InvalidInputError)(_invalid_input)
    app.exception_handler(NotFoundError)(_not_found)
    app.exception_handler(AnalysisPendingError)(_pending)
    app.exception_handler(NoTextError)(_no_text)
    app.exception_handler(RetryableError)(_unavailable)
    app.exception_handler(ClientLimitError)(_client_limit)
    app.exception_handler(BudgetSpentError)(_budget_spent)
    app.exception_handler(LlmMisconfiguredError)(_misconfigured)
    app.exception_handler(StreamingUnavailableError)(_no_streaming)
    app.exception_handler(HTTPException)(_http)
