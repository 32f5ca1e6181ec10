"""A model that says the plainest thing, and one run of the analysis with its ports in memory."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import numpy as np

from functions.ai_analysis.service import analyse
from stock_ai.ml.features import FEATURE_NAMES
from stock_ai.ml.model import SIGNALS
from stock_ai.models import topics
from stock_ai.models.analysis import AiAnalysis, SignalReason
from tests.fakes.ledger import MemoryLedger
from tests.fakes.publisher import RecordingPublisher

NOW = dt.datetime(2025, 8, 26, 8, 20, tzinfo=dt.UTC)
AMPLE = 600_000


class RankModel:
    """As `stock_ai.ml.model.Model`: the higher a stock ranks by its last five sessions, the likelier it is to rise."""

    def __init__(self, version="v1", threshold=0.0, expires_on=dt.date(2030, 1, 1), simulated=True):
        self.card = SimpleNamespace(
            name="rank",
            version=version,
            trained_until=dt.date(2021, 12, 31),
            proven_skill=False,
            threshold=threshold,
            expires_on=expires_on,
            simulated=simulated,
        )

    def predict(self, features, session):
        rank = features[:, FEATURE_NAMES.index("rank_return_5")]
        scores = np.exp(np.column_stack([-rank, np.full(len(rank), 0.1), rank]))
        return scores / scores.sum(axis=1, keepdims=True)

    def explain(self, features, session, signals):
        ranks = features[:, FEATURE_NAMES.index("rank_return_5")].tolist()
        return [
            [SignalReason(feature="rank_return_5", value=rank, weight=rank, text=f"ranks {rank:.3g}: {signal.value}")]
            for rank, signal in zip(ranks, signals, strict=True)
        ]

    def expected(self, rank):
        """The probabilities of one rank, by signal."""
        row = np.full((1, len(FEATURE_NAMES)), rank)
        return dict(zip(SIGNALS, self.predict(row, [0])[0].tolist(), strict=True))


def found(publisher):
    """The analyses that were published, by symbol; each symbol once, on the right topic and under its own key."""
    analyses = {sent.key: AiAnalysis.model_validate_json(sent.value) for sent in publisher.sent}
    assert len(analyses) == len(publisher.sent)
    assert {sent.topic for sent in publisher.sent} <= {topics.AI_ANALYSIS_RESULTS}
    assert all(key == analysis.symbol for key, analysis in analyses.items())
    return analyses


def run(panel, model, ledger=None, symbols=(), now=NOW, remaining_ms=lambda: AMPLE, publisher=None):
    """The report and what was published, by symbol; without a ledger nothing was published before."""
    publisher = publisher or RecordingPublisher()
    ledger = MemoryLedger() if ledger is None else ledger
    report = analyse(panel, model, publisher, ledger, now, remaining_ms, symbols)
    analyses = found(publisher)
    assert len(analyses) == report.published
    assert report.analyses == report.published + report.known
    assert sum(report.signals.values()) + sum(report.withheld.values()) == report.analyses
    assert report.unfinished is (report.left > 0)
    return report, analyses
