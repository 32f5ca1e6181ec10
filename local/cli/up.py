"""`stock-ai up`: everything on this machine."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from local.api_process import ApiProcess
from local.cli.output import JsonOption, errors, parse_date, parse_symbols, print_json, run_progress, say
from local.home import Home, World
from local.pipeline import Pipeline
from local.runtime import Runtime
from local.session import open_session
from stock_ai.clock import utc_now
from stock_ai.errors import InvalidInputError


class SourceName(StrEnum):
    """What `--source` takes."""

    AUTO = "auto"
    VNSTOCK = "vnstock"
    CSV = "csv"
    SIMULATED = "simulated"


def up(
    source: Annotated[SourceName, typer.Option(help="Where prices come from.")] = SourceName.AUTO,
    data: Annotated[Path | None, typer.Option(help="Folder of CSV files or one parquet file, for csv.")] = None,
    symbols: Annotated[list[str] | None, typer.Option(help="Only these, e.g. FPT,VCB. May be repeated.")] = None,
    since: Annotated[str | None, typer.Option(help="First trading date, YYYY-MM-DD.")] = None,
    until: Annotated[str | None, typer.Option(help="Last trading date, YYYY-MM-DD.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Run the pipeline once, print a summary and stop.")] = False,
    port: Annotated[int | None, typer.Option(help="Port of the API, 0 for any free one. Default 8000.")] = None,
    json: JsonOption = False,
) -> None:
    """Start the servers, the six services and the API, and bring prices in."""
    chosen = _resolve(source, data)
    request = _request(chosen, data, symbols, since, until)
    home = Home.from_environment()
    world = World.SIMULATED if chosen is SourceName.SIMULATED else World.MARKET
    if world is World.SIMULATED:
        errors.print("[bold yellow]SIMULATED prices: seeded random walks, not a market.[/bold yellow]")
    with home.running(), ExitStack() as stack:
        api = None if once else ApiProcess(port)
        with run_progress() as progress:
            pipeline = Pipeline(chosen, progress)
            session = stack.enter_context(open_session(home, world, chosen))
            environment = session.environment | request
            logs = home.data(world, "logs")
            runtime = stack.enter_context(Runtime(environment, logs, utc_now, pipeline.observe, say))
            if api is not None:
                stack.enter_context(api.serving(environment, logs / "api.log"))
            home.write_endpoints(replace(session.endpoints, api=api.url if api else None))
            summary = pipeline.run(runtime, session.models.has_model, session.insights.count)
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


def _resolve(source: SourceName, data: Path | None) -> SourceName:
    if source is SourceName.VNSTOCK:
        raise InvalidInputError("--source: 'vnstock' is not part of this version; known: csv, simulated")
    if source is SourceName.AUTO:
        # vnstock cannot be reached in this version, so auto has one answer.
        errors.print("Source auto: vnstock is not part of this version, so prices are [bold]simulated[/bold].")
        source = SourceName.SIMULATED
    if source is SourceName.CSV and data is None:
        raise InvalidInputError("--data: the csv source needs a folder of CSV files or one parquet file")
    if source is not SourceName.CSV and data is not None:
        raise InvalidInputError(f"--data: {str(data)!r} is for --source csv, not {source}")
    return source


def _request(
    source: SourceName, data: Path | None, symbols: list[str] | None, since: str | None, until: str | None
) -> dict[str, str]:
    """The collector's settings for this run: all of them, so that none is left over from the caller's environment."""
    first, last = parse_date("--since", since), parse_date("--until", until)
    if first and last and first > last:
        raise InvalidInputError(f"--since: {first} is after --until {last}")
    return {
        "PRICE_SOURCE": source,
        "PRICE_DATA": str(data.absolute()) if data else "",
        "PRICE_SYMBOLS": ",".join(parse_symbols(symbols)),
        "PRICE_SINCE": first.isoformat() if first else "",
        "PRICE_UNTIL": last.isoformat() if last else "",
    }
