"""Daily bars of all symbols as columns: what a panel is cut from, and what bars read anew are merged into."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

import numpy as np
from bson import Decimal128
from numpy.typing import NDArray

from stock_ai.indicators import Bars, Panel
from stock_ai.models.base import PriceBasis
from stock_ai.storage.mongo import Document

NUMBERS: Final = ("open", "high", "low", "close", "adjusted_close", "volume")
FIELDS: Final = (*NUMBERS, "symbol", "time", "source", "provisional", "basis")
"""What `BarColumns.merged` reads of a document."""

# The number of a day stays far below it, so that symbol and day make one sortable number.
_DAYS: Final = 1 << 32
_CHUNK = 20_000


class _Rows(NamedTuple):
    """Bars in any order; `symbol` and `source` are positions in lists of names. Each is of shape (bars,)."""

    symbol: NDArray[np.int64]
    dates: NDArray[np.datetime64]
    numbers: NDArray[np.float64]  # (6, bars)
    source: NDArray[np.int64]
    provisional: NDArray[np.bool_]
    adjusted: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class BarColumns:
    """Bars in the order of their symbols and dates, each (symbol, date) once. The arrays cannot be written to.

    Attributes:
        symbols: those that have bars, sorted.
        counts: bars of each symbol, int64 of shape (symbols,).
        dates: datetime64[D] of shape (bars,).
        numbers: float64 of shape (6, bars), rows as in `NUMBERS`; VND, points or shares, NaN where there is none.
        sources: the names that occur, sorted.
        source: position in `sources`, int64 of shape (bars,).
        provisional: bool of shape (bars,).
        adjusted: whether the prices are a source's adjusted ones, bool of shape (bars,).
    """

    symbols: tuple[str, ...]
    counts: NDArray[np.int64]
    dates: NDArray[np.datetime64]
    numbers: NDArray[np.float64]
    sources: tuple[str, ...]
    source: NDArray[np.int64]
    provisional: NDArray[np.bool_]
    adjusted: NDArray[np.bool_]

    def __post_init__(self) -> None:
        for column in (self.counts, self.dates, self.numbers, self.source, self.provisional, self.adjusted):
            column.flags.writeable = False

    def __len__(self) -> int:
        return len(self.dates)

    @classmethod
    def empty(cls) -> BarColumns:
        """Columns without bars."""
        return _columns([_rows((), {}, {})], (), ())

    def merged(self, documents: Iterable[Document]) -> BarColumns:
        """These bars with those of `documents` (collection `prices`) added, or put in place of the bar of that date."""
        symbols = {name: position for position, name in enumerate(self.symbols)}
        sources = {name: position for position, name in enumerate(self.sources)}
        at = np.repeat(np.arange(len(symbols)), self.counts)
        parts = [_Rows(at, self.dates, self.numbers, self.source, self.provisional, self.adjusted)]
        remaining = iter(documents)
        while chunk := list(islice(remaining, _CHUNK)):
            parts.append(_rows(chunk, symbols, sources))
        return self if len(parts) == 1 else _columns(parts, tuple(symbols), tuple(sources))

    def panel(self) -> Panel:
        """The panel of these bars; its arrays are views of these."""
        return Panel(tuple(self._bars()))

    def _bars(self) -> Iterator[Bars]:
        ends = np.cumsum(self.counts)
        starts = ends - self.counts
        for symbol, start, end in zip(self.symbols, starts.tolist(), ends.tolist(), strict=True):
            numbers = dict(zip(NUMBERS, self.numbers[:, start:end], strict=True))
            yield Bars(
                symbol=symbol,
                dates=self.dates[start:end],
                **numbers,
                source=self.sources[self.source[end - 1]],
                provisional=bool(self.provisional[end - 1]),
                basis=PriceBasis.ADJUSTED if self.adjusted[start:end].any() else PriceBasis.RAW,
            )


def _columns(parts: list[_Rows], symbols: tuple[str, ...], sources: tuple[str, ...]) -> BarColumns:
    """The bars of `parts` in order; of a bar that comes more than once the last one stays."""
    rows = _Rows(*(np.concatenate(columns, axis=-1) for columns in zip(*parts, strict=True)))
    names, symbol = _sorted(symbols, rows.symbol)
    keys = symbol * _DAYS + rows.dates.astype(np.int64) + _DAYS // 2
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    order = order[np.append(keys[1:] != keys[:-1], np.ones(min(1, len(keys)), dtype=np.bool_))]
    source_names, source = _sorted(sources, rows.source[order])
    return BarColumns(
        symbols=names,
        counts=np.bincount(symbol[order], minlength=len(names)),
        dates=rows.dates[order],
        numbers=np.take(rows.numbers, order, axis=1),
        sources=source_names,
        source=source,
        provisional=rows.provisional[order],
        adjusted=rows.adjusted[order],
    )


def _sorted(names: tuple[str, ...], positions: NDArray[np.int64]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The names that occur in `positions`, sorted, and the positions in them."""
    counts = np.bincount(positions, minlength=len(names)).tolist()
    order = sorted((at for at, count in enumerate(counts) if count), key=names.__getitem__)
    renumbered = np.zeros(len(names), dtype=np.int64)
    renumbered[order] = np.arange(len(order))
    return tuple(names[at] for at in order), renumbered[positions]


def _rows(documents: Iterable[Document], symbols: dict[str, int], sources: dict[str, int]) -> _Rows:
    """The documents as rows. Names that are new are added to `symbols` and `sources`."""
    table = list(documents)
    return _Rows(
        symbol=_numbered(table, "symbol", symbols),
        dates=np.array([document["time"].date() for document in table], dtype="datetime64[D]"),
        numbers=np.array([_floats(table, name) for name in NUMBERS]),
        source=_numbered(table, "source", sources),
        provisional=np.array([document["provisional"] for document in table], dtype=np.bool_),
        # Bars stored before there was a basis are as traded.
        adjusted=np.array([document.get("basis") == PriceBasis.ADJUSTED for document in table], dtype=np.bool_),
    )


def _numbered(table: list[Document], field: str, names: dict[str, int]) -> NDArray[np.int64]:
    return np.array([names.setdefault(document[field], len(names)) for document in table], dtype=np.int64)


def _floats(table: list[Document], name: str) -> NDArray[np.float64]:
    values = [document.get(name) for document in table]
    try:
        return np.array(values, dtype=np.float64)
    except TypeError:  # Points of an index.
        return np.array([_float(value) for value in values], dtype=np.float64)


def _float(value: int | Decimal128 | None) -> float:
    if value is None:
        return math.nan
    return float(value.to_decimal() if isinstance(value, Decimal128) else value)
