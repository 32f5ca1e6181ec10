"""Health: one bounded question to each dependency, all at once."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from api.breakers import StoreAwayError
from api.schemas import Dependency, DependencyState, Health, ServiceState, Shortfall
from api.services import Probe
from stock_ai.observability import logger

if TYPE_CHECKING:
    from stock_ai.settings import KafkaSettings

LIMIT_SECONDS = 2.0
_STORES = frozenset({"mongodb", "redis"})
"""Without both nothing can be answered."""
_INSIGHTS = ("/analysis/{symbol}/insight", "/analysis/{symbol}/history", "/analysis/insights", "/watchlist", "/signals")
_MARKET = ("/market/overview", "/market/movers", "/market/sectors", "/market/breadth")
_TEXTS = ("/analysis/{symbol}/llm", "/analysis/{symbol}/llm/stream", "/llm/usage")
_NAMED = ("/stocks", "/stocks/{symbol}", "/analysis/insights", "/watchlist", "/signals")
_PRICES = (
    "/stocks/{symbol}/prices",
    "/stocks/{symbol}/indicators/history",
    "/track-record",
    "/track-record/{symbol}",
    "/market/quality",
)
_SHORTFALLS: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "redis": (
        (*_INSIGHTS, "/stocks", "/stocks/{symbol}", "/stocks/{symbol}/indicators", *_MARKET),
        (*_TEXTS, "/stream"),
    ),
    "mongodb": ((*_NAMED, *_MARKET), _PRICES),
    # The API itself does without: only a new text cannot be written.
    "kafka": ((), ("/analysis/{symbol}/llm",)),
}
"""By dependency, the paths that are answered without it, and those that are not."""


def kafka_probe(settings: KafkaSettings) -> Probe:
    """Asks a broker for its API versions and the cluster's metadata.

    An open port alone would also count a broker that hangs, so the client library does its handshake. It is imported
    at the first question: 165 ms that no other route should pay.
    """

    def probe() -> None:
        from kafka import KafkaAdminClient

        from stock_ai.streaming.client import client_options

        KafkaAdminClient(
            **client_options(settings),
            client_id="stock-ai-health",
            bootstrap_timeout_ms=int(LIMIT_SECONDS * 900),
            request_timeout_ms=int(LIMIT_SECONDS * 900),
        ).close()

    return probe


def _timed(probe: Probe) -> Dependency:
    started = time.perf_counter()
    detail = None
    try:
        probe()
    except StoreAwayError as error:  # It was asked a moment ago, and that was logged.
        detail = type(error).__name__
    except Exception as error:  # noqa: BLE001 - whatever a client library raises, the dependency did not answer
        # Messages of client libraries may hold addresses, so the answer names the type only.
        logger.warning("health probe failed", exc_info=True)
        detail = type(error).__name__
    return Dependency(
        status=DependencyState.UP if detail is None else DependencyState.DOWN,
        latency_ms=round((time.perf_counter() - started) * 1000, 1),
        detail=detail,
    )


def examine(probes: Mapping[str, Probe], limit_seconds: float = LIMIT_SECONDS) -> Health:
    """Ask every dependency at once and wait at most `limit_seconds`; never raises for one that is down."""
    from concurrent.futures import ThreadPoolExecutor, wait  # 1 ms that no other route should pay.

    pool = ThreadPoolExecutor(max_workers=len(probes), thread_name_prefix="health")
    asked = {name: pool.submit(_timed, probe) for name, probe in probes.items()}
    wait(asked.values(), timeout=limit_seconds)
    # A probe that hangs ends by its own time limit; the answer does not wait for it.
    pool.shutdown(wait=False)
    late = Dependency(status=DependencyState.DOWN, latency_ms=limit_seconds * 1000, detail="timeout")
    dependencies = {name: future.result() if future.done() else late for name, future in asked.items()}
    down = {name for name, each in dependencies.items() if each.status is DependencyState.DOWN}
    status = ServiceState.DOWN if down >= _STORES else ServiceState.DEGRADED if down else ServiceState.UP
    return Health(status=status, dependencies=dependencies, degraded=[_shortfall(name) for name in sorted(down)])


def _shortfall(dependency: str) -> Shortfall:
    reduced, unavailable = _SHORTFALLS.get(dependency, ((), ()))
    return Shortfall(dependency=dependency, reduced=list(reduced), unavailable=list(unavailable))
