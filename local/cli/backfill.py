"""`stock-ai backfill`: a span of history, in as many runs as it takes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn

from functions.data_collector.plans import backfill_id
from functions.data_collector.request import requested
from local.backfill import Backfill, Estimate
from local.cli.output import JsonOption, errors, print_json, results, say
from local.cli.prices import DataOption, PriceRequest, SourceName, price_request
from local.home import Home, World
from local.runtime import Runtime, processes
from local.session import Session, connect, open_session
from stock_ai.clock import utc_now
from stock_ai.errors import InvalidInputError
from stock_ai.models import topics
from stock_ai.models.base import Interval
from stock_ai.ports.collection import PlanProgress
from stock_ai.settings import MarketDataSettings, SourceSettings
from stock_ai.storage.collection_plans import MongoCollectionPlans


def backfill(
    symbols: Annotated[list[str], typer.Option(help="VN30, HOSE, HNX, UPCOM, ALL, or symbols such as FPT,VCB.")],
    since: Annotated[str, typer.Option("--from", help="First trading date, YYYY-MM-DD.")],
    until: Annotated[
        str | None, typer.Option("--to", help="Last trading date, YYYY-MM-DD; today unless given.")
    ] = None,
    interval: Annotated[Interval, typer.Option(help="Span of a bar.")] = Interval.DAY,
    source: Annotated[SourceName, typer.Option(help="Where prices come from.")] = SourceName.VNSTOCK,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Collect history. The same command goes on where it was stopped, even by a kill, and asks for nothing twice."""
    if source is SourceName.AUTO:
        raise InvalidInputError("--source: a backfill needs a source: vnstock, csv or simulated")
    request = price_request(source, data, symbols, since, until)
    detail = {"do": "backfill", "interval": str(interval), **request.detail()}
    wanted = requested({"detail": detail}, SourceSettings.model_validate({"PRICE_SOURCE": str(source)}))
    with _opened(request) as (session, runtime):
        plans = MongoCollectionPlans(session.database)
        run = Backfill(runtime, plans, backfill_id(wanted), detail, interval, _per_second(source))
        with _shown() as show:
            done = run.run(show)
        if not session.shared:
            runtime.mappings[topics.STOCK_PRICES_RAW].wait_drained()
    if json:
        print_json(dataclasses.asdict(done) | {"finished": done.finished})
    else:
        results.print(f"{done.symbols - len(done.failed):,} symbols, {done.bars:,} bars collected", highlight=False)
        for symbol, reason in done.failed.items():
            say(f"{symbol}: {reason}")
    if done.failed:
        raise typer.Exit(1)


@contextmanager
def _opened(request: PriceRequest) -> Iterator[tuple[Session, Runtime]]:
    """The stores of a running `up`, or servers of our own; triggers work here only where no `up` has its own."""
    home = Home.from_environment()
    world = World.SIMULATED if request.source is SourceName.SIMULATED else World.MARKET
    with ExitStack() as stack:
        if home.is_running():
            session = stack.enter_context(connect(home))
            if session.world is not world:
                raise InvalidInputError(
                    f"--source: {request.source} is of another market than the running `stock-ai up`"
                )
        else:
            stack.enter_context(home.running())
            session = stack.enter_context(open_session(home, world, request.source))
        environment = session.environment | {"PRICE_DATA": _path(request.data)}
        workers = processes(environment, home.data(world, "logs"))
        kafka = session.endpoints.kafka
        yield (
            session,
            stack.enter_context(
                Runtime(workers, kafka, utc_now, lambda _trigger, _answer: None, say, triggers=not session.shared)
            ),
        )


def _path(data: Path | None) -> str:
    return str(data.absolute()) if data else ""


def _per_second(source: SourceName) -> float | None:
    if source is not SourceName.VNSTOCK:
        return None
    from stock_ai.resilience.pacing import vnstock_rate

    settings = MarketDataSettings.load()
    return float(vnstock_rate(settings.per_second, keyed=settings.api_key is not None))


class _Bar:
    """The progress line; without a terminal the first estimate is said once."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)
        self._said = False

    def __call__(self, state: PlanProgress, estimate: Estimate | None) -> None:
        about = (
            ""
            if estimate is None
            else f"about {_span(estimate.seconds)} left at {estimate.pages_per_minute:,.0f} requests a minute"
        )
        line = f"{state.symbols_done:,} of {state.symbols:,} symbols  {state.bars:,} bars  {about}"
        self._progress.update(self._task, description=line, completed=state.days - state.days_left, total=state.days)
        if not self._said and about:
            self._said = True
            if not errors.is_terminal:
                say(line)


@contextmanager
def _shown() -> Iterator[_Bar]:
    columns = (SpinnerColumn(), BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        yield _Bar(progress)


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
