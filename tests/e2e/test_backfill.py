"""`stock-ai backfill` with the real vnstock at the guest tier's pace, asking a stub that speaks as its providers do."""

from __future__ import annotations

import json
import re
import subprocess
import time

from tests.e2e.stock_ai_cli import COMMAND, environment, run, until
from tests.fakes.vnstock_stub.plugin import vnstock_stub

__all__ = ["vnstock_stub"]

ARGUMENTS = ("backfill", "--symbols", "FPT,ACB,SHS", "--from", "2016-01-01", "--to", "2025-06-13")
"""Two pages for each symbol: six requests, one in four seconds."""
SECONDS_PER_REQUEST = 4.0


def asked(stub):
    return [(each.symbol, each.start, each.end) for each in stub.histories]


def test_a_backfill_keeps_the_pace_tells_how_long_it_takes_and_goes_on_after_a_kill(tmp_path, vnstock_stub):
    stub = vnstock_stub.environment()
    with subprocess.Popen(
        [COMMAND, *ARGUMENTS], env=environment(tmp_path) | stub, stderr=subprocess.PIPE, text=True
    ) as killed:
        until(lambda: len(vnstock_stub.histories) >= 3, 60, lambda: killed.poll() is None)
        killed.kill()
        said = killed.stderr.read()
    estimate = re.search(r"0 of 3 symbols +0 bars +about (\d+) s left at 15 requests a minute", said)
    assert estimate, said
    # The older page of each is not a full one.
    assert 5 * SECONDS_PER_REQUEST <= float(estimate[1]) <= 6 * SECONDS_PER_REQUEST

    began = time.monotonic()
    result = run(tmp_path, *ARGUMENTS, "--json", **stub)
    assert result.returncode == 0, result.stderr
    done = json.loads(result.stdout)
    assert (done["symbols"], done["symbols_done"], done["failed"]) == (3, 3, {})
    # Only the page that was on its way, if any, is asked for again.
    assert len(set(asked(vnstock_stub))) == 6
    assert len(asked(vnstock_stub)) <= 7
    assert time.monotonic() - began < 120
    assert "SystemExit" not in result.stderr

    status = json.loads(run(tmp_path, "status", "--json").stdout)
    expected = sum(
        bar.time.year >= 2016 for symbol in ("FPT", "ACB", "SHS") for bar in vnstock_stub.market.daily[symbol]
    )
    assert status["bars"] == done["bars"] == expected
