"""CLOSURES_FILE: one calendar for every function that asks for one."""

from __future__ import annotations

import datetime as dt

import pytest

from infra import topology
from stock_ai.errors import InvalidInputError
from stock_ai.market.trading_calendar import default_calendar
from stock_ai.settings import CalendarSettings

STORM = dt.date(2025, 8, 25)


def test_without_a_file_it_is_the_packaged_calendar(monkeypatch):
    monkeypatch.setenv("CLOSURES_FILE", "")
    assert CalendarSettings.load().calendar() is default_calendar()


def test_the_file_extends_the_packaged_calendar(monkeypatch, tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("closures:\n  2025-08-25: b\u00e3o\n", encoding="utf-8")
    monkeypatch.setenv("CLOSURES_FILE", str(path))
    calendar = CalendarSettings.load().calendar()
    assert calendar.closure_reason(STORM) == "b\u00e3o"
    assert calendar.closure_reason(dt.date(2025, 9, 2)) == "National Day"
    assert default_calendar().is_session(STORM)


@pytest.mark.parametrize(
    ("content", "said"), [(None, "No such file"), (b"\xff", "codec"), (b"closed: {}\n", "line 1: unknown key 'closed'")]
)
def test_a_file_of_no_use_is_refused_by_setting_and_path(monkeypatch, tmp_path, content, said):
    path = tmp_path / "own.yaml"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("CLOSURES_FILE", str(path))
    with pytest.raises(InvalidInputError, match=f"^CLOSURES_FILE {path}.*{said}"):
        CalendarSettings.load().calendar()


@pytest.mark.parametrize("name", ["ai_analysis", "api", "data_collector"])
def test_a_function_with_a_calendar_is_given_the_setting(name):
    assert "CLOSURES_FILE" in topology.function(name).settings
