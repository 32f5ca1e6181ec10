"""The indicators that there are."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.caching import answer
from api.dependencies import ServicesDep
from api.indicators import catalogue
from api.schemas import IndicatorCatalogue

router = APIRouter(prefix="/indicators", tags=["stocks"])
_MAX_AGE = 3600


@router.get("", operation_id="listIndicators", summary="List indicators", response_model=IndicatorCatalogue)
def list_indicators(request: Request, services: ServicesDep) -> Response:
    """Every indicator with its unit, what it says, and the parameters that can be chosen."""
    return answer(request, catalogue(services), _MAX_AGE)
