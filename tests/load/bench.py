"""`make bench`: speed against a bare baseline in the same run, as a table and in build/bench.json.

Each measurement is a ratio to a loop that does only the unavoidable part with the same library on the same data, so
the figures mean the same on any machine; where a number of seconds is promised, it is the ratio to that. A ratio that
misses its limit makes the exit code 1.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.load import (
    api,
    backfill,
    board,
    collector,
    consumer,
    first_insight,
    imports,
    indicators,
    insights,
    llm_cached,
    llm_context,
    market_pass,
    panel,
    quality,
)
from tests.load.result import Result

REPORT = Path("build/bench.json")
BENCHES = (
    consumer.bench,
    indicators.bench,
    panel.bench,
    market_pass.bench,
    collector.bench,
    imports.bench,
    first_insight.bench,
    quality.bench,
    board.bench,
    backfill.bench,
    insights.bench,
    llm_context.bench,
    llm_cached.bench,
    api.bench,
)


def show(results: list[Result]) -> None:
    """Print the table."""
    table = Table("bench", "ratio", "limit", "measured", "baseline", "unit", "")
    for result in results:
        table.add_row(
            result.name,
            f"{result.ratio:.2f}",
            f"{'at least' if result.higher_is_better else 'at most'} {result.limit}",
            f"{result.measured:,.4g}",
            f"{result.baseline:,.4g}",
            result.unit,
            "ok" if result.ok else "MISSED",
        )
    Console(width=120).print(table)


def _name(bench: Callable[[], object]) -> str:
    return bench.__module__.rpartition(".")[2]


def main() -> int:
    """Run every bench, or those whose module is named on the command line."""
    wanted = set(sys.argv[1:])
    results: list[Result] = []
    chosen = [bench for bench in BENCHES if not wanted or _name(bench) in wanted]
    for number, bench in enumerate(chosen, 1):
        print(f"{time.strftime('%H:%M:%S')} {number} of {len(chosen)}: {_name(bench)} ...", file=sys.stderr, flush=True)
        found = bench()
        results.extend(found if isinstance(found, list) else [found])
    show(results)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps([asdict(result) for result in results], indent=2) + "\n")
    return 0 if all(result.ok for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
