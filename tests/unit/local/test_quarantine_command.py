"""`stock-ai quarantine` over a quarantine in memory."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from contextlib import contextmanager, nullcontext

import pytest
from typer.testing import CliRunner

from local.cli.quarantine import Desk, app, parse_changes
from stock_ai.errors import InvalidInputError, NotFoundError
from stock_ai.releasing import Releases
from tests.fakes.clock import FixedClock
from tests.fakes.messages import NOW, bar
from tests.fakes.publisher import RecordingPublisher
from tests.fakes.quarantine import MemoryReleases, quarantined
from tests.fakes.stores import MemoryPriceStore

NOTE = ["--note", "checked", "--by", "an"]


class House:
    def __init__(self):
        self.publisher = RecordingPublisher()
        self.prices = MemoryPriceStore()
        self.opened = 0
        self.store = MemoryReleases().put(
            quarantined(bar(close=0), "non_positive_price", record_id="bad", detail="FPT 1D: close 0"),
            quarantined(
                bar(time=NOW.date() + dt.timedelta(days=1)),
                "future_time",
                record_id="early",
                quarantined_at=NOW - dt.timedelta(days=2),
            ),
            quarantined(b"\xff", record_id="junk", quarantined_at=NOW - dt.timedelta(days=9)),
        )

    @contextmanager
    def desk(self):
        def releases():
            self.opened += 1
            return nullcontext(Releases(self.store, self.publisher))

        yield Desk(self.store, self.prices, releases, FixedClock(NOW + dt.timedelta(days=5)))

    def run(self, *arguments, code=0):
        result = CliRunner().invoke(app, list(arguments), obj=self.desk)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result.stdout

    def json(self, *arguments, code=0):
        return json.loads(self.run(*arguments, "--json", code=code).splitlines()[-1])


@pytest.fixture
def house():
    return House()


def ids(listing):
    return [record["id"] for record in listing["records"]]


def test_records_are_listed_newest_first_and_by_page(house):
    first = house.json("list", "--limit", "2")
    assert (ids(first), first["next_after"]) == (["bad", "early"], "early")
    second = house.json("list", "--limit", "2", "--after", "early")
    assert (ids(second), second["next_after"]) == (["junk"], None)
    assert "--after early" in house.run("list", "--limit", "2")
    assert "there are more" not in house.run("list", "--limit", "3")
    assert "FPT 1D 2025-08-22" in house.run("list")
    assert house.opened == 0


def test_lists_are_narrowed(house):
    assert ids(house.json("list", "--reason", "future_time")) == ["early"]
    assert ids(house.json("list", "--symbol", "VCB")) == []
    # 2025-08-25 begins at the exchange seven hours before it does in UTC.
    assert ids(house.json("list", "--since", "2025-08-25")) == ["bad"]
    with pytest.raises(InvalidInputError, match="--since"):
        house.run("list", "--since", "yesterday")


def test_a_record_is_shown_with_its_explanation(house):
    shown = house.json("show", "bad")
    assert "close is 0" in shown["explanations"]["non_positive_price"]
    assert json.loads(shown["value"])["close"] == 0
    assert (shown["releases"], shown["released_at"]) == ([], None)
    assert "close is 0" in house.run("show", "bad")
    assert house.json("show", "junk")["value"] == "\\xff"
    with pytest.raises(NotFoundError, match="'other'"):
        house.run("show", "other")


def test_a_record_is_shown_beside_the_bar_that_is_stored_in_its_place(house):
    assert house.json("show", "bad")["stored"] is None
    assert "stored now  no bar of that symbol and time" in house.run("show", "bad")
    kept = bar(close=101_700)
    house.prices.upsert([kept, bar(time=dt.date(2025, 8, 21), close=99_500), bar("VCB", close=100_500)])
    assert house.json("show", "bad")["stored"] == json.loads(kept.wire())
    shown = house.run("show", "bad")
    assert [line.split() for line in shown.splitlines() if line.startswith("close")] == [["close", "0", "101700"]]
    assert [line.split() for line in shown.splitlines() if line.startswith("low")] == [["low", "99000", "99000"]]
    assert house.json("show", "junk")["stored"] is None


def test_what_is_to_be_done_about_a_record_is_said_until_it_is_done(house):
    assert "quarantine correct bad --set" in house.run("show", "bad")
    assert "quarantine show ID" in house.run("list")
    house.run("correct", "bad", "--set", "close=101500", *NOTE)
    shown = house.run("show", "bad")
    assert "quarantine correct" not in shown
    assert "decision    2025-08-30 16:00 by an: close 0 -> 101500 (checked)" in shown
    assert "no quarantined records" in house.run("list", "--symbol", "VCB")


def test_a_record_that_was_refused_after_its_release_says_so(house):
    house.store.kept["early"] = dataclasses.replace(house.store.kept["early"], refusals=1)
    assert house.json("show", "early")["refusals"] == 1
    assert "refused it after its release" in house.run("show", "early")


@pytest.mark.parametrize(
    "value",
    [
        b'{"symbol": "[/red]", "time": "\\u001b[31m2025", "[bold]": "\\ud800", "close": [1, {"a": "\\u0007"}]}',
        b"\x1b[31m[/red] \xff",
        json.dumps({"symbol": "FPT", "close": "9" * 5_000}).encode(),
    ],
)
def test_nothing_in_a_record_works_on_the_terminal(house, value):
    house.store.put(quarantined(value, record_id="evil"))
    shown = house.run("show", "evil") + house.run("list")
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "evil" in shown


def test_a_list_fits_eighty_columns_and_cuts_nothing_off(house):
    house.store.put(quarantined(bar(close=0), "non_positive_price", record_id="f" * 32))
    house.run("correct", "bad", "--set", "close=101500", *NOTE)
    lines = house.run("list", "--released").splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split() for line in lines[:3]] == [
        ["id", "reason", "record"],
        ["f" * 32, "non_positive_price", "FPT", "1D", "2025-08-22"],
        ["bad", "non_positive_price", "FPT", "1D", "2025-08-22", "released"],
    ]


def test_a_correction_is_sent_and_remembered(house):
    answer = house.json("correct", "bad", "--set", "close=101500", "--set", "volume=null", *NOTE)
    assert answer["changes"] == {"close": ["0", "101500"], "volume": ["1000", "null"]}
    assert len(house.publisher.sent) == 1
    assert ids(house.json("list")) == ["early", "junk"]
    assert ids(house.json("list", "--released")) == ["bad", "early", "junk"]
    assert "bad" not in house.run("list")
    (decision,) = house.json("show", "bad")["releases"]
    assert (decision["by"], decision["note"]) == ("an", "checked")
    assert "close: 0 -> 101900" in house.run("correct", "bad", "--set", "close=101900", *NOTE)


def test_a_correction_that_is_refused_says_why(house):
    with pytest.raises(InvalidInputError, match="still non_positive_price"):
        house.run("correct", "bad", "--set", "close=-1", *NOTE)
    assert house.publisher.sent == []


def test_records_are_released_by_name(house):
    assert house.json("release", "early", *NOTE) == {"released": 1, "refused": {}}
    assert len(house.publisher.sent) == 1


def test_one_that_is_refused_does_not_keep_the_others(house):
    answer = house.json("release", "bad", "early", "nobody", *NOTE, code=2)
    assert answer["released"] == 1
    assert set(answer["refused"]) == {"bad", "nobody"}
    assert "still non_positive_price" in answer["refused"]["bad"]


def test_all_of_one_reason_are_released(house):
    later = [
        quarantined(bar(time=NOW.date() + dt.timedelta(days=n)), "future_time", record_id=f"f{n}") for n in range(1, 9)
    ]
    house.store.put(*later)
    answer = house.json("release", "--reason", "future_time", *NOTE, code=2)
    # The clock stands five days on, in the evening at the exchange.
    assert answer["released"] == 1 + 5
    assert set(answer["refused"]) == {"f6", "f7", "f8"}
    assert ids(house.json("list", "--reason", "future_time")) == ["f8", "f7", "f6"]


@pytest.mark.parametrize("arguments", [[], ["bad", "--reason", "future_time"]])
def test_a_release_names_records_or_a_reason(house, arguments):
    with pytest.raises(InvalidInputError, match="ID"):
        house.run("release", *arguments, *NOTE)


def test_values_of_a_correction_are_json_or_text():
    assert parse_changes(["close=101000", "open=1600.5", "volume=null", "provisional=true", "time=2025-08-22"]) == {
        "close": 101000,
        "open": 1600.5,
        "volume": None,
        "provisional": True,
        "time": "2025-08-22",
    }
    assert parse_changes(["time=a=b"]) == {"time": "a=b"}


@pytest.mark.parametrize("texts", [["close"], ["=5"], ["close=1", "close=2"], [""]])
def test_a_change_of_another_form_is_refused(texts):
    with pytest.raises(InvalidInputError, match="--set"):
        parse_changes(texts)
