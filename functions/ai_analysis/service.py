"""Bars in, one `AiAnalysis` per symbol out, batch by batch."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from functions.ai_analysis.market import look
from functions.ai_analysis.messages import message
from functions.ai_analysis.opinions import Opinion, opinions
from stock_ai.errors import NotFoundError
from stock_ai.indicators import Panel
from stock_ai.ml.model import Model
from stock_ai.models import topics
from stock_ai.models.analysis import ModelRef
from stock_ai.models.base import SCHEMA_VERSION
from stock_ai.observability import logger
from stock_ai.ports.streams import Publisher

BATCH = 200
"""Symbols that are published, acknowledged and noted together."""
RESERVE_MS = 20_000
"""Time kept back for one batch and its flush: a run that comes this near to its end stops."""
_HEADERS = (("schema_version", str(SCHEMA_VERSION).encode()),)


class Ledger(Protocol):
    """Which analysis of each symbol was published last. Every call may raise `RetryableError`."""

    def last(self) -> Mapping[str, str]:
        """The id of the last published analysis of each symbol."""

    def record(self, published: Mapping[str, str]) -> None:
        """Note ids of analyses that are acknowledged, by symbol."""

    def stopped_at(self) -> str | None:
        """The symbol before which the last run that was cut short has stopped; None before the first such run."""

    def stop_at(self, symbol: str) -> None:
        """Note where a run stops, so that the next one begins there."""


@dataclass(frozen=True, slots=True)
class AnalysisReport:
    """What one run did. `analyses` is `published` + `known`, and the sum of both tallies."""

    analyses: int
    published: int
    known: int
    """Analyses that say what was published before: not published again."""
    left: int
    """Symbols for which the time was not enough: the next run begins with them."""
    unfinished: bool
    signals: dict[str, int]
    withheld: dict[str, int]
    model: str | None


def analyse(
    panel: Panel,
    model: Model | None,
    publisher: Publisher,
    ledger: Ledger,
    now: dt.datetime,
    remaining_ms: Callable[[], int],
    symbols: Sequence[str] = (),
) -> AnalysisReport:
    """Publish one analysis, keyed by symbol, for each of `symbols` (empty: all of the panel) that has news.

    The whole market is looked at and judged at once, since ranks and the model compare all stocks of a date; messages
    go by batches. A batch is acknowledged before the ledger has it: if the run is killed in between, the next one
    publishes that batch again, under the same ids, by which consumers know them. Nothing else is published twice;
    `message` says what is the same.

    Args:
        panel: all symbols, even where few are asked for.
        model: the model in use, or None.
        publisher: where analyses go.
        ledger: which are published already.
        now: the event time, taken before the panel was read: of two runs the one that read later is the newer.
        remaining_ms: milliseconds until the run is killed.
        symbols: which to analyse.

    Raises:
        NotFoundError: a symbol that was asked for has no bars; nothing was published.
        RetryableError: broker or ledger is away; running again goes on from there.
    """
    known = set(panel.symbols)
    for symbol in symbols:
        if symbol not in known:
            raise NotFoundError(f"symbols: {symbol!r} has no daily bars")
    market = look(panel)
    said = dict(zip(market.seen, opinions(list(market.seen.values()), market.sessions, model), strict=True))
    wanted = _ordered([symbol for symbol in panel.symbols if not symbols or symbol in symbols], ledger.stopped_at())
    last = ledger.last()
    reference = None if model is None else _reference(model)
    signals: Counter[str] = Counter()
    withheld: Counter[str] = Counter()
    published = done = 0
    for start in range(0, len(wanted), BATCH):
        if remaining_ms() < RESERVE_MS:
            ledger.stop_at(wanted[start])
            break
        batch = [market.seen[symbol] for symbol in wanted[start : start + BATCH]]
        fresh: dict[str, str] = {}
        for seen in batch:
            symbol = seen.bars.symbol
            opinion = said[symbol]
            analysis_id, content = message(seen, opinion, reference, now)
            if last.get(symbol) != analysis_id:
                publisher.publish(topics.AI_ANALYSIS_RESULTS, symbol, content, _HEADERS)
                fresh[symbol] = analysis_id
            if isinstance(opinion, Opinion):
                signals[opinion.signal.value] += 1
            else:
                withheld[opinion.reason.value] += 1
        if fresh:
            publisher.flush()
            ledger.record(fresh)
        published += len(fresh)
        done += len(batch)
        logger.info("analysed", symbols=done, of=len(wanted), published=published)
    return AnalysisReport(
        analyses=done,
        published=published,
        known=done - published,
        left=len(wanted) - done,
        unfinished=done < len(wanted),
        signals=dict(sorted(signals.items())),
        withheld=dict(sorted(withheld.items())),
        model=model.card.version if model else None,
    )


def _reference(model: Model) -> ModelRef:
    card = model.card
    return ModelRef(
        name=card.name, version=card.version, trained_until=card.trained_until, proven_skill=card.proven_skill
    )


def _ordered(symbols: list[str], first: str | None) -> list[str]:
    """The symbols from `first` on, then those before it: what had to wait comes first."""
    return sorted(symbols, key=lambda symbol: (first is not None and symbol < first, symbol))
