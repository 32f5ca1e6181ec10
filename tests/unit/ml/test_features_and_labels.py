"""Features: complete, blind to the future, free of scale. Labels: as computed by hand. Ranks: against scipy's rules."""

import dataclasses
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata, skew

from stock_ai.indicators import Panel, compute
from stock_ai.ml.cross_section import MIN_CROSS_SECTION, locate, ranks, sessions
from stock_ai.ml.dataset import build_dataset
from stock_ai.ml.features import FEATURE_NAMES, MIN_BARS, FeatureBuilder
from stock_ai.ml.labels import BAND, DOWN, NEUTRAL, REACH, UNKNOWN, UP, labels
from tests.fakes.panels import cut, random_bars, random_panel, real_panel


def rows_of(panel, dates=None):
    builder = FeatureBuilder(dates)
    for bars in panel:
        prices = bars.adjusted_prices()
        builder.add(bars, prices, compute(bars, prices, builder.needs(bars)))
    return builder.build()


def by_bar(panel, rows):
    return {
        (panel.symbols[symbol], date): values
        for symbol, date, values in zip(rows.symbol, rows.dates, rows.values, strict=True)
    }


def test_there_are_enough_features_and_all_are_known_from_the_declared_bar_on():
    rows = rows_of(random_panel(stocks=12, count=300))
    assert len(FEATURE_NAMES) == len(set(FEATURE_NAMES)) == rows.values.shape[1] >= 25
    known = np.isfinite(rows.values).all(axis=1)
    assert known[rows.bar >= MIN_BARS - 1].all()
    assert not known[rows.bar < 251].any()


@pytest.mark.slow
@pytest.mark.parametrize("real", [False, True])
def test_no_feature_knows_later_bars(real, request):
    panel = real_panel(request.getfixturevalue("shared_data"), 15) if real else random_panel(12, 320)
    panel = Panel.of(bars for bars in panel if bars.symbol != "VNINDEX")
    whole = by_bar(panel, rows_of(panel))
    days = panel.bars[0].dates
    for date in days[[270, 290, -2]]:
        past = cut(panel, date)
        rows = rows_of(past)
        assert len(rows.values)
        for key, values in by_bar(past, rows).items():
            np.testing.assert_array_equal(whole[key], values)


@pytest.mark.parametrize("positions", [[-1], [280, 100, 299, 5]], ids=["newest", "scattered"])
def test_rows_of_chosen_dates_are_those_of_all_dates(positions):
    holed = random_bars("HOLE", 300)
    close = holed.close.copy()
    close[[40, 285]] = np.nan
    panel = Panel.of([*random_panel(12, 300), dataclasses.replace(holed, close=close), random_bars("NEW", 200)])
    dates = np.sort(panel.bars[-1].dates[positions])
    whole, chosen = by_bar(panel, rows_of(panel)), by_bar(panel, rows_of(panel, dates))
    assert chosen.keys() == {key for key in whole if key[1] in dates}
    for key, values in chosen.items():
        np.testing.assert_allclose(whole[key], values, rtol=1e-10, atol=1e-12)


def test_features_over_windows_by_hand():
    bars = random_bars("AAA", 300)
    rows = rows_of(Panel.of([bars]))
    prices, value = bars.adjusted_prices(), bars.close * bars.volume
    logs = np.log(prices.close)
    returns, gaps = np.diff(logs)[-20:], (np.log(prices.open[1:]) - logs[:-1])[-20:]
    expected = {
        "return_250": logs[-1] - logs[-251],
        "return_250_to_20": logs[-21] - logs[-251],
        "gap": gaps[-1],
        "overnight_20": gaps.sum(),
        "within_sessions_20": returns.sum() - gaps.sum(),
        "largest_return_20": returns.max(),
        "smallest_return_20": returns.min(),
        "steadiness_20": returns.mean() / returns.std(),
        "skewness_20": skew(returns),
        "illiquidity_20": np.log1p((np.abs(returns) / (value[-20:] + 1e6) * 1e9).mean()),
        "traded_value_20": np.log1p(value[-20:].mean()),
        "volume_trend": np.log1p(bars.volume[-5:].mean() / bars.volume[-60:].mean()),
    }
    for name, number in expected.items():
        assert rows.values[-1, FEATURE_NAMES.index(name)] == pytest.approx(number, rel=1e-8), name


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(st.integers(min_value=-9, max_value=9), st.integers(min_value=8, max_value=12)),
    st.lists(st.integers(min_value=-12, max_value=12), max_size=20),
)
def test_sessions_are_the_dates_of_ten_stocks_and_each_is_found_at_its_place(stocks, asked):
    dates = np.array([day for day, count in stocks.items() for _ in range(count)], dtype=np.int64).astype(
        "datetime64[D]"
    )
    known = sessions(dates)
    count = Counter(dates.tolist())
    assert known.tolist() == sorted(date for date, times in count.items() if times >= MIN_CROSS_SECTION)
    wanted = np.array(asked, dtype=np.int64).astype("datetime64[D]")
    found = [known.tolist().index(date) if date in known else -1 for date in wanted.tolist()]
    assert locate(wanted, known).tolist() == found


def test_features_are_free_of_scale():
    """History is re-adjusted by a constant after every dividend: nothing but rounding may change."""
    panel = random_panel(12, 300)
    scaled = Panel.of(
        dataclasses.replace(bars, adjusted_close=bars.adjusted_close * factor)
        for bars, factor in zip(panel, np.linspace(0.3, 1.7, 12), strict=True)
    )
    np.testing.assert_allclose(rows_of(scaled).values, rows_of(panel).values, rtol=1e-6, atol=1e-6)


def test_market_features_are_means_over_the_stocks():
    panel = random_panel(12, 300)
    rows = rows_of(panel)
    logs = np.stack([np.log(bars.adjusted_prices().close) for bars in panel])
    last = rows.values[rows.bar == 299][0]
    daily = np.diff(logs, axis=1).mean(axis=0)
    assert last[FEATURE_NAMES.index("market_return_5")] == pytest.approx(daily[-5:].sum())
    assert last[FEATURE_NAMES.index("market_volatility_20")] == pytest.approx(daily[-20:].std(ddof=1))
    above = [bars.adjusted_prices().close[-1] > compute(bars)["sma_50"][-1] for bars in panel]
    assert last[FEATURE_NAMES.index("breadth_50")] == pytest.approx(np.mean(above))


def test_too_few_stocks_on_a_date_leave_ranks_and_market_undefined():
    rows = rows_of(random_panel(MIN_CROSS_SECTION - 1, 300))
    last = rows.values[-1]
    unknown = [name for name, value in zip(FEATURE_NAMES, last, strict=True) if np.isnan(value)]
    assert unknown
    assert all(name.startswith(("rank_", "market_", "breadth_")) for name in unknown)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 1.0, 2.0, 2.5, np.nan]), st.integers(min_value=0, max_value=2)), max_size=80
    )
)
def test_ranks_are_mean_ranks_within_the_group(pairs):
    values = np.array([value for value, _ in pairs], dtype=np.float64)
    groups = np.array([group for _, group in pairs], dtype=np.int64)
    found = ranks(values, groups)
    for group in range(3):
        rows = (groups == group) & np.isfinite(values)
        if rows.sum() >= MIN_CROSS_SECTION:
            expected = (rankdata(values[rows]) - 1) / (rows.sum() - 1) - 0.5
            np.testing.assert_allclose(found[rows], expected)
        else:
            assert np.isnan(found[rows]).all()
    assert np.isnan(found[~np.isfinite(values)]).all()


def hand_made():
    """Ten stocks over eight sessions at 100; from session 1 to session 6 they go to 110, 90 and eight times 100."""
    closes = np.full((8, 10), 100.0)
    closes[6, 0], closes[6, 1] = 110.0, 90.0
    return closes, np.full((8, 10), 0.02)


def test_labels_by_hand():
    closes, volatility = hand_made()
    classes, excess = labels(closes, volatility)
    # Session 0: entered at session 1 (100), left at session 6; the mean return is 0, the band 0.35 x 0.02 x root 5.
    assert pytest.approx(0.015652, abs=1e-6) == BAND * 0.02 * 5**0.5
    assert excess[0, :3] == pytest.approx([0.1, -0.1, 0.0])
    assert list(classes[0, :3]) == [UP, DOWN, NEUTRAL]
    # Session 1 is entered at session 2 and left at session 7.
    assert excess[1] == pytest.approx(np.zeros(10))
    assert (classes[2:] == UNKNOWN).all()
    assert np.isnan(excess[2:]).all()


def test_labels_ignore_the_close_of_the_signal_itself():
    closes, volatility = hand_made()
    before = labels(closes, volatility)[1][0]
    closes[0] = np.linspace(50, 200, 10)
    np.testing.assert_array_equal(labels(closes, volatility)[1][0], before)


def test_excess_is_against_the_mean_and_a_missing_price_gives_no_label():
    closes, volatility = hand_made()
    closes[6] *= 1.5
    closes[6, 2] = 300.0
    classes, excess = labels(closes, volatility)
    # The mean of 0.65, 0.35, 2 and seven times 0.5 is 0.65.
    assert excess[0, :4] == pytest.approx([0.0, -0.3, 1.35, -0.15])
    assert list(classes[0, :4]) == [NEUTRAL, DOWN, UP, DOWN]
    closes[6, 5] = np.nan
    assert np.isnan(labels(closes, volatility)[1][0]).all(), "nine stocks are no cross-section"
    closes[6, 5], closes[1, 5] = 150.0, np.nan
    classes, excess = labels(np.column_stack((closes, closes[:, 6])), np.full((8, 11), 0.02))
    assert (classes[0, 5], np.isnan(excess[0, 5]), np.isnan(excess[0]).sum()) == (UNKNOWN, True, 1)


def test_a_still_stock_has_no_label():
    closes, volatility = hand_made()
    volatility[0, 0] = 0.0
    assert labels(closes, volatility)[0][0, 0] == UNKNOWN


def test_dataset_leaves_out_indices_early_bars_and_sessions_without_outcome():
    index = dataclasses.replace(random_bars("VNINDEX", 320), symbol="VNINDEX")
    data = build_dataset(Panel.of([*random_panel(12, 320), index]))
    assert "VNINDEX" not in data.symbols
    assert len(data.symbols) == 12
    assert data.session.min() == MIN_BARS - 1
    assert data.session.max() == 320 - 1 - REACH
    assert len(data) == 12 * (320 - REACH - MIN_BARS + 1)
    assert np.isfinite(data.features).all()


def test_labels_do_not_enter_features_and_unfinished_bars_do_not_enter_labels():
    panel = random_panel(12, 320)
    before = build_dataset(panel)
    jump = Panel.of(
        dataclasses.replace(
            bars,
            **{
                name: np.append(getattr(bars, name)[:-1], getattr(bars, name)[-1] * 3)
                for name in ("open", "high", "low", "close", "adjusted_close")
            },
        )
        if bars.symbol == "S03"
        else bars
        for bars in panel
    )
    after = build_dataset(jump)
    np.testing.assert_array_equal(before.features, after.features)
    last = before.session == before.session.max()
    assert not np.array_equal(before.excess[last], after.excess[last])
    np.testing.assert_array_equal(before.excess[~last], after.excess[~last])
    running = Panel.of(dataclasses.replace(bars, provisional=True) for bars in jump)
    assert build_dataset(running).session.max() == before.session.max() - 1
