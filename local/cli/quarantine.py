"""`stock-ai quarantine`: look at bars that broke a hard rule, correct them, let them through."""

from __future__ import annotations

import datetime as dt
import getpass
import json as jsonlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, cast

import typer
from rich.progress import Progress

from local.cli.output import JsonOption, errors, parse_date, print_json, results
from local.cli.quarantine_view import bar_json, print_list, print_record, record_json, release_json
from local.home import Home
from local.session import connect
from stock_ai.clock import Clock, utc_now
from stock_ai.errors import InvalidInputError
from stock_ai.market.calendar import EXCHANGE_ZONE
from stock_ai.ports.prices import PriceStore
from stock_ai.quality.rules import Reason
from stock_ai.releasing import Releases, ReleaseStore, explanations, stored_bar
from stock_ai.settings import KafkaSettings
from stock_ai.storage.prices import MongoPriceStore
from stock_ai.storage.quarantine import Filter, KeptRecord, MongoQuarantine, Release
from stock_ai.streaming.publisher import KafkaPublisher

app = typer.Typer(help="Bars that broke a hard rule, and what to do about them.", no_args_is_help=True)
_PAGE = 50
_GOES_ON = "the next run, or the running one, brings it to the store"

IdArgument = Annotated[str, typer.Argument(metavar="ID")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who decides (default: the login name).")]
NoteOption = Annotated[str, typer.Option("--note", help="Why; kept with the decision.")]
ReasonOption = Annotated[Reason | None, typer.Option("--reason", help="Only those set aside for this reason.")]


class Quarantine(ReleaseStore, Protocol):
    """The records that the commands show."""

    def list(self, wanted: Filter, limit: int, after: str | None = None) -> Sequence[KeptRecord]:
        """The newest records, newest first, after the one named."""

    def releases(self, record_id: str) -> Sequence[Release]:
        """Every decision about a record, oldest first."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the commands work on."""

    quarantine: Quarantine
    prices: PriceStore
    releases: Callable[[], AbstractContextManager[Releases]]
    """Opened only to correct or release."""
    clock: Clock


@contextmanager
def _of_home() -> Iterator[Desk]:
    with connect(Home.from_environment()) as session:
        quarantine = MongoQuarantine(session.database)

        @contextmanager
        def releases() -> Iterator[Releases]:
            publisher = KafkaPublisher(KafkaSettings.model_validate(session.environment))
            try:
                yield Releases(quarantine, publisher)
            finally:
                publisher.close()

        yield Desk(quarantine, MongoPriceStore(session.database), releases, utc_now)


def _desk(context: typer.Context) -> AbstractContextManager[Desk]:
    """The desk that the caller of the commands gives, else that of the last run's stores."""
    opener = cast("Callable[[], AbstractContextManager[Desk]] | None", context.obj)
    return (opener or _of_home)()


@app.command("list")
def list_records(
    context: typer.Context,
    reason: ReasonOption = None,
    symbol: Annotated[str | None, typer.Option(help="Only those of this symbol, as the record writes it.")] = None,
    source: Annotated[str | None, typer.Option(help="Only those that came from this source.")] = None,
    since: Annotated[str | None, typer.Option(help="Only those set aside since this date, YYYY-MM-DD.")] = None,
    released: Annotated[bool, typer.Option("--released", help="Released ones too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = _PAGE,
    after: Annotated[str | None, typer.Option(metavar="ID", help="Those that follow this one.")] = None,
    json: JsonOption = False,
) -> None:
    """List quarantined records, newest first."""
    wanted = Filter(reason, symbol, source, _midnight("--since", since), released)
    with _desk(context) as desk:
        # One more than asked for tells whether there are more.
        found = desk.quarantine.list(wanted, limit + 1, after)
    shown, following = found[:limit], found[limit - 1].record.record_id if len(found) > limit else None
    if json:
        print_json({"records": [record_json(kept) for kept in shown], "next_after": following})
    else:
        print_list(shown, following)


@app.command("show")
def show(context: typer.Context, record_id: IdArgument, json: JsonOption = False) -> None:
    """Show one record: why it was set aside, what it holds, what is stored in its place and what was decided."""
    with _desk(context) as desk:
        kept = desk.quarantine.get(record_id)
        decisions = desk.quarantine.releases(record_id)
        stored = stored_bar(kept, decisions, desk.prices)
    if json:
        content = {
            "explanations": explanations(kept.record),
            "releases": [release_json(release) for release in decisions],
            "stored": bar_json(stored),
        }
        print_json(record_json(kept) | content)
    else:
        print_record(kept, decisions, stored)


@app.command("correct")
def correct(
    context: typer.Context,
    record_id: IdArgument,
    changes: Annotated[
        list[str], typer.Option("--set", metavar="FIELD=VALUE", help="As close=101000; may be repeated.")
    ],
    note: NoteOption,
    by: ByOption = None,
    json: JsonOption = False,
) -> None:
    """Make a record right and send it to be stored. It replaces what is stored of that bar."""
    wanted = parse_changes(changes)
    with _desk(context) as desk, desk.releases() as releases:
        release = releases.correct(record_id, wanted, by or getpass.getuser(), note, desk.clock())
    if json:
        print_json(release_json(release))
    else:
        for name, (before, changed) in release.changes.items():
            results.print(f"{name}: {before} -> {changed}", markup=False, highlight=False)
        results.print(f"corrected; {_GOES_ON}", highlight=False)


@app.command("release")
def release(
    context: typer.Context,
    note: NoteOption,
    record_ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...")] = None,
    reason: ReasonOption = None,
    by: ByOption = None,
    json: JsonOption = False,
) -> None:
    """Send records to be stored as they are, where they break no hard rule any more.

    Exit code 2 when one is refused; the others are released all the same.
    """
    if bool(record_ids) is (reason is not None):
        raise InvalidInputError("ID: name the records to release, or give --reason")
    with _desk(context) as desk, desk.releases() as releases, _progress() as progress:
        chosen = record_ids or [kept.record.record_id for kept in _all(desk.quarantine, Filter(reason=reason))]
        refused: dict[str, str] = {}
        for record_id in progress.track(chosen, description="release"):
            try:
                releases.release(record_id, by or getpass.getuser(), note, desk.clock())
            except InvalidInputError as error:
                refused[record_id] = str(error)
    released = len(chosen) - len(refused)
    if json:
        print_json({"released": released, "refused": refused})
    elif released:
        results.print(f"{released:,} released; {_GOES_ON}", highlight=False)
    for record_id, why in refused.items():
        errors.print(f"refused: {record_id}: {why}", style="red", markup=False, highlight=False, soft_wrap=True)
    if refused:
        raise typer.Exit(2)


def parse_changes(texts: Sequence[str]) -> dict[str, Any]:
    """Corrections given as `field=value`: a value that is JSON (a number, true, null) is taken as that, else as text.

    Raises:
        InvalidInputError: a text has another form, or names a field again; shows it.
    """
    changes: dict[str, Any] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not (name and separator):
            raise InvalidInputError(f"--set: {text!r} is not FIELD=VALUE")
        if name in changes:
            raise InvalidInputError(f"--set: {name} is given twice")
        try:
            changes[name] = jsonlib.loads(value)
        except ValueError:
            changes[name] = value
    return changes


def _all(quarantine: Quarantine, wanted: Filter) -> Iterator[KeptRecord]:
    after = None
    while page := quarantine.list(wanted, 1_000, after):
        yield from page
        after = page[-1].record.record_id


def _progress() -> Progress:
    return Progress(console=errors, transient=True, disable=not errors.is_terminal)


def _midnight(option: str, text: str | None) -> dt.datetime | None:
    date = parse_date(option, text)
    return None if date is None else dt.datetime.combine(date, dt.time.min, EXCHANGE_ZONE)
