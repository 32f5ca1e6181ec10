"""Which name opens which source."""

from __future__ import annotations

from stock_ai.clock import Clock
from stock_ai.errors import InvalidInputError
from stock_ai.models import SIMULATED
from stock_ai.ports import PriceSource
from stock_ai.settings import SourceSettings
from stock_ai.sources.simulated import SimulatedSource

CSV = "csv"
SOURCES = (CSV, SIMULATED)


def open_source(settings: SourceSettings, clock: Clock) -> PriceSource:
    """The source that `settings` names.

    Raises:
        InvalidInputError: PRICE_SOURCE is unknown, or PRICE_DATA is missing or cannot be read.
    """
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
