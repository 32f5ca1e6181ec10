"""Data quality as the API answers it: the report that the last analysis left in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from api.dependencies import known
from api.freshness import Gauge
from api.problems import AnalysisPendingError
from api.schemas import Answer, Freshness
from api.services import Services
from stock_ai.errors import InvalidInputError
from stock_ai.market.symbols import is_symbol

if TYPE_CHECKING:
    from stock_ai.quality.report import MarketQuality, Quality, SymbolQuality
else:

    class _Later:
        """A model of the report, imported when a schema is first built from it: a cold start does without them."""

        def __init__(self, name: str) -> None:
            self._name = name

        def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
            from stock_ai.quality import report

            return handler.generate_schema(getattr(report, self._name))

    MarketQuality = Annotated[Any, _Later("MarketQuality")]
    SymbolQuality = Annotated[Any, _Later("SymbolQuality")]


class DataQuality(Answer):
    """How right the stored daily prices are: of the market, or of the symbol that was asked for."""

    market: MarketQuality | None = Field(description="All symbols together; null where one symbol was asked for.")
    symbol: SymbolQuality | None = Field(description="The symbol that was asked for, else null.")


def data_quality(services: Services, symbol: str | None) -> DataQuality:
    """The newest report, of the market or of one symbol in whichever case.

    Raises:
        InvalidInputError: `symbol` has not the form of one.
        NotFoundError: no bar of the symbol is stored.
        AnalysisPendingError: no report has been made since there are bars.
    """
    if symbol is None:
        market = services.quality.market()
        if market is None:
            raise AnalysisPendingError("the quality of the stored prices is not computed yet")
        return DataQuality(market=market, symbol=None, freshness=_freshness(market, services))
    name = symbol.upper()
    if not symbol.isascii() or not is_symbol(name):
        raise InvalidInputError(f"query.symbol: must be a symbol such as FPT or VNINDEX (got {symbol!r})")
    one = services.quality.symbol(name)
    if one is None:
        info = known(services, name)
        raise AnalysisPendingError(f"symbol {name} has prices until {info.last}; their quality is not computed yet")
    return DataQuality(market=None, symbol=one, freshness=_freshness(one, services))


def _freshness(quality: Quality, services: Services) -> Freshness:
    return Gauge(services).of(
        quality.last, quality.source, provisional=quality.provisional, simulated=quality.simulated
    )
