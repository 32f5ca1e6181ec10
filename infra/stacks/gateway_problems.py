"""What API Gateway itself answers (throttled, too large, timed out) as problem documents, see api/problems.py.

Two members differ: `instance` is absent, since a template cannot escape the path, and `status` is absent from the
default for 4xx, since a template is not told it (RFC 9457 makes both optional).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from aws_cdk import aws_apigateway as apigateway

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER_SECONDS = 5
_GATEWAY_SAYS = "$context.error.messageString"
"""API Gateway's own message; the variable comes with its quotes."""


@dataclass(frozen=True, slots=True)
class GatewayProblem:
    """One answer of the gateway. `status` None: whatever status the fault has; `detail` None: the gateway's message."""

    response: apigateway.ResponseType
    kind: str
    title: str
    status: int | None = None
    detail: str | None = None
    retry_after_seconds: int | None = None

    def template(self) -> str:
        """The body, with the variables that API Gateway fills in."""
        members: dict[str, str | int] = {"type": f"urn:stock-ai:problem:{self.kind}", "title": self.title}
        if self.status is not None:
            members["status"] = self.status
        members["detail"] = _GATEWAY_SAYS if self.detail is None else self.detail
        members["request_id"] = "$context.requestId"
        return json.dumps(members).replace(f'"{_GATEWAY_SAYS}"', _GATEWAY_SAYS)

    def headers(self) -> dict[str, str]:
        """Headers of the answer: literals in single quotes, or variables, as API Gateway writes them."""
        headers = {
            "Content-Type": f"'{MEDIA_TYPE}'",
            "Cache-Control": "'no-store'",
            "X-Request-Id": "context.requestId",
            # These answers hold nothing but the fault, so any page may read them.
            "Access-Control-Allow-Origin": "'*'",
            "Access-Control-Expose-Headers": "'Retry-After,X-Request-Id'",
        }
        if self.retry_after_seconds is not None:
            headers["Retry-After"] = f"'{self.retry_after_seconds}'"
        return headers


PROBLEMS = (
    GatewayProblem(
        apigateway.ResponseType.THROTTLED,
        "too-many-requests",
        "Too many requests",
        429,
        "More requests came than this API allows. The same request may succeed later.",
        _RETRY_AFTER_SECONDS,
    ),
    GatewayProblem(
        apigateway.ResponseType.QUOTA_EXCEEDED,
        "quota-exceeded",
        "Quota exceeded",
        429,
        "The API key has used up its requests of the day.",
        3600,
    ),
    GatewayProblem(
        apigateway.ResponseType.REQUEST_TOO_LARGE,
        "request-too-large",
        "Request too large",
        413,
        "The body of the request is larger than this API reads.",
    ),
    GatewayProblem(
        apigateway.ResponseType.INTEGRATION_TIMEOUT,
        "timeout",
        "Timeout",
        504,
        "No answer came in time. The same request may succeed later.",
        _RETRY_AFTER_SECONDS,
    ),
    GatewayProblem(
        apigateway.ResponseType.INTEGRATION_FAILURE,
        "temporarily-unavailable",
        "Temporarily unavailable",
        503,
        "The service behind this API did not answer. The same request may succeed later.",
        _RETRY_AFTER_SECONDS,
    ),
    GatewayProblem(apigateway.ResponseType.DEFAULT_4_XX, "refused", "Request refused"),
    GatewayProblem(
        apigateway.ResponseType.DEFAULT_5_XX,
        "internal-error",
        "Internal error",
        500,
        "The request failed unexpectedly. Please give its request_id.",
    ),
)


def install(api: apigateway.RestApi) -> None:
    """Answer every error of the gateway of `api` with its problem document."""
    for problem in PROBLEMS:
        api.add_gateway_response(
            f"Problem-{problem.response.response_type}",
            type=problem.response,
            status_code=None if problem.status is None else str(problem.status),
            response_headers=problem.headers(),
            # A template is chosen by the Accept header and this is its default; the header above names the real type.
            templates={"application/json": problem.template()},
        )
