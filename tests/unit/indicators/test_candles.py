"""Candle patterns on bars drawn as textbooks draw them."""

import numpy as np
import pytest

from stock_ai.indicators import Bars, compute, latest


def candle_bars(*newest):
    """Twelve bars that rise by 400 VND from 20,000 or fall back, then the given ones."""
    before = [(20_000, 20_450, 19_950, 20_400), (20_400, 20_450, 19_950, 20_000)] * 6
    table = np.array([*before, *newest], dtype=float).T
    dates = np.datetime64("2024-01-01") + np.arange(table.shape[1])
    return Bars("AAA", dates, *table, table[3], np.full(table.shape[1], 1e5), "csv")


@pytest.mark.parametrize(
    ("name", "value", "newest"),
    [
        ("doji", 100, [(20_000, 20_300, 19_700, 20_000)]),
        ("doji", 0, [(20_000, 20_300, 19_700, 20_300)]),
        ("engulfing", 100, [(20_300, 20_310, 19_990, 20_000), (19_900, 20_500, 19_890, 20_400)]),
        ("engulfing", -100, [(20_000, 20_310, 19_990, 20_300), (20_400, 20_410, 19_890, 19_900)]),
        ("engulfing", 0, [(20_300, 20_310, 19_990, 20_000), (20_100, 20_210, 20_090, 20_200)]),
        ("harami", 100, [(21_000, 21_010, 19_990, 20_000), (20_300, 20_360, 20_290, 20_350)]),
        ("harami", -100, [(20_000, 21_010, 19_990, 21_000), (20_600, 20_610, 20_540, 20_550)]),
        ("piercing", 100, [(21_000, 21_010, 19_990, 20_000), (19_900, 20_810, 19_890, 20_800)]),
        ("dark_cloud", -100, [(20_000, 21_010, 19_990, 21_000), (21_100, 21_110, 20_190, 20_200)]),
        ("hammer", 100, [(19_960, 20_010, 19_000, 20_000)]),
        ("shooting_star", -100, [(20_000, 20_810, 19_990, 20_800), (20_900, 21_900, 20_890, 20_940)]),
        (
            "morning_star",
            100,
            [(21_000, 21_010, 19_990, 20_000), (19_850, 19_900, 19_800, 19_870), (19_990, 20_900, 19_980, 20_850)],
        ),
        (
            "evening_star",
            -100,
            [(20_000, 21_010, 19_990, 21_000), (21_130, 21_200, 21_100, 21_150), (21_010, 21_020, 20_100, 20_150)],
        ),
        (
            "three_white_soldiers",
            100,
            [(20_000, 20_810, 19_990, 20_800), (20_500, 21_310, 20_490, 21_300), (21_000, 21_810, 20_990, 21_800)],
        ),
        (
            "three_black_crows",
            -100,
            [
                (20_800, 21_510, 20_790, 21_500),
                (21_400, 21_410, 20_690, 20_700),
                (21_000, 21_010, 20_190, 20_200),
                (20_500, 20_510, 19_690, 19_700),
            ],
        ),
    ],
)
def test_candle_patterns_are_seen_in_textbook_bars(name, value, newest):
    assert latest(compute(candle_bars(*newest)))[f"candle_{name}"] == value
