"""`stock-ai models`: which models there are, which one serves and why, and how to change that."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, cast

import typer
from rich.table import Table

from local.cli.output import JsonOption, print_json, results, say
from local.home import Home
from stock_ai.clock import Clock, utc_now
from stock_ai.errors import InvalidInputError, NotFoundError, RunAbortedError
from stock_ai.ml.champions import Appointment
from stock_ai.ml.manager import Kept, ModelManager
from stock_ai.storage.model_registry import open_registry

app = typer.Typer(help="Trained models: the one that serves, and the others.", no_args_is_help=True)

VersionArgument = Annotated[str, typer.Argument(metavar="VERSION")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept in the history of champions.")]


@dataclass(frozen=True, slots=True)
class Desk:
    """What the commands work on."""

    models: ModelManager
    clock: Clock


def _desk(context: typer.Context) -> Desk:
    """The desk that the caller of the commands gives, else MODEL_REGISTRY, else the models of the last run."""
    if context.obj is not None:
        return cast("Callable[[], Desk]", context.obj)()
    location = os.environ.get("MODEL_REGISTRY")
    if not location:
        home = Home.from_environment()
        world, _ = home.last()
        location = str(home.data(world, "models"))
    return Desk(ModelManager(open_registry(location)), utc_now)


@app.command("list")
def list_models(context: typer.Context, json: JsonOption = False) -> None:
    """List the models, oldest first, and who was champion when."""
    models = _desk(context).models
    found, history = models.inventory(), models.history()
    if json:
        serving = models.current_card()
        print_json(
            {
                "champion": serving and serving.version,
                "models": [_summary(kept) for kept in found],
                "history": [entry.model_dump(mode="json") for entry in history],
            }
        )
        return
    for kept in found:
        _line(_described(kept))
    if history:
        _line("\nChampions, oldest first")
    for entry in history:
        withdrawn = f", {entry.withdrawn} withdrawn" if entry.withdrawn else ""
        _line(f"{entry.since:%Y-%m-%d %H:%M}Z  {entry.version}{withdrawn}: {entry.reason}")
    for version, why in models.refused.items():
        say(f"champion {version} does not serve: {why}")


@app.command("show")
def show(context: typer.Context, version: VersionArgument, json: JsonOption = False) -> None:
    """Show one model: its card, its verdict, its place, and whether it is sound, by loading it."""
    models = _desk(context).models
    kept = models.look(version)
    refused = None
    try:
        models.load(version)
    except (NotFoundError, RunAbortedError) as error:
        refused = str(error)
    card = kept.card.model_dump(mode="json") if kept.card else {}
    content = {"version": version, "standing": kept.standing.value, "refused": refused, **card}
    if json:
        print_json(content)
        return
    table = Table(show_header=False)
    for name, value in content.items():
        if isinstance(value, dict):
            value = "\n".join(f"{key} {figure}" for key, figure in value.items())
        elif name == "reliability":
            value = "\n".join(f"confidence {b['confidence']:.3f}, hit rate {b['hit_rate']:.3f}" for b in value)
        elif isinstance(value, list):
            value = ", ".join(map(str, value))
        table.add_row(name.replace("_", " "), "none" if value is None else str(value))
    results.print(table)


@app.command("promote")
def promote(context: typer.Context, version: VersionArgument, reason: ReasonOption, json: JsonOption = False) -> None:
    """Make a kept model the champion, whatever its verdict. It serves from the next invocation."""
    desk = _desk(context)
    _tell(desk.models.promote(version, _given(reason), desk.clock()), json)


@app.command("rollback")
def rollback(context: typer.Context, reason: ReasonOption, json: JsonOption = False) -> None:
    """Withdraw the champion and go back to the one before it. It serves from the next invocation."""
    desk = _desk(context)
    _tell(desk.models.rollback(_given(reason), desk.clock()), json)


def _given(reason: str) -> str:
    if not reason.strip():
        raise InvalidInputError("--reason: empty; say why, for whoever reads the history")
    return reason.strip()


def _tell(entry: Appointment, json: bool) -> None:
    if json:
        print_json(entry.model_dump(mode="json"))
        return
    withdrawn = f" in place of {entry.withdrawn}" if entry.withdrawn else ""
    results.print(f"{entry.version} is champion{withdrawn}", highlight=False, soft_wrap=True)


def _summary(kept: Kept) -> dict[str, Any]:
    shown = {"name", "trained_from", "trained_until", "tested_from", "tested_until", "expires_on", "created_at"}
    card = kept.card.model_dump(mode="json", include=shown | {"proven_skill", "verdict"}) if kept.card else {}
    return {"version": kept.version, "standing": kept.standing.value, "refused": kept.refused, **card}


def _line(text: str) -> None:
    """A line that a terminal wraps and nothing cuts."""
    results.print(text, markup=False, highlight=False, soft_wrap=True)


def _described(kept: Kept) -> str:
    standing = f"{kept.standing.value}, refused" if kept.refused else kept.standing.value
    if kept.card is None:
        return f"{kept.version}  {standing}: {kept.refused}"
    card = kept.card
    skill = "proven" if card.proven_skill else "not proven"
    verdict = kept.refused or (card.verdict.reason if card.verdict else "not judged")
    return (
        f"{kept.version}  {card.name}  {standing}: {verdict}\n"
        f"  tested until {card.tested_until}, expires after {card.expires_on}, skill {skill}"
    )
