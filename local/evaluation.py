"""The bars that an evaluation is made on."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from local.home import Home
from local.session import connect
from stock_ai.clock import utc_now
from stock_ai.errors import InvalidInputError
from stock_ai.indicators import Bars, Panel
from stock_ai.market.sessions import Exchange
from stock_ai.models.base import Interval, PriceBasis
from stock_ai.models.price import StockPrice
from stock_ai.ports.sources import SourceBar
from stock_ai.quality.rules import hard_faults
from stock_ai.settings import SourceSettings
from stock_ai.sources.registry import CSV, open_source
from stock_ai.storage.listings import MongoListings

if TYPE_CHECKING:
    from stock_ai.resilience.pacing import Pacer

_NUMBERS = ("open", "high", "low", "close", "adjusted_close", "volume")


def panel_of_files(path: Path) -> Panel:
    """The bars of a folder or file that break no hard rule, as the consumer would store them.

    Raises:
        InvalidInputError: the files cannot be read, or hold no bar.
    """
    settings = SourceSettings.model_validate({"PRICE_SOURCE": CSV, "PRICE_DATA": path})
    source = open_source(settings, utc_now, _no_pacer)
    now = utc_now()
    panel = Panel.of(
        _columns(symbol, [bar for bar in source.bars(symbol, None, None) if not hard_faults(_price(bar, now), now)])
        for symbol in source.symbols()
    )
    if not len(panel):
        raise InvalidInputError(f"--data {path}: no sound bar is in it")
    return panel


def stored_market() -> tuple[Panel, dict[str, Exchange]]:
    """The stored bars, and where each symbol trades as far as it is known.

    Raises:
        RetryableError: MongoDB is away.
    """
    with connect(Home.from_environment()) as session:
        return session.panel(), MongoListings(session.database).exchanges()


def _columns(symbol: str, bars: list[SourceBar]) -> Bars:
    numbers = np.array(
        [[np.nan if (value := getattr(bar, name)) is None else float(value) for name in _NUMBERS] for bar in bars],
        dtype=np.float64,
    ).reshape(-1, len(_NUMBERS))
    return Bars(
        symbol=symbol,
        dates=np.array([bar.time for bar in bars], dtype="datetime64[D]"),
        **dict(zip(_NUMBERS, numbers.T, strict=True)),
        source=CSV,
        provisional=bool(bars) and bars[-1].provisional,
        basis=PriceBasis.ADJUSTED if any(bar.basis is PriceBasis.ADJUSTED for bar in bars) else PriceBasis.RAW,
    )


def _price(bar: SourceBar, now: dt.datetime) -> StockPrice:
    return StockPrice.model_construct(**bar._asdict(), interval=Interval.DAY, event_id="", source=CSV, ingested_at=now)


def _no_pacer() -> Pacer:
    raise AssertionError("files are read without turns")
