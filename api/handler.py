"""The door for API Gateway (REST API, v1 proxy events).

It sends no spans of its own: importing X-Ray's library takes longer than answering, and Lambda traces the function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from mangum import Mangum
from mangum.adapter import DEFAULT_TEXT_MIME_TYPES

from api.app import create_app
from api.marks import HEADER
from api.problems import MEDIA_TYPE
from api.stage import StagePath
from api.wiring import build
from stock_ai.keeping import kept
from stock_ai.observability import logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_DEGRADED = HEADER.lower()


@kept
def _gateway() -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    services, settings = build()
    return Mangum(
        StagePath(create_app(services, settings.http_terms)),
        lifespan="off",
        # Of any other type Mangum would send the body in base64, which API Gateway passes on as it is.
        text_mime_types=[*DEFAULT_TEXT_MIME_TYPES, MEDIA_TYPE, "image/svg+xml"],
    )


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one proxy event. It is counted by its class of status, e.g. `Responses2xx`, and where it is `Degraded`."""
    answer = _gateway()(event, context)
    metrics.add_metric(name=f"Responses{answer['statusCode'] // 100}xx", unit=MetricUnit.Count, value=1)
    if _DEGRADED in answer["headers"]:
        metrics.add_metric(name="Degraded", unit=MetricUnit.Count, value=1)
    return answer
