"""`stock-ai up`: everything on this machine."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Annotated

import typer

from local.api_process import ApiProcess
from local.cli.output import JsonOption, errors, print_json, run_progress, say
from local.cli.prices import (
    DataOption,
    SinceOption,
    SourceName,
    SourceOption,
    SymbolsOption,
    UntilOption,
    price_request,
)
from local.home import Home, World
from local.pipeline import Pipeline
from local.runtime import Runtime, processes
from local.session import open_session
from stock_ai.clock import utc_now


def up(
    source: SourceOption = SourceName.AUTO,
    data: DataOption = None,
    symbols: SymbolsOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    once: Annotated[bool, typer.Option("--once", help="Run the pipeline once, print a summary and stop.")] = False,
    port: Annotated[int | None, typer.Option(help="Port of the API, 0 for any free one. Default 8000.")] = None,
    json: JsonOption = False,
) -> None:
    """Start the servers, the six services and the API, and bring prices in."""
    request = price_request(_resolve(source), data, symbols, since, until)
    chosen = request.source
    home = Home.from_environment()
    world = World.SIMULATED if chosen is SourceName.SIMULATED else World.MARKET
    if world is World.SIMULATED:
        errors.print("[bold yellow]SIMULATED prices: seeded random walks, not a market.[/bold yellow]")
    with home.running(), ExitStack() as stack:
        api = None if once else ApiProcess(port)
        with run_progress() as progress:
            pipeline = Pipeline(chosen, progress)
            session = stack.enter_context(open_session(home, world, chosen))
            environment = session.environment | request.settings()
            logs = home.data(world, "logs")
            runtime = stack.enter_context(
                Runtime(processes(environment, logs), session.endpoints.kafka, utc_now, pipeline.observe, say)
            )
            if api is not None:
                stack.enter_context(api.serving(environment, logs / "api.log"))
            home.write_endpoints(replace(session.endpoints, api=api.url if api else None))
            summary = pipeline.run(runtime, session.has_model, session.insights.count)
        if json:
            print_json(summary.as_json())
        else:
            summary.show(errors)
        if api is not None:
            errors.print(f"API       [bold]{api.url}/api/v1/market/overview[/bold]")
            errors.print(f"API docs  [bold]{api.url}/docs[/bold]")
            errors.print(f"Servers   {home.path / 'endpoints.json'}")
            errors.print(f"Logs      {logs}")
            errors.print("Schedules run in exchange time. Ctrl-C stops everything.")
            runtime.follow_schedules(api.check)


def _resolve(source: SourceName) -> SourceName:
    if source is SourceName.AUTO:
        # vnstock's licence makes it a choice of the operator, so auto never takes it.
        errors.print("Source auto: prices are [bold]simulated[/bold]; --source vnstock asks the market.")
        return SourceName.SIMULATED
    return source
