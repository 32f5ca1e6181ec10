"""Whatever is killed, and whenever: starting again ends in the same stored bars."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from local.home import Home
from local.session import connect
from tests.e2e.stock_ai_cli import COMMAND, alive, children, environment, once, run, until, write_prices

SYMBOLS, SESSIONS = 12, 300


def _stored(home):
    """Every stored bar without the instant at which it came."""
    with connect(Home(home)) as session:
        return sorted(
            (
                {name: value for name, value in bar.items() if name != "ingested_at"}
                for bar in session.database["prices"].find()
            ),
            key=lambda bar: bar["_id"],
        )


@pytest.fixture(scope="module")
def prices(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prices")
    write_prices(folder, SYMBOLS, SESSIONS)
    # One poison bar, so that quarantine takes part.
    path = folder / "T00.csv"
    path.write_text(path.read_text() + "T00,2024-06-28,100,90,80,95,95,100\n")
    return folder


@pytest.fixture(scope="module")
def clean(prices, tmp_path_factory):
    home = tmp_path_factory.mktemp("clean")
    summary = once(home, "--source", "csv", "--data", str(prices))
    assert summary["bars"]["stored"] == SYMBOLS * SESSIONS
    assert summary["bars"]["quarantined"] == {"high_below_body": 1}
    return _stored(home)


def _start(home, prices):
    return subprocess.Popen(
        [COMMAND, "up", "--once", "--json", "--source", "csv", "--data", str(prices)],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _worker(process, function):
    """The pid of a function's worker once it has been started."""

    def find():
        return next((pid for pid, args in children(process.pid).items() if f"functions.{function}." in args), None)

    return until(find, 60, lambda: process.poll() is None)


@pytest.mark.parametrize("function", ["kafka_consumer", "ai_analysis"])
@pytest.mark.parametrize("wait", [0.0, 0.6])
def test_a_killed_function_is_started_again_within_the_run(function, wait, prices, clean, tmp_path):
    process = _start(tmp_path, prices)
    worker = _worker(process, function)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(wait or 0.001)  # lets the run get further before the kill
    os.kill(worker, signal.SIGKILL)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert _stored(tmp_path) == clean
    assert f'"read": {SYMBOLS * SESSIONS + 1}' in out


@pytest.mark.parametrize("stage", ["data_collector", "kafka_consumer", "model_training", "ai_analysis"])
def test_a_killed_run_leaves_no_child_and_can_be_started_again(stage, prices, clean, tmp_path):
    process = _start(tmp_path, prices)
    _worker(process, stage)
    family = children(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    until(lambda: not alive(family), 10)

    summary = once(tmp_path, "--source", "csv", "--data", str(prices))
    bars = summary["bars"]
    assert bars["read"] == bars["stored"] + bars["unchanged"] + sum(bars["quarantined"].values())
    assert summary["insights"] == SYMBOLS
    assert _stored(tmp_path) == clean
    letters = run(tmp_path, "dead-letters", "list", "--json").stdout
    assert '"high_below_body"' in letters
