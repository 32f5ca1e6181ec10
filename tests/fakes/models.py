"""A model registry in memory, and verdicts, for tests of what is done with models."""

from __future__ import annotations

from collections import Counter

from stock_ai.errors import NotFoundError, RetryableError
from stock_ai.ml.card import Comparison, Verdict


class MemoryRegistry:
    """Implements `ModelRegistry`; counts how often each model was read."""

    def __init__(self):
        self.kept = {}
        self.history = None
        self.read = Counter()

    def put(self, version, card, blob):
        self.kept[version] = (card, blob)

    def card(self, version):
        if version not in self.kept:
            raise NotFoundError(f"model version {version!r} is not in the registry")
        return self.kept[version][0]

    def get(self, version):
        self.read[version] += 1
        return self.card(version), self.kept[version][1]

    def versions(self):
        return sorted(self.kept)

    def champions(self):
        return self.history

    def replace_champions(self, before, after):
        if self.history != before:
            raise RetryableError("model registry: another champion was appointed meanwhile")
        self.history = after


def verdict(promoted=True, champion=None, reason="better"):
    beside = Comparison(
        rows=100,
        sessions=20,
        log_loss=1.0,
        other_log_loss=1.01,
        difference=-0.01,
        interval=(-0.02, 0.0),
        rank_ic_difference=None,
    )
    return Verdict(promoted=promoted, reason=reason, champion=champion, against_base=beside, against_champion=None)
