"""Which name opens which source."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeGuard

from stock_ai.clock import Clock
from stock_ai.errors import InvalidInputError
from stock_ai.models.base import SIMULATED
from stock_ai.ports.sources import MarketSource, PriceSource
from stock_ai.settings import SourceSettings
from stock_ai.sources.simulated import SimulatedSource

if TYPE_CHECKING:
    from stock_ai.resilience.pacing import Pacer

CSV, VNSTOCK = "csv", "vnstock"
SOURCES = (VNSTOCK, CSV, SIMULATED)


def is_live(source: PriceSource) -> TypeGuard[MarketSource]:
    """Whether the source shows a market as it trades."""
    return hasattr(source, "board")


def open_source(settings: SourceSettings, clock: Clock, pacer: Callable[[], Pacer]) -> PriceSource:
    """The source that `settings` names; `pacer` gives a source that is asked over the network its turns.

    Raises:
        InvalidInputError: PRICE_SOURCE is unknown or not installed, or PRICE_DATA is missing or cannot be read.
    """
    if settings.source == VNSTOCK:
        try:
            # What it needs is in the `market-data` extra, which an operator chooses for its licence.
            from stock_ai.sources.vnstock.source import VnstockSource

            return VnstockSource(clock, pacer())
        except ModuleNotFoundError as error:
            raise InvalidInputError(
                f"PRICE_SOURCE 'vnstock' needs {error.name}: install stock-ai[market-data]"
            ) from error
    if settings.source == SIMULATED:
        return SimulatedSource(clock)
    if settings.source == CSV:
        if settings.data is None:
            raise InvalidInputError("PRICE_DATA is missing: PRICE_SOURCE 'csv' needs a folder of CSV files or one file")
        try:
            # Arrow is in the `files` extra only; a deployed collector without it still runs the other sources.
            from stock_ai.sources.csv_files import CsvSource
        except ModuleNotFoundError as error:
            raise InvalidInputError(f"PRICE_SOURCE 'csv' needs {error.name}: install stock-ai[files]") from error
        return CsvSource(settings.data, clock)
    raise InvalidInputError(f"PRICE_SOURCE {settings.source!r} is unknown; known are {', '.join(SOURCES)}")
