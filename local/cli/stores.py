"""Commands on what a run has stored: train, analyse, status, rebuild-insights."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.table import Table

from functions.aggregation.service import rebuild
from local.cli.dead_letters import open_dead_letters
from local.cli.output import JsonOption, parse_symbols, print_json, results, run_progress, say
from local.home import Home
from local.runtime import Runtime, processes
from local.session import Session, connect
from stock_ai.clock import utc_now
from stock_ai.models import topics
from stock_ai.storage.analyses import MongoAnalysisStore
from stock_ai.storage.prices import MongoPriceStore
from stock_ai.storage.quarantine import MongoQuarantine


@contextmanager
def _functions() -> Iterator[tuple[Session, Runtime]]:
    """The stores, and the functions on them; the triggers work here only where no `up` has its own."""
    home = Home.from_environment()
    with (
        connect(home) as session,
        Runtime(
            processes(session.environment, home.data(session.world, "logs")),
            session.endpoints.kafka,
            utc_now,
            on_response=lambda _trigger, _answer: None,
            report=say,
            triggers=not session.shared,
        ) as runtime,
    ):
        yield session, runtime


def train(json: JsonOption = False) -> None:
    """Train a model on the stored bars. It becomes champion where it beats the champion and the base rate."""
    with _functions() as (_, runtime), run_progress() as progress:
        progress.stage("train")
        answer: dict[str, Any] = runtime.run("model_training")
    if json:
        print_json(answer)
        return
    reason = answer.pop("reason")
    table = Table(show_header=False, title="Trained model", title_justify="left")
    for name, value in answer.items():
        table.add_row(name, f"{value:.5f}" if isinstance(value, float) else str(value))
    results.print(table)
    verdict = "promoted" if answer["promoted"] else "not promoted"
    results.print(f"{verdict}: {reason}", markup=False, highlight=False, soft_wrap=True)


def analyse(
    symbols: Annotated[list[str] | None, typer.Option(help="Only these, e.g. FPT,VCB. May be repeated.")] = None,
    json: JsonOption = False,
) -> None:
    """Analyse the stored bars now and bring the insights up to date."""
    with _functions() as (session, runtime), run_progress() as progress:
        progress.stage("analyse")
        chosen = parse_symbols(symbols)
        report: dict[str, Any] = runtime.run("ai_analysis", {"symbols": chosen} if chosen else None)
        progress.stage("aggregate")
        runtime.mappings[topics.AI_ANALYSIS_RESULTS].wait_drained()
        report["insights"] = session.insights.count()
    if json:
        print_json(report)
    else:
        for name, value in report.items():
            results.print(f"{name}: {value}", highlight=False)


def rebuild_insights(json: JsonOption = False) -> None:
    """Make every insight, history and row of the market in Redis anew from MongoDB."""
    started = time.monotonic()
    with connect(Home.from_environment()) as session, run_progress() as progress:
        progress.stage("rebuild")
        rebuilt = rebuild(MongoAnalysisStore(session.database), session.insights, progress.consumed)
    if json:
        seconds = round(time.monotonic() - started, 3)
        print_json({"insights": rebuilt.insights, "analyses": rebuilt.analyses, "seconds": seconds})
    else:
        results.print(f"{rebuilt.insights:,} insights rebuilt from {rebuilt.analyses:,} analyses", highlight=False)


def status(json: JsonOption = False) -> None:
    """Show what is stored and whether it runs."""
    home = Home.from_environment()
    with connect(home) as session:
        prices = MongoPriceStore(session.database)
        symbols = prices.symbols()
        card = session.models.current_card()
        state = {
            "home": str(home.path),
            "running": session.shared,
            "source": session.source,
            "simulated": session.world.value == "simulated",
            "symbols": len(symbols),
            "bars": prices.count(),
            "first": min((info.first for info in symbols), default=None),
            "last": max((info.last for info in symbols), default=None),
            "quarantined": MongoQuarantine(session.database).counts_by_reason(),
            "dead_letters": len(open_dead_letters(session).list()),
            "insights": session.insights.count(),
            "model": card.version if card else None,
            "trained_until": card.trained_until if card else None,
            "endpoints": {
                "api": session.endpoints.api,
                "kafka": session.endpoints.kafka,
            }
            if session.shared
            else None,
        }
    if json:
        print_json(state)
        return
    table = Table(show_header=False)
    for name, value in state.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {count}" for key, count in value.items())
        table.add_row(name.replace("_", " "), "none" if value in (None, "") else str(value))
    results.print(table)
