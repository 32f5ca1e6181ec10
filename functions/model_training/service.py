"""Bars in, a challenger out, judged against the champion."""

from __future__ import annotations

from typing import Any

from stock_ai.clock import Clock
from stock_ai.indicators import Panel
from stock_ai.ml.card import ModelCard, Verdict
from stock_ai.ml.manager import ModelManager
from stock_ai.ml.promotion import judge
from stock_ai.ml.training import train

SEED = 20150105
"""Of the fit and of the bootstrap: the same bars give the same model and the same verdict."""
UNCHANGED = "the bars gave the champion again"


def train_challenger(panel: Panel, models: ModelManager, clock: Clock) -> dict[str, Any]:
    """Train on `panel`, judge the model against the champion and keep it; it becomes champion where it is promoted.

    Returns:
        Key figures of the new model's card and of its verdict, and which version serves now, ready for JSON.

    Raises:
        RunAbortedError: there is too little data; the champion stays.
        RetryableError: the registry is away, or another champion came while this one was judged; training again is
            safe.
    """
    trained = train(panel, SEED, clock())
    champion = models.current()
    if champion and champion.card.version == trained.card.version:
        return {**_key_figures(trained.card), "promoted": False, "reason": UNCHANGED, "champion": champion.card.version}
    verdict = judge(trained.model, champion, trained.held_out, SEED)
    models.admit(trained, verdict, clock())
    serving = models.current_card()
    return {
        **_key_figures(trained.card),
        "promoted": verdict.promoted,
        "reason": verdict.reason,
        "champion": serving and serving.version,
        **_differences(verdict),
    }


def _key_figures(card: ModelCard) -> dict[str, Any]:
    shown = {"name", "version", "trained_from", "trained_until", "tested_from", "tested_until", "expires_on", "rows"}
    return {
        **card.model_dump(mode="json", include=shown | {"simulated", "proven_skill"}),
        "symbols": len(card.symbols),
        **{f"test_{name}": value for name, value in card.metrics.model_dump(mode="json").items()},
    }


def _differences(verdict: Verdict) -> dict[str, Any]:
    """Mean log loss of the challenger minus that of the others, below zero where it is better."""
    against = verdict.against_champion
    return {
        "log_loss_minus_base": verdict.against_base.difference,
        "log_loss_minus_champion": against.difference if against else None,
    }
