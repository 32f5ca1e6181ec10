"""Daily limits and price steps, of the trading rules of HOSE and of HNX (which runs UPCOM). For prices as traded."""

from __future__ import annotations

from typing import Final

import numpy as np

from stock_ai.market.sessions import Exchange
from stock_ai.quality.columns import Floats

LIMITS: Final = {
    Exchange.HOSE: (0.07, 0.20),
    Exchange.HNX: (0.10, 0.30),
    Exchange.UPCOM: (0.15, 0.40),
    None: (0.15, 0.40),
}
"""Daily limit, and that of the first day after a pause. An unknown exchange gets the widest."""
TICK: Final = 100.0
"""VND, the coarsest."""
STOCK_LETTERS: Final = 3
"""Of a stock; ETFs and covered warrants have more."""


def finest_tick(price: Floats, symbol: str, exchange: Exchange | None) -> Floats:
    """The price step at each price; for an unknown exchange that of HOSE (since 2016-09), on which every other lies."""
    if exchange in (Exchange.HNX, Exchange.UPCOM):
        return np.full_like(price, TICK)
    if len(symbol) > STOCK_LETTERS:  # ETFs and covered warrants have one step at any price.
        return np.full_like(price, 10.0)
    return np.select([price < 10_000, price < 50_000], [10.0, 50.0], TICK)
