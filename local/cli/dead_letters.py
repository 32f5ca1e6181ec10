"""`stock-ai dead-letters`: look at what could not be processed, and send it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.table import Table

from local.cli.output import JsonOption, print_json, results
from local.home import Home
from local.session import Session, connect
from stock_ai.errors import InvalidInputError
from stock_ai.settings import KafkaSettings
from stock_ai.storage.redrives import MongoRedriveLog
from stock_ai.streaming.dead_letters import DeadLetter, DeadLetters
from stock_ai.streaming.publisher import KafkaPublisher

app = typer.Typer(
    help="Records that could not be processed. Faulty bars among them are corrected by `stock-ai quarantine`.",
    no_args_is_help=True,
)
_SHOWN = 50


def open_dead_letters(session: Session) -> DeadLetters:
    """The dead letters of a session's servers."""
    return DeadLetters(KafkaSettings.model_validate(session.environment), MongoRedriveLog(session.database))


@contextmanager
def _opened() -> Iterator[tuple[Session, DeadLetters]]:
    with connect(Home.from_environment()) as session:
        yield session, open_dead_letters(session)


@app.command("list")
def list_letters(
    topic: Annotated[str | None, typer.Option(help="Only those that came from this topic.")] = None,
    json: JsonOption = False,
) -> None:
    """List open dead letters, oldest first: neither sent again nor corrected or released from quarantine."""
    with _opened() as (_, letters):
        found = letters.list(topic)
    if json:
        print_json([_as_json(letter) for letter in found])
        return
    if not found:
        results.print("no open dead letters")
        return
    table = Table("reason", "key", "failed at", title=f"{len(found):,} open dead letters", title_justify="left")
    table.add_column("id", no_wrap=True)
    for letter in found[:_SHOWN]:
        table.add_row(letter.reason, letter.key or "", letter.failed_at[:19], letter.id)
    results.print(table)
    if len(found) > _SHOWN:
        results.print(f"{len(found) - _SHOWN:,} more; --json shows all")


@app.command("show")
def show(letter_id: Annotated[str, typer.Argument(metavar="ID")], json: JsonOption = False) -> None:
    """Show one dead letter with its reason and its record."""
    with _opened() as (_, letters):
        content = _as_json(letters.get(letter_id))
    if json:
        print_json(content)
    else:
        for name, value in content.items():
            results.print(f"{name:<17} {value}", markup=False, highlight=False, soft_wrap=True)


@app.command("redrive")
def redrive(
    letter_ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...")] = None,
    every: Annotated[bool, typer.Option("--all", help="All open dead letters.")] = False,
    json: JsonOption = False,
) -> None:
    """Send dead letters to the topic they came from, to be processed again.

    One whose record was corrected or released from quarantine is refused: what was let through stays as it is.
    """
    if bool(letter_ids) is every:
        raise InvalidInputError("ID: name the dead letters to redrive, or give --all")
    with _opened() as (session, letters):
        chosen = letter_ids or [letter.id for letter in letters.list()]
        publisher = KafkaPublisher(KafkaSettings.model_validate(session.environment))
        try:
            letters.redrive(chosen, publisher)
        finally:
            publisher.close()
    if json:
        print_json({"redriven": len(chosen)})
    elif not chosen:
        results.print("no open dead letters")
    else:
        results.print(f"{len(chosen):,} redriven; the next run, or the running one, processes them", highlight=False)


def _as_json(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "reason": letter.reason,
        "detail": letter.detail,
        "key": letter.key,
        "state": "settled" if letter.settled else "redriven" if letter.redriven else "open",
        "source_topic": letter.source_topic,
        "source_partition": letter.source_partition,
        "source_offset": letter.source_offset,
        "failed_at": letter.failed_at,
        "value": letter.value.decode("utf-8", "backslashreplace"),
    }
