"""The reasons of quarantine in plain words, for an operator who has to decide what to do with a record."""

from __future__ import annotations

from stock_ai.models.base import Price
from stock_ai.models.price import StockPrice
from stock_ai.quality.rules import Reason


def explain(reason: str, bar: StockPrice | None, detail: str) -> str:
    """What was wrong with a record that was set aside for `reason`, and what can be done.

    `bar` is the record where it can be read as one, and names the values at fault; `detail` is what was written down
    when the record was set aside.
    """
    if reason == Reason.UNKNOWN_SCHEMA_VERSION:
        return (
            f"The message is of a version that this release does not read ({detail}). "
            "Upgrade, then release it; it cannot be corrected by hand."
        )
    if reason == Reason.UNDECODABLE or bar is None:
        return f"The message cannot be read as what its topic carries: {detail}. A bar can be corrected field by field."
    words = {
        Reason.NON_POSITIVE_PRICE: _non_positive,
        Reason.LOW_ABOVE_BODY: _low_above_body,
        Reason.HIGH_BELOW_BODY: _high_below_body,
        Reason.NEGATIVE_VOLUME: _negative_volume,
        Reason.FUTURE_TIME: _future_time,
        Reason.BAD_SYMBOL: _bad_symbol,
    }
    return words[Reason(reason)](bar)


def _non_positive(bar: StockPrice) -> str:
    prices = {"open": bar.open, "high": bar.high, "low": bar.low, "close": bar.close}
    wrong = [f"{name} is {_number(price)}" for name, price in prices.items() if price is None or price <= 0]
    return f"Open, high, low and close must all be there and above zero, but {', '.join(wrong)}."


def _low_above_body(bar: StockPrice) -> str:
    return (
        f"The low, {_number(bar.low)}, is above the open, {_number(bar.open)}, or the close, {_number(bar.close)}, "
        "and a session trades at both."
    )


def _high_below_body(bar: StockPrice) -> str:
    return (
        f"The high, {_number(bar.high)}, is below the open, {_number(bar.open)}, or the close, {_number(bar.close)}, "
        "and a session trades at both."
    )


def _negative_volume(bar: StockPrice) -> str:
    return f"The volume is {_number(bar.volume)}, and no fewer than zero shares can change hands."


def _future_time(bar: StockPrice) -> str:
    return f"The bar is of {bar.time.isoformat()}, which had not come when it arrived. Once it has, release the record."


def _bad_symbol(bar: StockPrice) -> str:
    return (
        f"{bar.symbol[:40]!r} is no symbol: a stock has three letters or digits, an ETF or warrant eight, "
        "and an index is known by name. Letters are capitals."
    )


def _number(value: Price | None) -> str:
    return "missing" if value is None else f"{value:,}"
