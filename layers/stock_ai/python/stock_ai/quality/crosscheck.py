"""Two sources' daily bars of one symbol, compared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Protocol

from stock_ai.market.symbols import is_index
from stock_ai.models.base import Price, PriceBasis
from stock_ai.quality.report import CrossCheck, Difference

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

    @property
    def provisional(self) -> bool:
        """Whether the session still runs."""


def crosscheck(symbol: str, opinions: Mapping[str, Iterable[PricedBar]], checked_at: dt.datetime) -> CrossCheck:
    """Compare the final bars of the first two of `opinions`, by provider, date by date.

    Prices agree within 10 VND (0.01 points for an index), volumes exactly. Traded and adjusted prices are never
    compared: where the bases differ, only adjusted closes and volumes are. A field that one provider does not give
    agrees with anything.
    """
    tolerance = _TOLERANCE_POINTS if is_index(symbol) else _TOLERANCE_VND
    one, other = list(opinions)[:2]
    ones, others = ({bar.time: bar for bar in opinions[name] if not bar.provisional} for name in (one, other))
    common = sorted(ones.keys() & others.keys())
    differences = [found for date in common for found in _differences(ones[date], others[date], tolerance)]
    return CrossCheck(
        symbol=symbol,
        one=one,
        other=other,
        checked_at=checked_at,
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
