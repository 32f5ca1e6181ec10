"""The function's evaluation: what is kept and what is answered."""

import dataclasses
import datetime as dt
import json

import numpy as np
import pytest

from functions.model_training.request import Do, requested
from functions.model_training.service import REPORTS, evaluate_recipe
from stock_ai.errors import InvalidInputError, RunAbortedError
from stock_ai.indicators import Panel
from stock_ai.market.sessions import Exchange
from tests.fakes.clock import FixedClock
from tests.fakes.panels import random_panel

CLOCK = FixedClock(dt.datetime(2025, 8, 26, 8, 20, tzinfo=dt.UTC))


class Kept:
    content = None

    def write(self, content):
        self.content = content


def test_an_event_asks_for_a_training_or_an_evaluation():
    assert requested({}) is Do.TRAIN
    assert requested({"detail": {"do": "evaluate"}}) is Do.EVALUATE
    with pytest.raises(InvalidInputError, match=r"detail\.do 'guess'"):
        requested({"detail": {"do": "guess"}})


def test_too_few_years_are_told_and_nothing_is_kept():
    reports = {name: Kept() for name in REPORTS}
    with pytest.raises(RunAbortedError, match="too few years"):
        evaluate_recipe(Panel.of(random_panel(12, 400)), {}, reports, CLOCK)
    assert all(one.content is None for one in reports.values())


def opening_high(bars):
    """The bars with every open 8 % above the close before: limit-up on HOSE, within the limits of HNX."""
    return dataclasses.replace(bars, open=np.append(bars.open[:1], np.rint(bars.close[:-1] * 1.08)))


@pytest.mark.slow
def test_the_report_is_kept_whole_and_its_headline_answered():
    reports = {name: Kept() for name in REPORTS}
    # Business days of a bit over five years: one test year after 260 bars of warm-up.
    panel = Panel.of(map(opening_high, random_panel(10, 1100)))
    answer = evaluate_recipe(panel, dict.fromkeys(panel.symbols, Exchange.HNX), reports, CLOCK)
    report = json.loads(reports["report.json"].content)
    assert report["run"]["rows"] == answer["rows"] > 0
    assert report["backtest"]["purchases"] > 0
    assert reports["report.html"].content.startswith(b"<!doctype html>")
    assert b"| direction | RankIC" in reports["figures.md"].content
    assert answer["model"] == "blend-5d"
    assert set(answer["rank_ic"]) == {"value", "low", "high"}
