"""Backfill of the market from one parquet file by the functions of a local run.

The rate is that of the whole way: file, collector, Kafka, trigger, consumer, MongoDB. The baseline has the server to
itself and the documents ready.

Memory is the peak of a function's process. All 766,324 bars take minutes to be stored, so `PART` of them are: the
consumer is measured after its first batches and at the end, the collector with a file of `PART` bars and with the same
bars in the file of all.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pymongo.database import Database

from infra.topology import KafkaTrigger
from tests.load import market
from tests.load.local_run import LocalRun, local_run
from tests.load.result import Result, seconds
from tests.load.upserts import bulk_upserts

PART = 100_000
BARE = 10_000
"""Documents that the baseline stores; more take as long each."""
EARLY = 10_000
BATCH = 2_000
FLAT = 1.3
COLLECTOR, CONSUMER = "data_collector", "kafka_consumer"
FIRST_SESSION = "2000-07-28"
"""In Vietnam."""


def bench() -> list[Result]:
    """Bars per second, ours over bare; MB for many bars over MB for few, where the system tells them."""
    with tempfile.TemporaryDirectory() as folder:
        whole = market.parquet(Path(folder))
        part = Path(folder) / "part.parquet"
        rows = pq.read_table(whole).slice(0, PART)
        pq.write_table(rows, part)
        rate, bare_rate, peaks = stored(part)
        results = [Result("backfill", rate / bare_rate, 0.8, "bars/s", bare_rate, rate, higher_is_better=True)]
        if peaks:
            results.append(_flat("backfill_memory_consumer", peaks["early"], peaks[CONSUMER]))
            results.append(
                _flat(
                    "backfill_memory_collector",
                    peaks[COLLECTOR],
                    _collected(whole, rows["symbol"].unique().to_pylist()),
                )
            )
    return results


def stored(data: Path) -> tuple[float, float, dict[str, float]]:
    """Backfill a file into MongoDB: bars per second, those of the baseline, and the peaks of the functions in MB."""
    answered = 0
    peaks: dict[str, float] = {}

    def watch(_trigger: KafkaTrigger, answer: dict[str, Any]) -> None:
        nonlocal answered
        answered += answer["stored"] + sum(answer["quarantined"].values())
        if answered >= EARLY and sys.platform == "linux":
            peaks.setdefault("early", run.peak_mb(CONSUMER))

    with local_run(watch) as run:

        def work() -> None:
            published = _collect(run, data)
            run.prices.wait_drained()
            assert answered == published

        spent = seconds(work)
        rate = answered / spent
        if peaks:
            peaks |= {name: run.peak_mb(name) for name in (COLLECTOR, CONSUMER)}
        database = run.session.database
        bare_rate = BARE / bulk_upserts(database.client["bare"], _documents(database, BARE))
    return rate, bare_rate, peaks


def _collected(data: Path, symbols: list[str]) -> float:
    """Publish bars that nobody consumes: the collector's peak in MB."""
    with local_run(triggers=False) as run:
        _collect(run, data, symbols)
        return run.peak_mb(COLLECTOR)


def _collect(run: LocalRun, data: Path, symbols: Sequence[str] = ()) -> int:
    detail = {"do": "backfill", "source": "csv", "data": str(data), "since": FIRST_SESSION, "symbols": symbols}
    report = run.runtime.run(COLLECTOR, detail)
    assert report["unfinished_plans"] == 0, report
    return int(report["published"])


def _documents(database: Database[dict[str, Any]], count: int) -> Iterator[list[dict[str, Any]]]:
    found = database["prices"].find(batch_size=BATCH).limit(count)
    while batch := list(itertools.islice(found, BATCH)):
        yield batch


def _flat(name: str, few: float, many: float) -> Result:
    return Result(name, many / few, FLAT, "MB", few, many, higher_is_better=False)
