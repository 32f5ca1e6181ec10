"""One `AiAnalysis` as it is published."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from functions.ai_analysis.market import Seen
from functions.ai_analysis.opinions import Opinion
from stock_ai.indicators import Bars
from stock_ai.market.symbols import is_index
from stock_ai.models.analysis import AiAnalysis, ModelRef, Withheld
from stock_ai.models.base import Price, digest


def message(seen: Seen, said: Opinion | Withheld, model: ModelRef | None, now: dt.datetime) -> tuple[str, bytes]:
    """The id of an analysis and its wire form, made at `now` (aware, UTC).

    The id is a digest of all that the analysis says and not of when it was made: with the same bars of the symbol,
    the same model and the same market around it (ranks, breadth, index) it is the same.
    """
    bars = seen.bars
    spoken = said if isinstance(said, Opinion) else None
    analysis = AiAnalysis(
        analysis_id="",
        symbol=bars.symbol,
        event_time=now,
        as_of=bars.last_date,
        bars=len(bars),
        close=_price(bars),
        signal=spoken and spoken.signal,
        confidence=spoken and spoken.confidence,
        probabilities=spoken and spoken.probabilities,
        band=spoken and spoken.band,
        withheld=said if isinstance(said, Withheld) else None,
        model=model if spoken else None,
        indicators=seen.indicators,
        nulls=seen.nulls,
        reasons=spoken.reasons if spoken else [],
        adjusted=bars.adjusted,
        provisional=bars.provisional,
        source=bars.source,
        simulated=bars.simulated,
    )
    # Written once: the digest is over the text, and the two fields it leaves out go in front.
    content = analysis.model_dump_json(exclude={"analysis_id", "event_time"})
    analysis_id = digest(content)
    return analysis_id, f'{{"analysis_id":"{analysis_id}","event_time":"{now.isoformat()}",{content[1:]}'.encode()


def _price(bars: Bars) -> Price:
    """The last close as it was stored: whole VND, or points with two decimals. float64 holds both exactly enough."""
    close = float(bars.close[-1])
    return Decimal(f"{close:.2f}") if is_index(bars.symbol) else round(close)
