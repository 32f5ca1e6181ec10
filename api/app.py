"""The FastAPI application, made from its services."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware

from api import openapi, problems
from api.explanations import Explanations
from api.middleware import HEADER, RequestScope
from api.recent import RecentAnswers
from api.routers import analysis, health, indicators, llm, market, signals, stocks, track_record, watchlist
from api.schemas import Links
from api.services import Services

PREFIX = "/api/v1"
_DESCRIPTION = """Vietnamese stocks: prices, indicators, signals with calibrated confidence, and explanations in words.

Prices are whole VND for stocks and points for indices. Every answer has a `freshness` block that says how old its data
are and whether they are simulated. Answers carry an `ETag`; ask again with `If-None-Match` and get 304 while nothing
has changed. Every error is a problem document (RFC 9457). This is no investment advice.
"""
_TAGS = [
    {"name": "stocks", "description": "Symbols, bars and indicators."},
    {"name": "analysis", "description": "Insights, their history and explanations."},
    {"name": "market", "description": "The market as a whole."},
    {"name": "track record", "description": "Signals of the past and what came of them."},
    {"name": "health", "description": "State of the service."},
]


def create_app(services: Services, cors_origins: Sequence[str] = ("*",)) -> FastAPI:
    """The API over `services`, open to browsers from `cors_origins`."""
    app = FastAPI(
        title="Stock AI",
        version="1.0.0",
        summary="Vietnamese stocks, analysed.",
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        redoc_url=None,
        responses={
            422: {"description": "The request is wrong; `errors` names each field and value."},
            500: {"description": "The request failed unexpectedly."},
            503: {"description": "A store is away; the header Retry-After says when to ask again."},
        },
    )
    app.state.services = services
    app.state.explanations = Explanations(services)
    # They are tried in this order: the route of kept texts may cost little more than a bare one.
    for routes in (llm, stocks, analysis, watchlist, signals, market, indicators, track_record, health):
        app.include_router(routes.router, prefix=PREFIX)

    @app.get("/", operation_id="getIndex", summary="Where to go from here", tags=["health"])
    async def index(request: Request) -> Links:
        """Links to the parts of this API, under the stage of a gateway where there is one."""
        root = request.scope.get("root_path", "")
        return Links(
            name="Stock AI",
            links={
                "documentation": f"{root}/docs",
                "openapi": f"{root}/openapi.json",
                "stocks": f"{root}{PREFIX}/stocks",
                "market": f"{root}{PREFIX}/market/overview",
                "health": f"{root}{PREFIX}/health",
            },
        )

    problems.install(app)
    app.add_middleware(RecentAnswers, path_end=llm.PATH_END)
    app.add_middleware(RequestScope)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(cors_origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Content-Type", "If-None-Match", "Last-Event-ID"],
        expose_headers=["ETag", "Location", "Retry-After", HEADER],
    )
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]
    return app
