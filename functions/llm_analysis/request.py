"""What llm_analysis may be asked."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from stock_ai.errors import InvalidInputError
from stock_ai.market.symbols import is_symbol
from stock_ai.models.llm import Language
from stock_ai.settings import LlmProviderName

_Choice = TypeVar("_Choice", bound=StrEnum)


class Request(NamedTuple):
    """One question."""

    symbol: str
    language: Language
    provider: LlmProviderName | None
    """The one that is to write; None leaves it to the settings."""


def requested(event: Mapping[str, Any]) -> Request:
    """The question in an event such as `{"symbol": "FPT", "language": "vi"}`; English unless it says otherwise.

    Raises:
        InvalidInputError: a field is missing or wrong; the message names it with its value.
    """
    provider = event.get("provider")
    return Request(
        symbol=parse_symbol(event.get("symbol")),
        language=_choice("language", event.get("language", Language.ENGLISH), Language),
        provider=None if provider is None else _choice("provider", provider, LlmProviderName),
    )


def parse_symbol(value: object) -> str:
    """The symbol named by `value`, in upper case.

    Raises:
        InvalidInputError: it has not the form of a symbol.
    """
    symbol = value.upper() if isinstance(value, str) and value.isascii() else ""
    if not is_symbol(symbol):
        raise InvalidInputError(f"symbol {value!r} is not a symbol such as FPT or VNINDEX")
    return symbol


def _choice(field: str, value: object, choices: type[_Choice]) -> _Choice:
    try:
        return choices(str(value))
    except ValueError:
        raise InvalidInputError(f"{field} {value!r} is not one of {', '.join(sorted(choices))}") from None
