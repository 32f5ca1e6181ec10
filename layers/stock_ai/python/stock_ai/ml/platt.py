"""Scores into probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from stock_ai.indicators.panel import Floats

Rows = NDArray[np.bool_]
_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Line:
    """Log-odds as a line of a score (Platt 1999)."""

    slope: float
    intercept: float

    @classmethod
    def fit(cls, score: Floats, happened: Rows) -> Self:
        """The line that fits best. One that falls would turn the score around: then the base rate stands for all."""
        if happened.all() or not happened.any():
            base = np.clip(happened.mean(), _TINY, 1 - _TINY)
            return cls(0.0, float(np.log(base / (1 - base))))
        fitted = LogisticRegression(C=1e6, max_iter=500).fit(score[:, None], happened)
        slope = float(fitted.coef_[0, 0])
        if slope > 0:
            return cls(slope, float(fitted.intercept_[0]))
        base = float(happened.mean())
        return cls(0.0, float(np.log(base / (1 - base))))

    def probability(self, score: Floats) -> Floats:
        """(rows,)"""
        probability: Floats = 1 / (1 + np.exp(-(self.slope * score + self.intercept)))
        return probability
