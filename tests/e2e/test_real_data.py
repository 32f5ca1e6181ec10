"""The whole pipeline on real prices, counted independently."""

from __future__ import annotations

import csv
import json
from collections import Counter

from tests.e2e.stock_ai_cli import get, once, run, serving

SINCE = "2024-01-01"
ENOUGH = 260


def _count(folder, since):
    """Rows, faults by first reason and good rows by symbol, straight from the files."""
    faults, good, rows = Counter(), Counter(), 0
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                if row["date"] < since:
                    continue
                rows += 1
                opened, high, low, close = (float(row[name]) for name in ("open", "high", "low", "close"))
                if min(opened, high, low, close) <= 0:
                    faults["non_positive_price"] += 1
                elif low > min(opened, close):
                    faults["low_above_body"] += 1
                elif high < max(opened, close):
                    faults["high_below_body"] += 1
                elif int(row["volume"]) < 0:
                    faults["negative_volume"] += 1
                else:
                    good[row["symbol"]] += 1
    return rows, faults, good


def test_every_row_is_accounted_for_and_a_second_run_stores_nothing(shared_data, tmp_path):
    folder = shared_data / "vn_daily"
    rows, faults, good = _count(folder, SINCE)
    arguments = ("--source", "csv", "--data", str(folder), "--since", SINCE)

    first = once(tmp_path, *arguments)
    bars = first["bars"]
    assert bars["read"] == bars["published"] == rows
    assert bars["quarantined"] == dict(faults)
    assert (bars["stored"], bars["unchanged"]) == (sum(good.values()), 0)
    assert first["analyses"] == first["insights"] == len(good)

    second = once(tmp_path, *arguments)["bars"]
    assert (second["stored"], second["unchanged"]) == (0, sum(good.values()))
    assert second["quarantined"] == dict(faults)

    state = json.loads(run(tmp_path, "status", "--json").stdout)
    assert (state["bars"], state["quarantined"], state["dead_letters"]) == (
        sum(good.values()),
        dict(faults),
        faults.total(),
    )

    with serving(tmp_path, *arguments) as (_, api):
        for symbol, count in good.items():
            status, insight = get(f"{api}/api/v1/analysis/{symbol}/insight")
            assert status == 200, symbol
            assert insight["simulated"] is False
            if symbol == "VNINDEX":
                assert insight["withheld"]["reason"] == "index_not_modelled"
            elif count >= ENOUGH:
                assert insight["signal"] in {"BUY", "HOLD", "SELL"}, (symbol, insight["withheld"])
                assert 0 < insight["confidence"] < 1
                assert insight["ai"]["reasons"]
            else:
                assert insight["withheld"]["reason"] in ("insufficient_history", "new_listing")
                assert insight["confidence"] is None


def test_files_as_published_give_vnd_over_http_and_close_zero_in_quarantine(shared_data, tmp_path):
    folder = shared_data / "vn_raw"
    with serving(tmp_path, "--source", "csv", "--data", str(folder), "--since", "2024-01-01") as (process, api):
        from tests.e2e.stock_ai_cli import until

        until(lambda: get(f"{api}/api/v1/analysis/FPT/insight")[0] == 200, 120, lambda: process.poll() is None)
        status, answer = get(f"{api}/api/v1/stocks/FPT/prices?start=2025-08-22&end=2025-08-25")
        assert status == 200
        (bar,) = answer["bars"]
        assert [bar[name] for name in ("time", "open", "high", "low", "close")] == [
            "2025-08-22",
            101600,
            101600,
            98800,
            99000,
        ]
        letters = json.loads(run(tmp_path, "dead-letters", "list", "--json").stdout)
    zero = {
        letter["key"] for letter in letters if '"2025-08-25"' in letter["value"] and '"close":0,' in letter["value"]
    }
    assert {"FPT", "HPG", "SSI", "VCB"} <= zero
