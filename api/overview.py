"""The market at a glance, computed from what was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from api import freshness
from api.schemas import Breadth, IndexMove, RankedSignal
from stock_ai.market.symbols import is_index
from stock_ai.models import Insight, Price, Signal, StockPrice, WithheldReason

DAY_CHANGE = "roc_1"
"""The indicator that compares the last two closes of a stock, adjusted, so that a dividend is not a decline."""


def breadth(symbols: Sequence[str], insights: Mapping[str, Insight]) -> Breadth:
    """Advancers and decliners among the stocks in `symbols`, in the newest session analysed; indices do not count."""
    stocks = [symbol for symbol in symbols if not is_index(symbol)]
    analyses = [insight.ai for symbol in stocks if (insight := insights.get(symbol)) and insight.ai]
    session = max((analysis.as_of for analysis in analyses), default=None)
    moves: Counter[int] = Counter()
    for analysis in analyses:
        change = analysis.indicators.get(DAY_CHANGE)
        if analysis.as_of == session and change is not None:
            moves[(change > 0) - (change < 0)] += 1
    return Breadth(
        session=session,
        advancers=moves[1],
        decliners=moves[-1],
        unchanged=moves[0],
        not_compared=len(stocks) - moves.total(),
    )


def signals(insights: Iterable[Insight]) -> dict[Signal, int]:
    """How many insights carry each signal, zeros included."""
    counts = Counter(insight.signal for insight in insights)
    return {signal: counts[signal] for signal in Signal}


def withheld(insights: Iterable[Insight]) -> dict[WithheldReason, int]:
    """How many insights have no signal, by reason."""
    return dict(Counter(insight.withheld.reason for insight in insights if insight.withheld is not None))


def top(insights: Iterable[Insight], count: int) -> list[RankedSignal]:
    """The BUY and SELL signals of the highest confidence; of equals the first in the alphabet."""
    ranked = [
        RankedSignal(
            symbol=insight.symbol,
            signal=insight.signal,
            confidence=insight.confidence,
            close=insight.close,
            as_of=insight.as_of,
        )
        for insight in insights
        if insight.signal in (Signal.BUY, Signal.SELL) and insight.confidence is not None
    ]
    return sorted(ranked, key=lambda item: (-item.confidence, item.symbol))[:count]


def index_move(bars: Sequence[StockPrice]) -> IndexMove | None:
    """The move from the last bar but one to the last; None without bars."""
    if not bars:
        return None
    last = bars[-1]
    before: Price | None = bars[-2].close if len(bars) > 1 else None
    change = round(float(last.close / before - 1) * 100, 2) if last.close is not None and before else None
    return IndexMove(
        symbol=last.symbol,
        as_of=freshness.trading_date(last),
        close=last.close,
        previous_close=before,
        change_percent=change,
    )
