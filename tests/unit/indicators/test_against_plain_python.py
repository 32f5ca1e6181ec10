"""Indicators against their definitions, written without TA-Lib."""

import math
import statistics
from itertools import accumulate, pairwise

import numpy as np
import pytest

from stock_ai.indicators import compute, latest
from tests.fakes.panels import random_bars

COUNT = 300


@pytest.fixture(scope="module")
def bars():
    return random_bars(count=COUNT, seed=5)


@pytest.fixture(scope="module")
def last(bars):
    return latest(compute(bars))


@pytest.fixture(scope="module")
def columns(bars):
    prices = bars.adjusted_prices()
    return [list(map(float, column)) for column in (prices.open, prices.high, prices.low, prices.close, bars.volume)]


def wilder(values, period):
    average = sum(values[:period]) / period
    for value in values[period:]:
        average = (average * (period - 1) + value) / period
    return average


def exponential(values, period):
    """The whole line from the first average on."""
    averages = [sum(values[:period]) / period]
    for value in values[period:]:
        averages.append(averages[-1] + 2 / (period + 1) * (value - averages[-1]))
    return averages


def agree(last, expected, tolerance=1e-7):
    for name, value in expected.items():
        assert last[name] == pytest.approx(value, rel=tolerance), name


def true_ranges_of(columns):
    _, high, low, close, _ = columns
    return [max(high[t], close[t - 1]) - min(low[t], close[t - 1]) for t in range(1, COUNT)]


def middle(columns, period):
    return (max(columns[1][-period:]) + min(columns[2][-period:])) / 2


def test_overlays(last, columns):
    _, high, low, close, volume = columns
    mean, deviation = statistics.fmean(close[-20:]), statistics.pstdev(close[-20:])
    typical = [(h + lo + c) / 3 for h, lo, c in zip(high, low, close, strict=True)]
    centre, reach = exponential(typical, 20)[-1], 2 * wilder(true_ranges_of(columns), 10)
    agree(
        last,
        {
            **{f"sma_{period}": statistics.fmean(close[-period:]) for period in (5, 10, 20, 50, 100, 200)},
            **{f"ema_{period}": exponential(close, period)[-1] for period in (5, 12, 26, 50, 200)},
            "bollinger_upper": mean + 2 * deviation,
            "bollinger_middle": mean,
            "bollinger_lower": mean - 2 * deviation,
            "bollinger_percent_b": (close[-1] - mean + 2 * deviation) / (4 * deviation),
            "keltner_upper": centre + reach,
            "keltner_lower": centre - reach,
            "donchian_upper": max(high[-20:]),
            "donchian_lower": min(low[-20:]),
            "ichimoku_tenkan": middle(columns, 9),
            "ichimoku_kijun": middle(columns, 26),
            "ichimoku_senkou_a": (middle(columns, 9) + middle(columns, 26)) / 2,
            "ichimoku_senkou_b": middle(columns, 52),
            "vwap_20": sum(map(math.prod, zip(typical[-20:], volume[-20:], strict=True))) / sum(volume[-20:]),
        },
    )


def test_supertrend_flips_as_its_definition_says(bars, columns):
    _, high, low, close, _ = columns
    ranges = true_ranges_of(columns)
    upper = lower = None
    up, lines = True, []
    average = sum(ranges[:10]) / 10
    for t in range(10, COUNT):
        average = average if t == 10 else (average * 9 + ranges[t - 1]) / 10
        centre = (high[t] + low[t]) / 2
        above, below = centre + 3 * average, centre - 3 * average
        if upper is not None:
            above = above if above < upper or close[t - 1] > upper else upper
            below = below if below > lower or close[t - 1] < lower else lower
            up = close[t] >= below if up else close[t] > above
        upper, lower = above, below
        lines.append((below if up else above, 1 if up else -1))
    values = compute(bars)
    # Which side it starts on is a convention; after the first turn all agree.
    turned = next(t for t in range(1, len(lines)) if lines[t][1] == 1 and lines[t - 1][1] == -1)
    assert {direction for _, direction in lines[turned:]} == {1, -1}
    np.testing.assert_allclose(values["supertrend"][10 + turned :], [line for line, _ in lines[turned:]])
    np.testing.assert_array_equal(values["supertrend_direction"][10 + turned :], [side for _, side in lines[turned:]])


def test_parabolic_sar_is_a_stop_outside_the_bar_that_turns_when_it_is_met(bars):
    prices, stop = bars.adjusted_prices(), compute(bars)["parabolic_sar"]
    above = stop >= prices.high
    assert (above | (stop <= prices.low))[1:].all()
    for t in range(2, COUNT):
        if above[t] != above[t - 1]:
            # Turned: the new stop is the extreme of the trend that ended.
            span = slice(max(turn for turn in range(1, t) if turn == 1 or above[turn] != above[turn - 1]) - 1, t + 1)
            assert stop[t] == (prices.high[span].max() if above[t] else prices.low[span].min())


def relative_strengths(close, period):
    moves = [b - a for a, b in pairwise(close)]
    found = []
    for end in range(period, len(moves) + 1):
        gain = wilder([max(move, 0) for move in moves[:end]], period)
        loss = wilder([max(-move, 0) for move in moves[:end]], period)
        found.append(100 * gain / (gain + loss))
    return found


def test_momentum(last, columns):
    _, high, low, close, _ = columns
    rsi = relative_strengths(close, 14)
    places = [
        100 * (rsi[t] - min(rsi[t - 13 : t + 1])) / (max(rsi[t - 13 : t + 1]) - min(rsi[t - 13 : t + 1]))
        for t in range(len(rsi) - 3, len(rsi))
    ]
    fast = [
        100 * (close[t] - min(low[t - 13 : t + 1])) / (max(high[t - 13 : t + 1]) - min(low[t - 13 : t + 1]))
        for t in range(COUNT - 10, COUNT)
    ]
    typical = [(h + lo + c) / 3 for h, lo, c in zip(high[-20:], low[-20:], close[-20:], strict=True)]
    mean = statistics.fmean(typical)
    triple = exponential(exponential(exponential(close, 15), 15), 15)
    pressure = [close[t] - min(low[t], close[t - 1]) for t in range(1, COUNT)]
    ranges = true_ranges_of(columns)
    slow, quick = exponential(close, 26)[-1], exponential(close, 12)[-1]
    agree(
        last,
        {
            "rsi_14": rsi[-1],
            "rsi_7": relative_strengths(close, 7)[-1],
            "stochastic_k": statistics.fmean(fast[-3:]),
            "stochastic_d": statistics.fmean([statistics.fmean(fast[7 - k : 10 - k]) for k in range(3)]),
            "stochastic_rsi_k": places[-1],
            "stochastic_rsi_d": statistics.fmean(places),
            "williams_r_14": 100 * (close[-1] - max(high[-14:])) / (max(high[-14:]) - min(low[-14:])),
            "cci_20": (typical[-1] - mean) / (0.015 * statistics.fmean([abs(price - mean) for price in typical])),
            **{f"roc_{period}": 100 * (close[-1] / close[-1 - period] - 1) for period in (1, 5, 10, 20, 60)},
            "momentum_10": close[-1] - close[-11],
            "macd": quick - slow,
            "ppo": 100 * (quick / slow - 1),
            "trix_15": 100 * (triple[-1] / triple[-2] - 1),
            "ultimate_oscillator": 100
            / 7
            * sum(weight * sum(pressure[-n:]) / sum(ranges[-n:]) for n, weight in ((7, 4), (14, 2), (28, 1))),
        },
    )


def test_volatility(last, columns):
    _, high, low, close, _ = columns
    ranges = true_ranges_of(columns)
    logs = [math.log(b / a) for a, b in pairwise(close)]
    squares = [math.log(h / lo) ** 2 for h, lo in zip(high[-20:], low[-20:], strict=True)]
    agree(
        last,
        {
            "atr_14": wilder(ranges, 14),
            "natr_14": 100 * wilder(ranges, 14) / close[-1],
            "true_range": ranges[-1],
            "bollinger_width": 400 * statistics.pstdev(close[-20:]) / statistics.fmean(close[-20:]),
            "volatility_20": statistics.stdev(logs[-20:]) * 250**0.5,
            "volatility_60": statistics.stdev(logs[-60:]) * 250**0.5,
            "parkinson_20": (statistics.fmean(squares) / (4 * math.log(2)) * 250) ** 0.5,
        },
    )


def test_volume(last, columns, bars):
    _, high, low, close, volume = columns
    typical = [(h + lo + c) / 3 for h, lo, c in zip(high, low, close, strict=True)]
    flows = [(typical[t] - typical[t - 1], typical[t] * volume[t]) for t in range(COUNT - 14, COUNT)]
    up, down = sum(f for d, f in flows if d > 0), sum(f for d, f in flows if d < 0)
    shares = [
        v * (2 * c - h - lo) / (h - lo) if h > lo else 0.0 for h, lo, c, v in zip(high, low, close, volume, strict=True)
    ]
    force = [(close[t] - close[t - 1]) * volume[t] for t in range(1, COUNT)]
    line = list(accumulate(shares))
    agree(
        last,
        {
            "obv": volume[0]
            + sum(math.copysign(v, b - a) for (a, b), v in zip(pairwise(close), volume[1:], strict=True)),
            "mfi_14": 100 * up / (up + down),
            "accumulation": line[-1],
            "chaikin_oscillator": exponential(line, 3)[-1] - exponential(line, 10)[-1],
            "cmf_20": sum(shares[-20:]) / sum(volume[-20:]),
            "force_index_13": exponential(force, 13)[-1],
            "volume_ratio_20": volume[-1] / statistics.fmean(volume[-20:]),
            "traded_value_20": statistics.fmean(map(math.prod, zip(bars.close[-20:], volume[-20:], strict=True))),
        },
    )


def test_trend(last, columns):
    _, high, low, close, _ = columns
    logs = [math.log(price) for price in close[-20:]]
    slope, _ = statistics.linear_regression(range(20), logs)
    since_high = high[-26:][::-1].index(max(high[-26:]))
    since_low = low[-26:][::-1].index(min(low[-26:]))
    agree(
        last,
        {
            "aroon_up_25": 100 * (25 - since_high) / 25,
            "aroon_down_25": 100 * (25 - since_low) / 25,
            "aroon_oscillator_25": 4 * (since_low - since_high),
            "trend_slope_20": 100 * slope,
            "trend_r2_20": statistics.correlation(range(20), logs) ** 2,
            "position_52w": (close[-1] - min(low[-252:])) / (max(high[-252:]) - min(low[-252:])),
            "distance_high_52w": 100 * (close[-1] / max(high[-252:]) - 1),
            "distance_low_52w": 100 * (close[-1] / min(low[-252:]) - 1),
        },
    )


def test_directional_movement(last, columns):
    _, high, low, _, _ = columns
    ups = [high[t] - high[t - 1] for t in range(1, COUNT)]
    downs = [low[t - 1] - low[t] for t in range(1, COUNT)]
    plus = [up if up > max(down, 0) else 0 for up, down in zip(ups, downs, strict=True)]
    minus = [down if down > max(up, 0) else 0 for up, down in zip(ups, downs, strict=True)]
    # Wilder's sums and averages differ by a factor only, and in how they start, which 280 sessions forget.
    ranges = wilder(true_ranges_of(columns), 14)
    agree(
        last,
        {"plus_di_14": 100 * wilder(plus, 14) / ranges, "minus_di_14": 100 * wilder(minus, 14) / ranges},
        1e-6,
    )
