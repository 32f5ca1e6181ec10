"""Analyses from both result topics into what the API serves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from stock_ai.clock import Clock
from stock_ai.errors import InvalidInputError, PoisonRecordError
from stock_ai.models import topics
from stock_ai.models.analysis import AiAnalysis
from stock_ai.models.llm import LlmAnalysis
from stock_ai.ports.analyses import AnalysisStore, InsightStore, SignalLog
from stock_ai.ports.prices import QuarantineStore
from stock_ai.ports.streams import Publisher
from stock_ai.streaming.records import KafkaRecord, decode
from stock_ai.streaming.rejects import Reject, is_redriven, set_aside, undecodable, undecodable_id
from stock_ai.track_record.records import issued

_REPORT_EVERY = 500


@dataclass(frozen=True, slots=True)
class AggregatedAnalyses:
    """What became of a batch. The number of records is `accepted +` the sum of `quarantined`."""

    accepted: int
    issued: int
    """Signals that are new to the track record."""
    insights: int
    quarantined: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RebuiltInsights:
    """What a rebuild has made."""

    insights: int
    analyses: int
    """Those it was made from; one that was made several times counts as first and as last made."""


def aggregate(
    records: Iterable[KafkaRecord],
    analyses: AnalysisStore,
    signals: SignalLog,
    insights: InsightStore,
    quarantine: QuarantineStore,
    publisher: Publisher,
    clock: Clock,
) -> AggregatedAnalyses:
    """Keep the analyses of a batch and the signals they issue for good, then bring the insights up to date.

    The order matters: what an insight shows can always be rebuilt from what is kept, and no signal is shown that the
    track record does not know. A redriven analysis that is accepted is quarantined no more.

    Raises:
        RetryableError: broker or a store is away; doing all again is safe.
        InvalidInputError: a record is from a topic that carries no analyses: the function is wired wrongly.
    """
    accepted: list[AiAnalysis | LlmAnalysis] = []
    rejects: list[Reject] = []
    redriven: list[str] = []
    for record in records:
        try:
            accepted.append(_decode(record))
        except PoisonRecordError as error:
            rejects.append(undecodable(record, error))
            continue
        if is_redriven(record):
            redriven.append(undecodable_id(record))
    quarantined = set_aside(rejects, publisher, quarantine, clock)
    analyses.add(accepted)
    stated = [signal for one in accepted if isinstance(one, AiAnalysis) and (signal := issued(one))]
    new = signals.issue(stated, clock())
    changed = insights.apply(accepted)
    if redriven:
        quarantine.let_through(redriven, clock())
    return AggregatedAnalyses(len(accepted), new, changed, quarantined)


def rebuild(
    analyses: AnalysisStore, insights: InsightStore, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> RebuiltInsights:
    """Make all insights, histories and rows of the market anew from the kept analyses.

    `progress` is told how many analyses are done, of about how many.

    Raises:
        RetryableError: a store is away; the insights may be partly made, and doing it again is safe.
    """
    total, done = analyses.count(), 0

    def counted() -> Iterator[AiAnalysis | LlmAnalysis]:
        nonlocal done
        for analysis in analyses.all():
            yield analysis
            done += 1
            if done % _REPORT_EVERY == 0:
                progress(done, total)

    made = insights.rebuild(counted())
    progress(done, done)
    return RebuiltInsights(made, done)


def _decode(record: KafkaRecord) -> AiAnalysis | LlmAnalysis:
    if record.topic == topics.AI_ANALYSIS_RESULTS:
        return decode(record, AiAnalysis)
    if record.topic == topics.LLM_ANALYSIS_RESULTS:
        return decode(record, LlmAnalysis)
    raise InvalidInputError(f"topic: {record.topic!r} carries no analyses")
