"""`make up` on the simulated source, installed: from the command to the first insight over HTTP."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.e2e.stock_ai_cli import get, serving, until
from tests.load.result import Result

LIMIT_SECONDS = 30.0


def bench() -> Result:
    """Seconds, as a share of the thirty that are allowed."""
    with tempfile.TemporaryDirectory() as home:
        started = time.perf_counter()
        with serving(Path(home), "--source", "simulated") as (process, api):
            until(lambda: get(f"{api}/api/v1/analysis/FPT/insight")[0] == 200, 120, lambda: process.poll() is None)
            measured = time.perf_counter() - started
    return Result("first_insight", measured / LIMIT_SECONDS, 1.0, "s", LIMIT_SECONDS, measured, higher_is_better=False)
