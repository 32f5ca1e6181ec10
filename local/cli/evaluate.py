"""`stock-ai evaluate`: how good a model is, on bars that it has not seen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from local.cli.output import JsonOption, errors, print_json, results
from stock_ai.clock import utc_now
from stock_ai.ml.card import Recipe

SEED = 20150105


def evaluate(
    data: Annotated[
        Path | None, typer.Option(help="Folder or file of daily bars; without it, the stored bars.", show_default=False)
    ] = None,
    model: Annotated[Recipe, typer.Option(help="What is fitted each year.")] = Recipe.BLEND,
    out: Annotated[Path, typer.Option(help="Where report.html, report.json and figures.md go.")] = Path(
        "build/evaluation"
    ),
    seed: Annotated[int, typer.Option(help="Same bars and seed, same figures.")] = SEED,
    json: JsonOption = False,
) -> None:
    """Walk a model forward year by year and measure it: ranking, calibration, a backtest, controls.

    Takes some minutes. Every figure enters one session after the signal, at prices one could have had.
    """
    # Only this command needs them, and they take a second to import.
    from local.evaluation import panel_of_files, stored_market
    from stock_ai.evaluation.evaluating import evaluate as evaluated
    from stock_ai.evaluation.html import html
    from stock_ai.evaluation.markdown import markdown

    columns = (TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task("reading", total=None)
        panel, exchanges = (panel_of_files(data), None) if data else stored_market()
        report = evaluated(
            panel,
            model,
            seed,
            utc_now(),
            data.name if data else "stored bars",
            lambda stage, done, of: progress.update(task, description=stage, completed=done, total=of),
            exchanges=exchanges,
        )
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").write_text(report.json_text(), encoding="utf-8")
    (out / "report.html").write_text(html(report), encoding="utf-8")
    (out / "figures.md").write_text(markdown(report), encoding="utf-8")
    if json:
        print_json(report.model_dump(mode="json", exclude={"backtest": {"equity"}}))
        return
    table = Table("", "value", "95 % interval", title=f"{report.run.model}, {report.run.from_date} to "
                  f"{report.run.until_date}, {report.run.rows:,} predictions", title_justify="left")  # fmt: skip
    for view, figures in (("direction", report.overall.direction), ("classes", report.overall.classes)):
        for name, figure in figures:
            if figure is not None:
                table.add_row(f"{view}: {name}", f"{figure.value:.5f}", f"{figure.low:.5f} to {figure.high:.5f}")
    control = report.controls.shuffled_rank_ic
    table.add_row("shuffled labels: rank_ic", f"{control.value:.5f}", f"{control.low:.5f} to {control.high:.5f}")
    excess: Any = report.backtest.net_excess
    table.add_row("account less equal weight, bp per 5 sessions", f"{excess.value:.1f}", f"{excess.low:.1f} to "
                  f"{excess.high:.1f}")  # fmt: skip
    results.print(table)
    for sentence in report.reading:
        results.print(f"- {sentence}", highlight=False)
    results.print("", *(out / name for name in ("report.html", "report.json", "figures.md")), sep="\n", highlight=False)
