"""Whether what the API depends on answers."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.dependencies import ServicesDep
from api.probes import examine
from api.schemas import Health, ServiceState

router = APIRouter(tags=["health"])


@router.get(
    "/health",
    operation_id="getHealth",
    summary="State of the dependencies",
    response_model=Health,
    responses={503: {"model": Health, "description": "Neither store answers: next to nothing can be answered."}},
)
def get_health(services: ServicesDep) -> Response:
    """Asks every dependency at once, each for at most two seconds, and says what suffers from those that are down."""
    health = examine(services.probes)
    return Response(
        health.model_dump_json(),
        status_code=503 if health.status is ServiceState.DOWN else 200,
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
