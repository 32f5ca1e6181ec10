"""What a model said of rows it had not seen, together with what happened."""

from __future__ import annotations

from dataclasses import dataclass

from stock_ai.indicators.panel import Dates, Floats
from stock_ai.ml.cross_section import Integers


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """One row per stock and session, by session and within it by symbol.

    Attributes:
        probabilities: (rows, 3) calibrated, of `labels.DOWN`, `NEUTRAL`, `UP`.
        classes: (rows,) what happened, as `labels.labels` says.
        excess: (rows,) the excess return that the class was made from.
        base: (rows, 3) the class frequencies that were known when the row's model was made.
        fold: (rows,) the year in which the row was tested.
        session: (rows,) position in `sessions`.
        symbol: (rows,) position in `symbols`.
        sessions: trading dates of the market.
        symbols: the stocks.
    """

    probabilities: Floats
    classes: Integers
    excess: Floats
    base: Floats
    fold: Integers
    session: Integers
    symbol: Integers
    sessions: Dates
    symbols: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.classes)
