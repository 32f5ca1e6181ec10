"""`stock-ai track-record`: how often the signals came true."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer
from pymongo.database import Database
from rich.console import Group
from rich.table import Table

from local.cli.output import JsonOption, print_json, results
from local.home import Home
from local.session import connect
from stock_ai.clock import Clock, utc_now
from stock_ai.errors import NotFoundError
from stock_ai.models.analysis import Signal
from stock_ai.storage.track_record import MongoTrackRecord
from stock_ai.track_record.record import Tallies, Tally, TrackRecord
from stock_ai.track_record.tallies import of_symbol


def track_record(
    symbol: Annotated[str | None, typer.Option(help="Only the signals of this symbol, e.g. FPT.")] = None,
    json: JsonOption = False,
) -> None:
    """Show what came of the signals that were issued; each close analysis scores those that are due."""
    with connect(Home.from_environment()) as session:
        record = chosen(session.database, symbol, utc_now)
    if json:
        print_json(record.model_dump(mode="json"))
    else:
        results.print(rendered(record, None if symbol is None else symbol.strip().upper()))


def chosen(database: Database[dict[str, Any]], symbol: str | None, clock: Clock) -> TrackRecord:
    """The tallies of the market as the last pass left them, or those of one symbol in whichever case.

    Raises:
        NotFoundError: there was no pass yet, or the symbol has no signal.
        RetryableError: MongoDB is away.
    """
    store = MongoTrackRecord(database)
    if symbol is None:
        record = store.record()
        if record is None:
            raise NotFoundError("no signal has been scored yet; `stock-ai analyse` does it")
        return record
    name = symbol.strip().upper()
    signals = store.signals(name)
    if not signals:
        raise NotFoundError(f"--symbol: {symbol!r} has no signals")
    simulated = signals[0].simulated
    return of_symbol(
        [one for one in signals if one.simulated is simulated],
        [one for one in store.outcomes(name) if one.simulated is simulated],
        clock(),
    )


def rendered(record: TrackRecord, symbol: str | None) -> Group:
    """As tables for a terminal."""
    title = f"{symbol or 'Market'}: signals of {record.first} to {record.last}"
    parts: list[Any] = [f"{title}{' (SIMULATED)' if record.simulated else ''}", _table("", [("all", record.overall)])]
    if record.late.horizons and any(tally.signals for tally in record.late.horizons.values()):
        parts += ["\nIssued too late to count", _table("", [("late", record.late)])]
    signals = {one.signal: one for one in record.by_signal}
    parts += [
        "",
        _table("signal", [(one.value, signals[one]) for one in Signal if one in signals]),
        _table("confidence", [(f"{one.at_least:.2f} to {one.below:.2f}", one) for one in record.by_confidence]),
        _table(
            "model",
            [
                (f"{one.name} {one.version[:8]}{'' if one.proven_skill else ' (no proven skill)'}", one)
                for one in record.by_model
            ],
        ),
        _table("month", [(one.month, one) for one in record.by_month]),
    ]
    return Group(*parts)


def _table(name: str, groups: Iterable[tuple[str, Tallies]]) -> Table:
    table = Table(
        name, "sessions", "signals", "scored", "pending", "confidence", "hit rate", "95 %", "return", "excess"
    )
    for group, tallies in groups:
        for horizon, tally in tallies.horizons.items():
            table.add_row(group, str(horizon), *_row(tally))
    return table


def _row(tally: Tally) -> tuple[str, ...]:
    interval = tally.hit_rate_interval
    return (
        f"{tally.signals:,}",
        f"{tally.scored:,}",
        f"{tally.pending:,}",
        _number(tally.mean_confidence, ".3f"),
        _number(tally.hit_rate, ".3f"),
        "" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}",
        _number(tally.mean_return, "+.2%"),
        _number(tally.mean_excess, "+.2%"),
    )


def _number(value: float | None, form: str) -> str:
    return "" if value is None else f"{value:{form}}"
