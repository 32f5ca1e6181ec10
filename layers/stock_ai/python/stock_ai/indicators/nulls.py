"""Why an indicator has no value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stock_ai.indicators.indicator import Indicator
from stock_ai.indicators.panel import Bars, Flags, Floats
from stock_ai.indicators.series import priced, traded
from stock_ai.indicators.studies.volume import TRADED_VALUE
from stock_ai.indicators.table import INDICATORS, latest
from stock_ai.market.symbols import is_index
from stock_ai.models.analysis import NullReason


@dataclass(frozen=True, slots=True)
class Null:
    """A reason; of a warm-up also how many bars are needed and how many there are."""

    reason: NullReason
    needed: int | None = None
    had: int | None = None


def reasons(bars: Bars, values: Mapping[str, Floats]) -> dict[str, Null]:
    """Why `latest(values)` is None, for each indicator of which it is. `values` are what `compute(bars)` gave."""
    nulls = {name for name, value in latest(values).items() if value is None}
    if not nulls:
        return {}
    with_price, with_volume = _trailing(priced(bars)), _trailing(traded(bars))
    return {
        indicator.name: _why(indicator, bars, with_price, with_volume)
        for indicator in INDICATORS
        if indicator.name in nulls
    }


def _why(indicator: Indicator, bars: Bars, with_price: int, with_volume: int) -> Null:
    if indicator.name == TRADED_VALUE and is_index(bars.symbol):
        return Null(NullReason.INDEX)
    if len(bars) and not with_price:
        return Null(NullReason.MISSING_PRICE)
    if len(bars) and indicator.needs_volume and not with_volume:
        return Null(NullReason.NO_VOLUME)
    had = with_volume if indicator.needs_volume else with_price
    if had < indicator.warm_up:
        return Null(NullReason.WARM_UP, indicator.warm_up, had)
    # The oldest bar of the warm-up may be there only to be compared with.
    if indicator.needs_volume and not bars.volume[1 - indicator.warm_up :].any():
        return Null(NullReason.NO_VOLUME)
    return Null(NullReason.FLAT)


def _trailing(usable: Flags) -> int:
    """How many of the newest bars in a row are usable."""
    unusable = (~usable).nonzero()[0]
    return len(usable) - (int(unusable[-1]) + 1 if len(unusable) else 0)
