"""Bars in, a challenger out, judged against the champion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from stock_ai.clock import Clock
from stock_ai.evaluation.evaluating import evaluate
from stock_ai.evaluation.html import html
from stock_ai.evaluation.markdown import markdown
from stock_ai.indicators import Panel
from stock_ai.market.sessions import Exchange
from stock_ai.ml.card import ModelCard, Recipe, Verdict
from stock_ai.ml.manager import ModelManager
from stock_ai.ml.promotion import judge
from stock_ai.ml.training import train
from stock_ai.observability import logger

SEED = 20150105
"""Of the fit and of the bootstrap: the same bars give the same model and the same verdict."""
REPORTS = ("report.json", "report.html", "figures.md")
"""What is kept of an evaluation."""
UNCHANGED = "the bars gave the champion again"


class Writable(Protocol):
    """`stock_ai.storage.objects.StoredObject`, as far as it is written to."""

    def write(self, content: bytes) -> None:
        """Put `content` in place of what is there."""


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


def evaluate_recipe(
    panel: Panel, exchanges: Mapping[str, Exchange], reports: Mapping[str, Writable], clock: Clock
) -> dict[str, Any]:
    """Walk the recipe forward over `panel` and keep the report; its headline figures, ready for JSON.

    `exchanges` says where each stock trades, as far as it is known.

    Raises:
        RunAbortedError: too few years are stored.
        RetryableError: the place of the report is away; evaluating again is safe.
    """
    report = evaluate(panel, Recipe.BLEND, SEED, clock(), "stored bars", _log, exchanges=exchanges)
    for name, content in zip(REPORTS, (report.json_text(), html(report), markdown(report)), strict=True):
        reports[name].write(content.encode())
    direction, classes = report.overall.direction, report.overall.classes
    return {
        **report.run.model_dump(mode="json", include={"model", "from_date", "until_date", "rows"}),
        "rank_ic": direction.rank_ic and direction.rank_ic.model_dump(),
        "direction_log_loss": direction.log_loss_difference and direction.log_loss_difference.model_dump(),
        "classes_log_loss": classes.log_loss_difference and classes.log_loss_difference.model_dump(),
        "reading": list(report.reading),
    }


def _log(stage: str, done: int, of: int) -> None:
    logger.info("evaluating", stage=stage, done=done, of=of)


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
