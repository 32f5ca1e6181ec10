"""`Panel`: the daily bars of many symbols as columns of float64, the form that indicators and models compute on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from stock_ai.errors import InvalidInputError
from stock_ai.models.base import SIMULATED, PriceBasis

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]
Flags = NDArray[np.bool_]

# No market has prices or volumes beyond these; within them no indicator comes near the limits of float64.
_LEAST_PRICE, _LARGEST = 1e-6, 1e15


@dataclass(frozen=True, slots=True, eq=False)
class AdjustedPrices:
    """Prices of one symbol made comparable over time, each of shape (bars,): the traded price x adjusted / close.

    One factor per bar multiplies all four prices, so their order within the bar stays what it was.
    """

    open: Floats
    high: Floats
    low: Floats
    close: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """The daily bars of one symbol, oldest first. Every array is contiguous and of shape (bars,).

    Prices are in VND, or in points for an index. `adjusted_close` and `volume` are NaN where the source does not give
    them. `source` and `provisional` are those of the last bar. `basis` is RAW where all prices are as traded, and
    ADJUSTED where any bar has a source's adjusted ones.

    Attributes:
        adjusted: every bar has a sound adjusted close. One gap and the whole symbol counts as not adjusted.
        priced: every bar has four sound prices, see `sound_prices`.
        traded: every bar has a volume, which may be zero.

    Raises:
        InvalidInputError: the columns differ in length, or the dates do not strictly increase.
    """

    symbol: str
    dates: Dates
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    adjusted_close: Floats
    volume: Floats
    source: str
    provisional: bool = False
    basis: PriceBasis = PriceBasis.RAW
    adjusted: bool = field(init=False)
    priced: bool = field(init=False)
    traded: bool = field(init=False)

    def __post_init__(self) -> None:
        # TA-Lib takes contiguous float64 and nothing else; days are compared as days.
        object.__setattr__(self, "dates", np.ascontiguousarray(self.dates, dtype="datetime64[D]"))
        for name in ("open", "high", "low", "close", "adjusted_close", "volume"):
            column = np.ascontiguousarray(getattr(self, name), dtype=np.float64)
            if column.shape != self.dates.shape:
                raise InvalidInputError(
                    f"{self.symbol}: {name} has shape {column.shape}, the dates have {self.dates.shape}"
                )
            object.__setattr__(self, name, column)
        # All columns in one array: a market has more symbols than a symbol has work for one more call.
        prices = np.array((self.open, self.high, self.low, self.close, self.adjusted_close))
        sound = sound_prices(prices)
        object.__setattr__(self, "adjusted", bool(len(self) and sound[-1].all()))
        object.__setattr__(self, "priced", bool(len(self) and sound[:-1].all()))
        object.__setattr__(self, "traded", bool(sound_volumes(self.volume).all()))
        days = self.dates.view(np.int64)
        if (days[1:] <= days[:-1]).any():
            at = np.flatnonzero(days[1:] <= days[:-1])[0] + 1
            raise InvalidInputError(f"{self.symbol}: {self.dates[at]} does not follow the date before it")

    def __len__(self) -> int:
        return len(self.dates)

    @property
    def simulated(self) -> bool:
        """Whether the bars come from the simulated market."""
        return self.source == SIMULATED

    @property
    def last_date(self) -> dt.date:
        """Trading date of the last bar; there must be one."""
        date: dt.date = self.dates[-1].item()
        return date

    def adjusted_prices(self) -> AdjustedPrices:
        """Adjusted prices, or all prices as traded where `adjusted` is false: the two are never mixed."""
        if not self.adjusted:
            return AdjustedPrices(self.open, self.high, self.low, self.close)
        # A bar without a sound close gets no sound factor; whoever computes leaves it out.
        with np.errstate(all="ignore"):
            factor = self.adjusted_close / self.close
            return AdjustedPrices(self.open * factor, self.high * factor, self.low * factor, self.close * factor)

    def head(self, count: int) -> Self:
        """The first `count` bars, none of them provisional unless it is all of them."""
        return replace(
            self,
            dates=self.dates[:count],
            open=self.open[:count],
            high=self.high[:count],
            low=self.low[:count],
            close=self.close[:count],
            adjusted_close=self.adjusted_close[:count],
            volume=self.volume[:count],
            provisional=self.provisional and count >= len(self),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Bars of many symbols, each symbol once, in the order of their names. Symbols may have different dates."""

    bars: tuple[Bars, ...]

    @classmethod
    def of(cls, bars: Iterable[Bars]) -> Self:
        """A panel of the given symbols; those without bars are left out.

        Raises:
            InvalidInputError: a symbol comes twice.
        """
        ordered = tuple(sorted((one for one in bars if len(one)), key=lambda one: one.symbol))
        for one, other in pairwise(ordered):
            if one.symbol == other.symbol:
                raise InvalidInputError(f"symbol {one.symbol} comes twice")
        return cls(ordered)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols, sorted."""
        return tuple(one.symbol for one in self.bars)

    def final(self) -> Panel:
        """The panel without provisional bars, whose values may still change."""
        return Panel.of(one.head(len(one) - 1) if one.provisional else one for one in self.bars)

    def __iter__(self) -> Iterator[Bars]:
        return iter(self.bars)

    def __len__(self) -> int:
        return len(self.bars)


def sound_prices(column: Floats) -> Flags:
    """Which of the prices can be computed on: positive, and of a size that no product of them overflows."""
    sound: Flags = (column >= _LEAST_PRICE) & (column <= _LARGEST)
    return sound


def sound_volumes(column: Floats) -> Flags:
    """Which of the volumes can be computed on: not missing and not negative."""
    sound: Flags = (column >= 0) & (column <= _LARGEST)
    return sound
