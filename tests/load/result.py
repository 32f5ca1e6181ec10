"""What a bench gives, and how rates are taken."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """One ratio with its limit."""

    name: str
    ratio: float
    limit: float
    unit: str
    baseline: float
    measured: float
    higher_is_better: bool

    @property
    def ok(self) -> bool:
        return self.ratio >= self.limit if self.higher_is_better else self.ratio <= self.limit


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def in_turn(ours: Callable[[], float], bare: Callable[[], float], rounds: int) -> tuple[float, float, float]:
    """Median of the ratios of what is measured right after each other, and the medians of `ours` and `bare`.

    For what is measured for so long that the machine may become slower or faster in between.
    """
    pairs = [(ours(), bare()) for _ in range(rounds)]
    ours_each, bare_each = zip(*pairs, strict=True)
    ratio = statistics.median(one / other for one, other in pairs)
    return ratio, statistics.median(ours_each), statistics.median(bare_each)


def paired(ours: Callable[[], float], bare: Callable[[], float], rounds: int) -> tuple[float, float]:
    """Medians of `ours` and `bare`, measured in turn so that what else the machine does meets both."""
    _, measured, baseline = in_turn(ours, bare, rounds)
    return measured, baseline
