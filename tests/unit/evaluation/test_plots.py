"""Plots: sound SVG, everything inside the picture, marks where the values are."""

import datetime as dt
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stock_ai.evaluation import plots
from stock_ai.evaluation.plots import Bar, Line, Point

DATES = [dt.date(2020, 6, 1) + dt.timedelta(days=30 * month) for month in range(30)]
values = st.floats(-5, 5).map(lambda value: round(value, 4))


def drawn(svg):
    """The elements of a picture by tag, after a check that every coordinate lies inside it."""
    root = ET.fromstring(svg)  # noqa: S314 - our own text
    _, _, width, height = map(float, root.get("viewBox").split())
    found = {}
    for element in root.iter():
        found.setdefault(element.tag, []).append(element)
        for name, most in (("x", width), ("cx", width), ("y", height), ("cy", height)):
            if element.get(name) is not None:
                assert -0.1 <= float(element.get(name)) <= most + 0.1, ET.tostring(element)
        for pair in (element.get("points") or "").split():
            x, y = map(float, pair.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= height
    return found


def test_titles_are_escaped_and_named():
    found = drawn(plots.columns("one", "a < b", "x & y", [Bar("2020", 1.0)]))
    assert found["title"][0].text == "a < b"
    assert found["desc"][0].text == "x & y"
    assert found["svg"][0].get("aria-labelledby") == "one-title one-description"
    assert found["svg"][0].get("role") == "img"


def test_growth_is_logarithmic():
    lines = [Line("net", "s1", [1.0, 10.0, 100.0]), Line("other", "s2", [1.0, 1.0, 1.0])]
    found = drawn(plots.growth("one", "t", "d", [dt.date(2020, 1, 1), dt.date(2021, 1, 1), dt.date(2022, 1, 1)], lines))
    first, second = found["polyline"]
    heights = [float(pair.split(",")[1]) for pair in first.get("points").split()]
    assert heights[0] - heights[1] == pytest.approx(heights[1] - heights[2], abs=0.2)
    assert len({pair.split(",")[1] for pair in second.get("points").split()}) == 1
    labels = [element.text for element in found["text"]]
    assert {"1", "10", "100", "2021", "2022", "net", "other"} <= set(labels)


def test_a_calibrated_point_lies_on_the_diagonal():
    svg = plots.reliability("one", "t", "d", [Point(0.45, 0.45, 10), Point(0.5, 0.55, 12)])
    found = drawn(svg)
    start, end = re.search(r'diagonal" d="M([\d.]+ [\d.]+)L([\d.]+ [\d.]+)"', svg).groups()
    (x0, y0), (x1, y1) = (map(float, pair.split()) for pair in (start, end))

    def height_above(circle):
        x, y = float(circle.get("cx")), float(circle.get("cy"))
        return y0 + (x - x0) * (y1 - y0) / (x1 - x0) - y

    on, above = found["circle"]
    assert height_above(on) == pytest.approx(0, abs=0.2)
    assert height_above(above) > 5
    assert "10 rows" in on[0].text


def test_bars_reach_from_zero_to_their_value():
    found = drawn(
        plots.columns("one", "t", "d", [Bar("2020", 0.05, (0.02, 0.08)), Bar("2021", -0.05), Bar("2022", 0.1)])
    )
    up, down, double = found["rect"]
    foot = float(up.get("y")) + float(up.get("height"))
    assert float(down.get("y")) == pytest.approx(foot, abs=0.2)
    assert float(double.get("height")) == pytest.approx(2 * float(up.get("height")), abs=0.3)


def test_a_ranking_has_a_row_for_each_and_nothing_left_of_zero():
    found = drawn(plots.ranking("one", "t", "d", [Bar("first", 0.2), Bar("half", 0.1), Bar("worse", -0.1)]))
    widths = [float(element.get("width")) for element in found["rect"]]
    assert widths[0] == pytest.approx(2 * widths[1], abs=0.2)
    assert widths[2] == 0


@given(st.lists(st.floats(0.01, 1000), min_size=30, max_size=30))
def test_growth_holds_any_values(series):
    drawn(plots.growth("one", "t", "d", DATES, [Line("net", "s1", series)]))


@given(st.lists(st.tuples(values, values, values), min_size=1, max_size=8))
def test_columns_hold_any_values(bars):
    made = [Bar(str(at), middle, (low, high)) for at, (low, middle, high) in enumerate(map(sorted, bars))]
    drawn(plots.columns("one", "t", "d", made))
    drawn(plots.ranking("one", "t", "d", made))


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=10))
@example([(0.0, 5e-324)])
@example([(0.45, 0.45)])
def test_reliability_holds_any_shares(points):
    drawn(plots.reliability("one", "t", "d", [Point(*point, 5) for point in points]))
