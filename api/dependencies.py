"""What routes have in common: the services, a checked symbol and the current insight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Path, Request
from pydantic import AfterValidator

from api.problems import AnalysisPendingError
from api.services import Services
from stock_ai.errors import NotFoundError
from stock_ai.market.symbols import is_symbol
from stock_ai.models import AiAnalysis, Insight

if TYPE_CHECKING:
    from stock_ai.ports import SymbolInfo


async def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)


ServicesDep = Annotated[Services, Depends(_services)]


def _symbol(text: str) -> str:
    # Upper-casing can turn a letter outside ASCII into two inside it, so those are refused first.
    symbol = text.upper() if text.isascii() else text
    if not is_symbol(symbol):
        raise ValueError("must be a symbol such as FPT or VNINDEX")
    return symbol


Symbol = Annotated[
    str,
    AfterValidator(_symbol),
    Path(description="Symbol of HOSE, HNX or UPCOM, or an index; case does not matter.", examples=["FPT"]),
]


def known(services: Services, symbol: str) -> SymbolInfo:
    """The stored span of `symbol`.

    Raises:
        NotFoundError: no bar of it is stored.
    """
    info = services.prices.symbol(symbol)
    if info is None:
        raise NotFoundError(f"symbol {symbol} is not known here: no price of it is stored")
    return info


def current_insight(services: Services, symbol: str) -> Insight:
    """The current insight of `symbol`, in one read when there is one.

    Raises:
        NotFoundError: the symbol is unknown.
        AnalysisPendingError: it is known and has not been analysed yet.
    """
    insight = services.insights.get(symbol)
    if insight is None:
        info = known(services, symbol)
        raise AnalysisPendingError(f"symbol {symbol} has prices until {info.last} and no analysis yet")
    return insight


def current_analysis(services: Services, symbol: str) -> tuple[Insight, AiAnalysis]:
    """The current insight with its AI part.

    Raises:
        NotFoundError: the symbol is unknown.
        AnalysisPendingError: it has no AI analysis yet.
    """
    insight = current_insight(services, symbol)
    if insight.ai is None:
        raise AnalysisPendingError(f"symbol {symbol} has a text and no analysis of its indicators yet")
    return insight, insight.ai
