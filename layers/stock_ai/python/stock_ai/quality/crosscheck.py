"""Two sources' daily bars of one symbol, compared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from stock_ai.market.symbols import is_index
from stock_ai.models import Price, PriceBasis
from stock_ai.quality.report import Finding

_TOLERANCE_VND = 10
"""VCI speaks of thousand VND with two decimals: each of two sources may be 5 VND off."""
_TOLERANCE_POINTS = Decimal("0.01")


class PricedBar(Protocol):
    """What is compared of a bar; `StockPrice` and `SourceBar` have it."""

    @property
    def time(self) -> dt.date:
        """Trading date."""

    @property
    def open(self) -> Price | None:
        """VND, or points."""

    @property
    def high(self) -> Price | None:
        """VND, or points."""

    @property
    def low(self) -> Price | None:
        """VND, or points."""

    @property
    def close(self) -> Price | None:
        """VND, or points."""

    @property
    def adjusted_close(self) -> Price | None:
        """Close back-adjusted for corporate actions."""

    @property
    def volume(self) -> int | None:
        """Shares."""

    @property
    def basis(self) -> PriceBasis:
        """Whether open to close are as traded."""


class Difference(Finding):
    """One field on which the sources disagree."""

    date: dt.date
    field: str
    one: Price | None
    other: Price | None


class CrossCheck(Finding):
    """What two sources say of one symbol."""

    symbol: str
    agreeing: int
    """Dates on which every compared field agrees."""
    differences: tuple[Difference, ...]
    """By date."""
    only_one: tuple[dt.date, ...]
    only_other: tuple[dt.date, ...]


def crosscheck(symbol: str, one: Iterable[PricedBar], other: Iterable[PricedBar]) -> CrossCheck:
    """Compare the bars of each date: prices within 10 VND (0.01 points for an index), volumes exactly.

    Traded and adjusted prices are never compared: where the bases differ, only adjusted closes and volumes are.
    A field that one source does not give agrees with anything.
    """
    tolerance = _TOLERANCE_POINTS if is_index(symbol) else _TOLERANCE_VND
    ones, others = ({bar.time: bar for bar in bars} for bars in (one, other))
    common = sorted(ones.keys() & others.keys())
    differences = [found for date in common for found in _differences(ones[date], others[date], tolerance)]
    return CrossCheck(
        symbol=symbol,
        agreeing=len(common) - len({found.date for found in differences}),
        differences=tuple(differences),
        only_one=tuple(sorted(ones.keys() - others.keys())),
        only_other=tuple(sorted(others.keys() - ones.keys())),
    )


def _differences(one: PricedBar, other: PricedBar, tolerance: Price) -> list[Difference]:
    bounds: dict[str, Price] = {"adjusted_close": tolerance, "volume": 0}
    if one.basis is other.basis:
        bounds = dict.fromkeys(("open", "high", "low", "close"), tolerance) | bounds
    found: list[Difference] = []
    for name, bound in bounds.items():
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine is not None and theirs is not None and abs(mine - theirs) > bound:
            found.append(Difference(date=one.time, field=name, one=mine, other=theirs))
    return found
