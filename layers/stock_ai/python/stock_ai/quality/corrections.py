"""A bar made right by hand: what may be changed, and that the result keeps every hard rule."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from pydantic import ValidationError

from stock_ai.clock import to_millisecond
from stock_ai.errors import InvalidInputError
from stock_ai.market.symbols import is_index
from stock_ai.models.base import SCHEMA_VERSION
from stock_ai.models.price import StockPrice, price_event_id
from stock_ai.quality.explanations import explain
from stock_ai.quality.rules import hard_faults

_PRICES: Final = ("open", "high", "low", "close", "adjusted_close")
CORRECTABLE: Final = ("symbol", "interval", "time", *_PRICES, "volume", "provisional", "basis")
"""Fields of a bar that may be corrected. Its source stays, since the correction is recorded beside it."""

_LARGEST: Final = 2**63 - 1
_SHOWN: Final = 80


def fields_of(value: bytes) -> dict[str, Any] | None:
    """The fields of a message as they were sent; None where it is no JSON object."""
    try:
        content = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def corrected(value: bytes, changes: Mapping[str, Any], now: dt.datetime) -> StockPrice:
    """The bar of message `value` with `changes` (field to JSON value) made, as received at `now` (aware).

    It is newer than any version of the bar before, and so replaces the one that is stored.

    Raises:
        InvalidInputError: the message has no fields to correct, a change is not possible or changes nothing, or the
            result still breaks a hard rule; names the field and the value, or the rule.
    """
    content = _fields(value)
    for name in changes:
        if name not in CORRECTABLE:
            raise InvalidInputError(f"{name}: cannot be corrected (one of {', '.join(CORRECTABLE)} can)")
    if all(name in content and content[name] == wanted for name, wanted in changes.items()):
        raise InvalidInputError("the correction changes nothing; a record that is right as it is can be released")
    content |= {**changes, "event_id": "", "ingested_at": to_millisecond(now).isoformat()}
    try:
        bar = StockPrice.model_validate_json(json.dumps(content), strict=True)
    except (ValidationError, OverflowError) as error:
        raise InvalidInputError(_fault(error)) from None
    whole = {name: _in_its_unit(name, getattr(bar, name), bar.symbol) for name in _PRICES}
    bar = bar.model_copy(update=whole)
    if bar.volume is not None and abs(bar.volume) > _LARGEST:
        raise InvalidInputError(f"volume: {str(bar.volume)[:_SHOWN]} does not fit 64 bits")
    must_keep_hard_rules(bar, now)
    event_id = price_event_id(
        bar.symbol, bar.interval, bar.time, bar.open, bar.high, bar.low, bar.close,
        bar.adjusted_close, bar.volume, bar.source, bar.provisional, bar.basis,
    )  # fmt: skip
    return bar.model_copy(update={"event_id": event_id})


def described(value: bytes, changes: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """For each field of `changes` what it was and what it becomes, as JSON, shortened.

    Raises:
        InvalidInputError: the message has no fields.
    """
    before = _fields(value)
    return {
        name: (json.dumps(before.get(name))[:_SHOWN], json.dumps(wanted)[:_SHOWN]) for name, wanted in changes.items()
    }


def must_keep_hard_rules(bar: StockPrice, now: dt.datetime) -> None:
    """Refuse a bar that the consumer would set aside.

    Raises:
        InvalidInputError: it breaks a hard rule at `now` (aware); names each rule and says what is wrong.
    """
    faults = hard_faults(bar, now)
    if faults:
        raise InvalidInputError("; ".join(f"still {fault}: {explain(fault, bar, '')}" for fault in faults))


def _fields(value: bytes) -> dict[str, Any]:
    content = fields_of(value)
    if content is None:
        raise InvalidInputError("the record is not a JSON object, so it has no fields to correct")
    if content.get("schema_version") != SCHEMA_VERSION:
        raise InvalidInputError(
            f"schema_version: {str(content.get('schema_version'))[:_SHOWN]} is not {SCHEMA_VERSION}"
        )
    return content


def _in_its_unit(name: str, price: int | Decimal | None, symbol: str) -> int | Decimal | None:
    if price is not None and not -_LARGEST <= price <= _LARGEST:
        raise InvalidInputError(f"{name}: {str(price)[:_SHOWN]} does not fit 64 bits")
    if price is None or is_index(symbol) or price == int(price):
        return price if price is None or is_index(symbol) else int(price)
    raise InvalidInputError(f"{name}: {price} is not whole VND")


def _fault(error: ValidationError | OverflowError) -> str:
    if isinstance(error, OverflowError):
        return "time: the instant is beyond the calendar"
    first = error.errors(include_url=False, include_context=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "record"
    given = "" if first["type"] == "missing" else f", got {str(first['input'])[:_SHOWN]!r}"
    return f"{name}: {first['msg'].removeprefix('Value error, ')}{given}"
