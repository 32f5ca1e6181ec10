"""Plots as SVG to stand inside an HTML page: no scripts, no fonts, colours by CSS class (see `html`).

Every plot has a title and a description for those who do not see it. Sizes are in user units of a picture 400 wide, so
that text stays legible on a phone.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 400, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 30, 34
_NAMES = 168
_ROW = 18
_TICKS = 5
_LEAST_SPAN = 0.01


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plot; `style` is the CSS class that colours it."""

    name: str
    style: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, with an interval where there is one."""

    name: str
    value: float
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One bin of a reliability diagram."""

    predicted: float
    happened: float
    rows: int


def growth(name: str, title: str, description: str, dates: Sequence[dt.date], lines: Sequence[Line]) -> str:
    """Positive values over time on a logarithmic scale, one tick for each year.

    Args:
        name: unique in the page, for ids.
        title: said first by a screen reader.
        description: what is to be seen.
        dates: at least two.
        lines: each as long as `dates`.
    """
    least, most = min(min(line.values) for line in lines), max(max(line.values) for line in lines)
    ticks = _log_ticks(least, most)
    y = _scale(math.log(min(least, ticks[0])), math.log(max(most, ticks[-1])), HEIGHT - _BOTTOM, _TOP)
    x = _scale(dates[0].toordinal(), dates[-1].toordinal(), _LEFT, WIDTH - _RIGHT)
    parts = [_horizontal(y(math.log(tick)), f"{tick:g}") for tick in ticks]
    for year in range(dates[0].year, dates[-1].year + 1):
        start = dt.date(year, 1, 1)
        if start >= dates[0]:
            parts.append(_text(x(start.toordinal()), HEIGHT - _BOTTOM + 16, str(year), "middle"))
    for position, line in enumerate(lines):
        points = " ".join(
            f"{x(date.toordinal()):.1f},{y(math.log(value)):.1f}"
            for date, value in zip(dates, line.values, strict=True)
        )
        parts.append(f'<polyline class="line {line.style}" points="{points}"/>')
        left = _LEFT + position * (WIDTH - _LEFT) / len(lines)
        parts.append(f'<path class="line {line.style}" d="M{left:.0f} 12h20"/>{_text(left + 25, 16, line.name)}')
    return _svg(name, title, description, HEIGHT, parts)


def reliability(name: str, title: str, description: str, points: Sequence[Point]) -> str:
    """Predicted against happened, with the diagonal on which a calibrated model lies. Both axes are shares."""
    values = [value for point in points for value in (point.predicted, point.happened)]
    ticks = _ticks(min(values), max(values))
    low, high = ticks[0], ticks[-1]
    x, y = _scale(low, high, _LEFT, WIDTH - _RIGHT), _scale(low, high, HEIGHT - _BOTTOM, _TOP)
    parts = [_horizontal(y(tick), _share(tick, ticks)) for tick in ticks]
    parts += [_text(x(tick), HEIGHT - _BOTTOM + 14, _share(tick, ticks), "middle") for tick in ticks]
    parts.append(f'<path class="diagonal" d="M{x(low):.1f} {y(low):.1f}L{x(high):.1f} {y(high):.1f}"/>')
    parts += [
        f'<circle class="point" cx="{x(point.predicted):.1f}" cy="{y(point.happened):.1f}" r="4">'
        f"<title>predicted {point.predicted:.3f}, happened {point.happened:.3f}, {point.rows} rows</title></circle>"
        for point in points
    ]
    parts.append(_text(_LEFT, 16, "happened"))
    parts.append(_text(WIDTH - _RIGHT, HEIGHT - 4, "predicted", "end"))
    return _svg(name, title, description, HEIGHT, parts)


def columns(name: str, title: str, description: str, bars: Sequence[Bar]) -> str:
    """Upright bars from zero, with whiskers for their intervals."""
    reach = [value for bar in bars for value in (bar.value, *(bar.interval or ()))]
    ticks = _ticks(min(0.0, *reach), max(0.0, *reach))
    y = _scale(ticks[0], ticks[-1], HEIGHT - _BOTTOM, _TOP)
    step = (WIDTH - _LEFT - _RIGHT) / len(bars)
    parts = [_horizontal(y(tick), _share(tick, ticks)) for tick in ticks]
    for position, bar in enumerate(bars):
        middle = _LEFT + (position + 0.5) * step
        top, foot = sorted((y(bar.value), y(0)))
        parts.append(
            f'<rect class="bar" x="{middle - step * 0.3:.1f}" y="{top:.1f}" width="{step * 0.6:.1f}"'
            f' height="{foot - top:.1f}"/>'
        )
        if bar.interval:
            low, high = (y(end) for end in bar.interval)
            parts.append(
                f'<path class="whisker" d="M{middle:.1f} {low:.1f}V{high:.1f}M{middle - 4:.1f} {low:.1f}h8'
                f'M{middle - 4:.1f} {high:.1f}h8"/>'
            )
        parts.append(_text(middle, HEIGHT - _BOTTOM + 16, bar.name, "middle"))
    parts.append(f'<path class="axis" d="M{_LEFT} {y(0):.1f}H{WIDTH - _RIGHT}"/>')
    return _svg(name, title, description, HEIGHT, parts)


def ranking(name: str, title: str, description: str, bars: Sequence[Bar]) -> str:
    """Lying bars with their names at the left and their values at the end."""
    most = max(max(bar.value for bar in bars), 0.0) or 1.0
    x = _scale(0.0, most, 0.0, WIDTH - _NAMES - 52)
    parts = []
    for position, bar in enumerate(bars):
        top = position * _ROW
        width = x(max(bar.value, 0.0))
        parts += [
            _text(_NAMES - 6, top + 13, bar.name, "end"),
            f'<rect class="bar" x="{_NAMES}" y="{top + 3}" width="{width:.1f}" height="{_ROW - 6}"/>',
            _text(_NAMES + width + 4, top + 13, f"{bar.value:.2g}"),
        ]
    return _svg(name, title, description, len(bars) * _ROW + 4, parts)


def _svg(name: str, title: str, description: str, height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{name}-title {name}-description">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-description">{escape(description)}</desc>'
        f"{''.join(parts)}</svg>"
    )


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _horizontal(y: float, label: str) -> str:
    return f'<path class="grid" d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}"/>{_text(_LEFT - 5, y + 4, label, "end")}'


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """The linear map of low to start and high to end; of a single value to the middle."""
    if high == low:
        return lambda _: (start + end) / 2
    return lambda value: start + (value - low) / (high - low) * (end - start)


def _ticks(low: float, high: float) -> list[float]:
    """About five round values, the first at or below `low` and the last at or above `high`."""
    raw = max(high - low, _LEAST_SPAN) / _TICKS
    power = 10 ** math.floor(math.log10(raw))
    step = next(factor for factor in (1, 2, 5, 10) if factor * power >= raw * (1 - 1e-9)) * power
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    """The values 1, 2 and 5 x powers of ten from the last at or below `low` to the first at or above `high`."""
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    ladder = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    first = max(tick for tick in ladder if tick <= low * (1 + 1e-9))
    last = min((tick for tick in ladder if tick >= high * (1 - 1e-9)), default=ladder[-1])
    return [tick for tick in ladder if first <= tick <= last]


def _share(value: float, ticks: Sequence[float]) -> str:
    """A tick with as many digits as tell it from its neighbours."""
    step = abs(ticks[1] - ticks[0]) if len(ticks) > 1 else 1.0
    return f"{value:.{max(0, -math.floor(math.log10(step) + 1e-9))}f}"
