"""The FastAPI application, made from its services."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI, Request, Response

from api import marks, openapi, problems
from api.cross_origin import CrossOrigin
from api.dashboard_files import Dashboard, prefers_page
from api.deprecations import DEPRECATED, Deprecated, Deprecations
from api.explanations import Explanations
from api.kept_reads import KeptReads
from api.limits import RequestLimit
from api.middleware import EXPOSED, HEADER, Front
from api.recent import RecentAnswers
from api.routers import analysis, health, indicators, llm, market, signals, stocks, stream, track_record, watchlist
from api.schemas import Links
from api.services import Services
from api.streaming import ChangeHub
from api.terms import HttpTerms

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

_NO_TERMS = HttpTerms()


def create_app(
    services: Services, terms: HttpTerms = _NO_TERMS, deprecated: Mapping[str, Deprecated] = DEPRECATED
) -> FastAPI:
    """The API over `services` and the dashboard that shows it, on these terms; `deprecated` is by operation id."""
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
    app.state.changes = ChangeHub(lambda: services.changes)
    # They are tried in this order: the route of kept texts may cost little more than a bare one.
    for routes in (llm, stocks, analysis, watchlist, signals, market, indicators, track_record, stream, health):
        app.include_router(routes.router, prefix=PREFIX)

    dashboard = Dashboard()
    app.router.default = dashboard

    @app.get("/", operation_id="getIndex", summary="Where to go from here", tags=["health"], response_model=Links)
    def index(request: Request) -> Response:
        """Links to the parts of this API, under a gateway's stage where there is one; to a browser the dashboard."""
        if prefers_page(request.headers.get("accept", "")):
            return dashboard.page(request)
        return _links(request.scope.get("root_path", ""))

    problems.install(app)
    if deprecated:
        app.add_middleware(Deprecations, deprecated=deprecated)
    if "explain" not in deprecated:  # What it gives again has no headers of the route.
        app.add_middleware(RecentAnswers, path_end=llm.PATH_END)
    limit = None
    if terms.requests_per_minute:
        limit = RequestLimit(terms.requests_per_minute, lambda: services.request_counts)
    kept = KeptReads(terms.keep_seconds) if terms.keep_seconds else None
    app.add_middleware(Front, body_bytes=terms.body_bytes, limit=limit, kept=kept)
    app.add_middleware(
        CrossOrigin,
        allow_origins=list(terms.cors_origins),
        allow_methods=["GET", "HEAD", "POST"],
        allow_headers=["Content-Type", "If-None-Match", "Last-Event-ID", HEADER],
        expose_headers=[*EXPOSED, HEADER, marks.HEADER],
    )
    app.openapi = lambda: openapi.document(app, deprecated)  # type: ignore[method-assign]
    return app


def _links(root: str) -> Response:
    links = Links(
        name="Stock AI",
        links={
            "documentation": f"{root}/docs",
            "openapi": f"{root}/openapi.json",
            "stocks": f"{root}{PREFIX}/stocks",
            "market": f"{root}{PREFIX}/market/overview",
            "health": f"{root}{PREFIX}/health",
        },
    )
    return Response(links.model_dump_json(), media_type="application/json", headers={"Vary": "Accept"})
