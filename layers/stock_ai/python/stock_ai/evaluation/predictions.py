"""What a model said of rows it had not seen, together with what happened."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stock_ai.indicators.panel import Floats
from stock_ai.ml.cross_section import Integers
from stock_ai.ml.dataset import Rows, above_median


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Predictions(Rows):
    """What was said of each row.

    Attributes:
        probabilities: (rows, 3) calibrated, of `labels.DOWN`, `NEUTRAL`, `UP`.
        outperformance: (rows,) calibrated, of doing better than the median of the session's rows.
        base: (rows, 3) the class frequencies that were known when the row's model was made.
        fold: (rows,) the year in which the row was tested.
    """

    probabilities: Floats
    outperformance: Floats
    base: Floats
    fold: Integers

    def entered_otherwise(self, excess: Floats) -> Predictions:
        """The same predictions against other excess returns of shape (rows,); the classes stay what they were."""
        return replace(self, excess=excess, above=above_median(excess, self.session))
