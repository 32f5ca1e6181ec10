"""The commands, and how their errors reach a person: one line on standard error and an exit code.

Exit codes: 0 done, 1 failed, 2 refused because of wrong input, 130 interrupted.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType

import typer
from typer.exceptions import TyperException

from local.cli import (
    backfill,
    dead_letters,
    evaluate,
    explain,
    listings,
    models,
    quality,
    quarantine,
    stores,
    track_record,
    triggers,
    up,
)
from local.cli.output import errors
from stock_ai.errors import InvalidInputError, StockAIError

app = typer.Typer(
    help="Vietnamese stock prices in, one insight per symbol out. Data lives in ./.stock-ai (STOCK_AI_HOME moves it).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("up")(up.up)
app.command("backfill")(backfill.backfill)
app.command("triggers")(triggers.triggers)
app.command("train")(stores.train)
app.command("analyse")(stores.analyse)
app.command("quality")(quality.quality)
app.command("explain")(explain.explain)
app.command("evaluate")(evaluate.evaluate)
app.command("track-record")(track_record.track_record)
app.command("status")(stores.status)
app.command("rebuild-insights")(stores.rebuild_insights)
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(models.app, name="models")
app.add_typer(listings.app, name="listings")


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Entry point of the `stock-ai` script."""
    # Set both: a shell that starts us in the background leaves SIGINT ignored, and Ctrl-C must work everywhere.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, _interrupt)
    try:
        code = app(standalone_mode=False)
    except TyperException as error:
        errors.print(f"error: {error.format_message()}", style="red", markup=False, highlight=False, soft_wrap=True)
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        errors.print("stopped", style="dim")
        code = 130
    except StockAIError as error:
        errors.print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        code = 2 if isinstance(error, InvalidInputError) else 1
    sys.exit(code)
