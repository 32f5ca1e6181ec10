"""Drives the installed `stock-ai` command as a user does."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

COMMAND = str(Path(sys.executable).with_name("stock-ai"))


def environment(home: Path) -> dict[str, str]:
    # No server, key or price setting of the developer's own may leak into a run.
    inherited = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("PRICE_", "BATCH_", "STOCK_AI_", "ANTHROPIC", "OPENAI", "LLM_"))
    }
    return inherited | {"STOCK_AI_HOME": str(home), "VNSTOCK_DISABLE_AGENT_SETUP": "1", "COLUMNS": "200"}


def run(home: Path, *arguments: str, seconds: float = 240, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments],
        env=environment(home) | env,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def once(home: Path, *arguments: str) -> dict[str, Any]:
    result = run(home, "up", "--once", "--json", *arguments)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


def get(url: str, seconds: float = 20) -> tuple[int, Any]:
    request = urllib.request.Request(url, headers={"accept": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=seconds) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@contextlib.contextmanager
def serving(home: Path, *arguments: str, **env: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`stock-ai up` on a free port, from the moment its API's address is known."""
    process = subprocess.Popen(
        [COMMAND, "up", "--port", "0", *arguments],
        env=environment(home) | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, _api(process, home / "endpoints.json")
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def _api(process: subprocess.Popen[str], endpoints: Path) -> str:
    def ready() -> str | None:
        with contextlib.suppress(FileNotFoundError):
            return json.loads(endpoints.read_text())["api"]
        return None

    return until(ready, 30, lambda: process.poll() is None)


def until(condition, seconds: float, alive=lambda: True) -> Any:
    """Await a condition that only polling can observe: the state of another process."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert alive(), "the process ended"
        if result := condition():
            return result
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s")


def children(pid: int) -> dict[int, str]:
    """Pid -> command line of every descendant of a process."""
    listing = subprocess.run(["ps", "-ewwo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listing.splitlines()]
    found: dict[int, str] = {}
    parents = {pid}
    while parents:
        generation = {int(row[0]): row[2] for row in rows if int(row[1]) in parents and len(row) == 3}
        found |= generation
        parents = set(generation)
    return found


def alive(pids: dict[int, str]) -> list[int]:
    """Those of the processes that still run (a zombie does not)."""
    states = subprocess.run(["ps", "-ewwo", "pid=,stat="], capture_output=True, text=True, check=True).stdout
    running = {int(line.split()[0]) for line in states.splitlines() if not line.split()[1].startswith("Z")}
    return sorted(running & set(pids))


def write_prices(folder: Path, symbols: int, sessions: int) -> int:
    """Tidy CSV files of a deterministic market; the number of rows."""
    import datetime as dt
    import random

    folder.mkdir(parents=True, exist_ok=True)
    days = [day for i in range(sessions * 2) if (day := dt.date(2023, 1, 2) + dt.timedelta(days=i)).weekday() < 5]
    for number in range(symbols):
        symbol, generator = f"T{number:02d}", random.Random(number)
        price = 20_000 + 1_000 * number
        with (folder / f"{symbol}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["symbol", "date", "open", "high", "low", "close", "adjusted_close", "volume"])
            for day in days[:sessions]:
                opening = price
                price = max(1_000, int(price * (1 + generator.gauss(0, 0.02))))
                low, high = min(opening, price) - 10, max(opening, price) + 10
                writer.writerow([symbol, day, opening, high, low, price, price, generator.randrange(1, 90) * 100])
    return symbols * sessions
