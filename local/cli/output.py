"""Where output goes: results to standard output, everything else to standard error."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from stock_ai.errors import InvalidInputError

errors = Console(stderr=True)
results = Console()
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object last on standard output.")]


def say(message: str) -> None:
    """One line that a person should notice."""
    errors.print(message, style="yellow", markup=False, highlight=False)


def print_json(content: Any) -> None:
    """One JSON document on one line of standard output."""
    print(json.dumps(content, default=str, ensure_ascii=False), flush=True)


def parse_date(option: str, text: str | None) -> dt.date | None:
    """A date option.

    Raises:
        InvalidInputError: the text is not a date; names option and value.
    """
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(f"{option}: {text!r} is not a date (expected YYYY-MM-DD)") from None


def parse_symbols(values: list[str] | None) -> list[str]:
    """Symbols given as `A,B` or by repeating the option, upper-cased."""
    return [part.strip().upper() for value in values or () for part in value.split(",") if part.strip()]


class RunProgress:
    """Shows the stages of a run and the bars that came through, on a terminal; silent elsewhere."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("starting", total=None)

    def stage(self, name: str) -> None:
        """Show that a stage begins."""
        self._progress.update(self._task, description=name)

    def consumed(self, done: int, total: int | None) -> None:
        """Show how many bars came through."""
        self._progress.update(self._task, completed=done, total=total)


@contextmanager
def run_progress() -> Iterator[RunProgress]:
    """A progress line on standard error while the body runs."""
    columns = (SpinnerColumn(), TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeElapsedColumn(), console=errors, transient=True, disable=not errors.is_terminal
    ) as progress:
        yield RunProgress(progress)
