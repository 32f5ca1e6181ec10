"""What a model said of rows it had not seen, together with what happened."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from stock_ai.indicators.panel import Dates, Floats
from stock_ai.ml.cross_section import Integers
from stock_ai.ml.dataset import above_median


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """One row per stock and session, by session and within it by symbol.

    Attributes:
        probabilities: (rows, 3) calibrated, of `labels.DOWN`, `NEUTRAL`, `UP`.
        outperformance: (rows,) calibrated, of doing better than the median of the session's rows.
        classes: (rows,) what happened, as `labels.labels` says.
        excess: (rows,) the excess return that the class was made from.
        above: (rows,) whether it was above that median.
        base: (rows, 3) the class frequencies that were known when the row's model was made.
        fold: (rows,) the year in which the row was tested.
        session: (rows,) position in `sessions`.
        symbol: (rows,) position in `symbols`.
        sessions: trading dates of the market.
        symbols: the stocks.
    """

    probabilities: Floats
    outperformance: Floats
    classes: Integers
    excess: Floats
    above: NDArray[np.bool_]
    base: Floats
    fold: Integers
    session: Integers
    symbol: Integers
    sessions: Dates
    symbols: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.classes)

    def rows(self, chosen: NDArray[np.bool_]) -> Predictions:
        """The rows of a mask of shape (rows,); sessions and symbols keep their positions."""
        kept = {field.name: getattr(self, field.name)[chosen] for field in fields(self) if field.name not in _WHOLE}
        return replace(self, **kept)

    def entered_otherwise(self, excess: Floats) -> Predictions:
        """The same predictions against other excess returns of shape (rows,); the classes stay what they were."""
        return replace(self, excess=excess, above=above_median(excess, self.session))


_WHOLE = frozenset({"sessions", "symbols"})
