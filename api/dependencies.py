"""What routes have in common: the services, checked symbols and the current insight."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final, cast

from fastapi import Depends, Path, Request
from pydantic import AfterValidator, BeforeValidator

from api.problems import AnalysisPendingError
from api.services import Services
from stock_ai.errors import NotFoundError
from stock_ai.market.symbols import is_symbol
from stock_ai.models.analysis import AiAnalysis
from stock_ai.models.insight import Insight

if TYPE_CHECKING:
    from stock_ai.ports.prices import SymbolInfo

MOST_SYMBOLS: Final = 100
"""So many symbols can be asked for at once."""
_LONGEST_LIST: Final = 2_000
"""Characters of a list of symbols."""
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class UnknownSymbolError(NotFoundError):
    """No price of the symbol is stored; `suggestions` are known symbols that are near, best first."""

    def __init__(self, symbol: str, suggestions: Sequence[str]) -> None:
        super().__init__(f"symbol {symbol} is not known here: no price of it is stored")
        self.suggestions = list(suggestions)


async def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)


ServicesDep = Annotated[Services, Depends(_services)]


def _symbol(text: str) -> str:
    # Upper-casing can turn a letter outside ASCII into two inside it, so those are refused first.
    symbol = text.upper() if text.isascii() else text
    if not is_symbol(symbol):
        raise ValueError("must be a symbol such as FPT or VNINDEX")
    return symbol


def symbols_of(text: str) -> list[str]:
    """The symbols in a text such as `FPT,acb`: upper-cased, each once, in their order.

    Raises:
        ValueError: one has not the form of a symbol, which the message names, or there are too many.
    """
    if len(text) > _LONGEST_LIST:
        raise ValueError(f"must be at most {_LONGEST_LIST} characters")
    return _each_once([_named(part.strip()) for part in text.split(",")])


def _named(text: str) -> str:
    try:
        return _symbol(text)
    except ValueError as error:
        raise ValueError(f"{text[:20]!r} {error}") from None


def _each_once(symbols: Sequence[str]) -> list[str]:
    once = list(dict.fromkeys(symbols))
    if len(once) > MOST_SYMBOLS:
        raise ValueError(f"at most {MOST_SYMBOLS} symbols, and these are {len(once)}")
    return once


Symbol = Annotated[
    str,
    AfterValidator(_symbol),
    Path(description="Symbol of HOSE, HNX or UPCOM, or an index; case does not matter.", examples=["FPT"]),
]
OneSymbol = Annotated[str, AfterValidator(_symbol)]
"""A symbol in a body, upper-cased."""
Symbols = Annotated[list[OneSymbol], AfterValidator(_each_once)]
"""Symbols in a body, each once."""
SymbolText = Annotated[str, AfterValidator(lambda text: ",".join(symbols_of(text)))]
"""Symbols in a query, separated by commas, as `symbols_of` gives them."""


def _written(value: object) -> object:
    # Pydantic also takes a number, for seconds since 1970.
    if isinstance(value, str) and not _DATE.fullmatch(value):
        raise ValueError("must be a date such as 2025-08-22")
    return value


Day = Annotated[dt.date, BeforeValidator(_written)]
"""A date in a query, written as ISO 8601 does."""


def known(services: Services, symbol: str) -> SymbolInfo:
    """The stored span of `symbol`.

    Raises:
        UnknownSymbolError: no bar of it is stored.
    """
    info = services.prices.symbol(symbol)
    if info is None:
        # Who asks for symbols that there are need not wait for it.
        from stock_ai.market.search import suggest

        raise UnknownSymbolError(symbol, suggest(symbol, (info.symbol for info in services.prices.symbols())))
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
