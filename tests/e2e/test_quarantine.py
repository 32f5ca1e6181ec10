"""A wrong bar in a file, from `stock-ai up` over its correction to the prices that the API gives."""

from __future__ import annotations

import datetime as dt
import json

from tests.e2e.stock_ai_cli import get, once, run, serving, until, write_prices

SESSIONS = 40
WRONG = "T00,2024-12-31,22000,21000,21900,22300,22300,500\n"
"""The high lies below open and close: somebody typed 21000 for 22400."""
BROKEN = "T01,2024-12-31,22000,22400,21900,0,0,500\n"


def _json(home, *arguments):
    result = run(home, *arguments, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


def test_a_wrong_bar_is_found_corrected_and_served_and_its_dead_letter_settled(tmp_path):
    home, folder = tmp_path / "home", tmp_path / "data"
    rows = write_prices(folder, symbols=2, sessions=SESSIONS)
    for name, row in (("T00", WRONG), ("T01", BROKEN)):
        with (folder / f"{name}.csv").open("a") as file:
            file.write(row)
    began = dt.datetime.now(dt.UTC)
    arguments = ("--source", "csv", "--data", str(folder))
    bars = once(home, *arguments)["bars"]
    assert (bars["stored"], bars["quarantined"]) == (rows, {"high_below_body": 1, "non_positive_price": 1})

    with serving(home, *arguments) as (process, api):
        (kept,) = _json(home, "quarantine", "list", "--symbol", "T00")["records"]
        assert (kept["reasons"], kept["source"], kept["released_at"]) == (["high_below_body"], "csv", None)
        shown = _json(home, "quarantine", "show", kept["id"])
        assert "The high, 21,000, is below" in shown["explanations"]["high_below_body"]
        assert (json.loads(shown["value"])["high"], shown["stored"], shown["releases"]) == (21000, None, [])
        letters = {letter["key"]: letter["id"] for letter in _json(home, "dead-letters", "list")}
        assert set(letters) == {"T00", "T01"}

        made = _json(
            home, "quarantine", "correct", kept["id"], "--set", "high=22400", "--by", "an", "--note", "typing error"
        )
        assert made["changes"] == {"high": ["21000", "22400"]}

        def served():
            return get(f"{api}/api/v1/stocks/T00/prices?start=2024-12-31")[1]["bars"]

        (price,) = until(served, 30, lambda: process.poll() is None)
        assert (price["time"], price["high"], price["close"]) == ("2024-12-31", 22400, 22300)

        after = _json(home, "quarantine", "show", kept["id"])
        assert after["stored"]["high"] == 22400
        (decision,) = after["releases"]
        assert (decision["by"], decision["note"], decision["changes"]) == ("an", "typing error", made["changes"])
        assert began < dt.datetime.fromisoformat(decision["at"]) < dt.datetime.now(dt.UTC)
        everything = _json(home, "quarantine", "list", "--released")["records"]
        assert {each["symbol"]: each["released_at"] for each in everything} == {"T00": decision["at"], "T01": None}

        refused = run(home, "dead-letters", "redrive", letters["T00"])
        assert (refused.returncode, "corrected or released" in refused.stderr) == (2, True), refused.stderr
        assert [letter["id"] for letter in _json(home, "dead-letters", "list")] == [letters["T01"]]
