"""The stub, and processes in which the real vnstock asks it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.vnstock_stub.market import small_market
from tests.fakes.vnstock_stub.plugin import LAST_SESSION
from tests.fakes.vnstock_stub.server import VnstockStub

EVENING = f"{LAST_SESSION}T13:00:00+00:00"
"""20:00 at the exchange: the last session is over."""
_CALLS_PER_PROCESS = 13
"""Far enough below the library's 20 a minute: one more question may take six calls."""


class Prober:
    """Asks in a child process, and in a new one before the library's own limit comes near."""

    def __init__(self, stub: VnstockStub, folder: Path, **environment: str) -> None:
        self.home, self.work = folder / "home", folder / "work"
        self.home.mkdir()
        self.work.mkdir()
        root = str(Path(__file__).parents[3])
        joined = stub.environment()
        joined["PYTHONPATH"] = os.pathsep.join((joined["PYTHONPATH"], root))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("VNSTOCK", "MPLCONFIG"))}
        self._environment = {**kept, "HOME": str(self.home), **joined, **environment}
        self._process: subprocess.Popen[str] | None = None

    def __call__(self, do: str, now: str = EVENING, **arguments: Any) -> dict[str, Any]:
        process = self._process or self._start()
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps({"do": do, "now": now, **arguments}) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, "the process ended"
        reply = json.loads(line)
        if reply["calls"] >= _CALLS_PER_PROCESS:
            self.close()
        return reply

    def close(self) -> None:
        if self._process is not None:
            self._process.communicate(timeout=60)
            self._process = None

    def files(self) -> list[Path]:
        """What there is in the home and the working folder."""
        return [path for folder in (self.home, self.work) for path in folder.rglob("*")]

    def _start(self) -> subprocess.Popen[str]:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.contract.sources.probe"],
            cwd=self.work,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self._process


@pytest.fixture(scope="module")
def stub():
    with VnstockStub(small_market(LAST_SESSION)) as running:
        yield running


@pytest.fixture(autouse=True)
def _healthy(request):
    yield
    if "stub" in request.fixturenames:
        request.getfixturevalue("stub").heal()


@pytest.fixture(scope="module")
def probe(stub, tmp_path_factory):
    prober = Prober(stub, tmp_path_factory.mktemp("probe"))
    yield prober
    stub.heal()
    prober.close()
    assert prober.files() == []
