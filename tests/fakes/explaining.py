"""The explaining service with its ports in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

from functions.llm_analysis.service import Explainer
from functions.llm_analysis.template import TemplateProvider
from tests.fakes.api_services import NOW, make_analysis
from tests.fakes.clock import FixedClock
from tests.fakes.publisher import RecordingPublisher
from tests.fakes.stores import MemoryInsightStore


@dataclass
class MemoryAnswerCache:
    """Implements the service's `AnswerCache`."""

    kept: dict = field(default_factory=dict)

    def get(self, symbol, fingerprint):
        return self.kept.get((symbol, fingerprint))

    def put(self, fingerprint, answer):
        self.kept[answer.symbol, fingerprint] = answer


def explaining(provider=None, fallback=None):
    """An `Explainer` around a provider; its ports are attributes beside it."""
    insights = MemoryInsightStore()
    insights.apply([make_analysis()])
    ports = {
        "insights": insights,
        "cache": MemoryAnswerCache(),
        "publisher": RecordingPublisher(),
        "clock": FixedClock(NOW),
    }
    explainer = Explainer(
        provider=provider or TemplateProvider(), fallback=fallback or TemplateProvider("claude-test"), **ports
    )
    return SimpleNamespace(explain=explainer.explain, **ports)
