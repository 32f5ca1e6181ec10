"""Bars in, a new current model out."""

from __future__ import annotations

from typing import Any

from stock_ai.clock import Clock
from stock_ai.indicators import Panel
from stock_ai.ml.card import ModelCard
from stock_ai.ml.manager import ModelManager
from stock_ai.ml.training import train

SEED = 20150105
"""Of the fit: the same bars give the same model."""


def train_current(panel: Panel, models: ModelManager, clock: Clock) -> dict[str, Any]:
    """Train on `panel`, keep the model and make it current; the key figures of its card, ready for JSON.

    Raises:
        RunAbortedError: there is too little data; the current model stays.
        RetryableError: the registry is away; training again is safe.
    """
    trained = train(panel, SEED, clock())
    models.save(trained)
    return _key_figures(trained.card)


def _key_figures(card: ModelCard) -> dict[str, Any]:
    shown = {"name", "version", "trained_from", "trained_until", "tested_from", "tested_until", "rows", "simulated"}
    return {
        **card.model_dump(mode="json", include=shown | {"proven_skill"}),
        "symbols": len(card.symbols),
        **{f"test_{name}": value for name, value in card.metrics.model_dump(mode="json").items()},
    }
