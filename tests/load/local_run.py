"""The servers, functions and triggers of a local run, in a temporary home."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.topology import KafkaTrigger
from local.home import Home, World
from local.runtime import Runtime, processes
from local.session import Session, open_session
from local.triggers.kafka import KafkaMapping
from stock_ai.clock import utc_now
from stock_ai.models import topics


@dataclass(frozen=True, slots=True)
class LocalRun:
    """A run whose functions start at their first event."""

    session: Session
    runtime: Runtime
    logs: Path

    def peak_mb(self, function: str) -> float:
        """The most memory that the process of a function has had, in MB; only Linux tells."""
        status = Path(f"/proc/{self.runtime.workers[function].pid}/status").read_text()
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))

    @property
    def prices(self) -> KafkaMapping:
        """The trigger of kafka_consumer."""
        return self.runtime.mappings[topics.STOCK_PRICES_RAW]


def _ignore(_trigger: KafkaTrigger, _answer: Any) -> None:
    """Take an answer and do nothing with it."""


def _say(line: str) -> None:
    print(line, file=sys.stderr)


@contextmanager
def local_run(on_response: Callable[[KafkaTrigger, Any], None] = _ignore, triggers: bool = True) -> Iterator[LocalRun]:
    """Start servers and triggers as `stock-ai up` does, and stop them at the end. The arguments are `Runtime`'s."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        with open_session(home, World.MARKET, "csv") as session:
            logs = home.data(World.MARKET, "logs")
            workers = processes(session.environment, logs)
            with Runtime(workers, session.endpoints.kafka, utc_now, on_response, _say, triggers) as runtime:
                yield LocalRun(session, runtime, logs)
