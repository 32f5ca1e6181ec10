"""The bodies of both providers, as of vnstock 4.0.8."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.fakes.vnstock_stub.faults import ROW_FAULTS, Fault, Row, as_text
from tests.fakes.vnstock_stub.market import StubBar, StubMarket

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_KBS_MINUTES = {"1P": 1, "5P": 5, "15P": 15, "60P": 60}


def kbs_history(
    market: StubMarket, symbol: str, suffix: str, start: dt.date, end: dt.date, faults: Collection[Fault]
) -> dict[str, Any]:
    """Of /stocks/ACB/data_day and its like: newest first, days stamped 07:00, numbers as text."""
    daily = suffix == "day"
    bars = market.daily.get(symbol, []) if daily else _merged(market.minutes.get(symbol, []), _KBS_MINUTES[suffix])
    rows = _spoilt([_row(bar) for bar in bars if start <= bar.time.date() <= end], faults)
    hour = "00:00" if Fault.MIDNIGHT in faults else "07:00"
    written = [
        {
            "t": f"{row['t']:%Y-%m-%d} {hour}" if daily else f"{row['t']:%Y-%m-%d %H:%M}",
            **{name: as_text(row[name]) for name in "ohlcv"},
        }
        for row in reversed(rows)
    ]
    return {"symbol": symbol, f"data_{suffix}": [_renamed(row, faults) for row in written]}


def vci_history(
    market: StubMarket, symbol: str, frame: str, to: int, count: int, faults: Collection[Fault]
) -> list[dict[str, Any]]:
    """Of chart/OHLCChart/gap-chart: columns, the last `count` bars until `to`, seconds in UTC as text."""
    daily = frame == "ONE_DAY"
    bars = market.daily.get(symbol, []) if daily else _merged(market.minutes.get(symbol, []), _VCI_MINUTES[frame])
    zone = dt.UTC if daily else ZONE
    chosen = [bar for bar in bars if bar.time.replace(tzinfo=zone).timestamp() <= to][-count:]
    rows = _spoilt([_row(bar) for bar in chosen], faults)
    columns = {name: [None if row[name] is None else float(row[name]) for row in rows] for name in "ohlcv"}
    stamps = [str(int(row["t"].replace(tzinfo=zone).timestamp())) for row in rows]
    return [_renamed({"symbol": symbol, **columns, "t": stamps}, faults)]


_VCI_MINUTES = {"ONE_MINUTE": 1, "ONE_HOUR": 60}


def kbs_board(market: StubMarket, symbols: Iterable[str]) -> list[dict[str, Any]]:
    """Of stock/iss: the newest day of each known symbol, in VND, order book as text."""
    return [
        {
            "SB": symbol,
            "EX": "HOSE",
            "t": int(bar.time.replace(hour=14, minute=45, tzinfo=ZONE).timestamp() * 1000),
            "RE": float(bar.open),
            "OP": float(bar.open),
            "HI": float(bar.high),
            "LO": float(bar.low),
            "CP": float(bar.close),
            "CV": 100,
            "TT": bar.volume,
            "B1": str(bar.close),
            "V1": "300",
        }
        for symbol, bar in _newest(market, symbols)
    ]


def kbs_companies(market: StubMarket) -> list[dict[str, Any]]:
    """Of stock/search/data: every security."""
    return [
        {
            "symbol": company.symbol,
            "name": company.name,
            "nameEn": company.name_en,
            "exchange": company.exchange,
            "type": company.kind,
            "index": place,
            "re": 20_000,
            "ceiling": 21_400,
            "floor": 18_600,
        }
        for place, company in enumerate(market.companies)
    ]


def vci_companies(market: StubMarket) -> list[dict[str, Any]]:
    """Of price/symbols/getAll."""
    return [
        {
            "id": place,
            "symbol": company.symbol,
            "board": {"HOSE": "HSX"}.get(company.exchange, company.exchange),
            "type": company.kind.upper(),
            "organName": company.name,
            "organShortName": company.symbol,
            "enOrganName": company.name_en,
            "enOrganShortName": company.symbol,
        }
        for place, company in enumerate(market.companies)
    ]


def vci_industries(market: StubMarket) -> dict[str, Any]:
    """Of company/search-bar: stocks only, with each level of the ICB that a company has."""
    return {
        "status": 200,
        "data": [
            {
                "code": company.symbol,
                "name": company.name,
                "comTypeCode": "CT",
                **{
                    f"icbLv{level}": {"code": code, "name": f"Ngành {code}"}
                    for level, code in enumerate(company.icb, start=1)
                },
            }
            for company in market.companies
            if company.kind == "stock"
        ],
    }


def vci_board(market: StubMarket, symbols: Iterable[str], faults: Collection[Fault]) -> list[dict[str, Any]]:
    """Of price/symbols/getList."""
    items: list[dict[str, Any]] = [
        {
            "listingInfo": {
                "symbol": symbol,
                "board": "HSX",
                "refPrice": float(bar.open),
                "tradingDate": f"{bar.time:%Y-%m-%d}",
            },
            "bidAsk": {"symbol": symbol, "bidPrices": [{"price": float(bar.low), "volume": 300}], "askPrices": []},
            "matchPrice": {
                "symbol": symbol,
                "matchPrice": float(bar.close),
                "openPrice": float(bar.open),
                "highest": float(bar.high),
                "lowest": float(bar.low),
                "accumulatedVolume": bar.volume,
            },
        }
        for symbol, bar in _newest(market, symbols)
    ]
    if Fault.NULL_BIDS in faults:
        items[0]["bidAsk"] = None
    if Fault.NO_BIDS in faults:
        del items[0]["bidAsk"]
    return items


def _newest(market: StubMarket, symbols: Iterable[str]) -> list[tuple[str, StubBar]]:
    return [(symbol, market.daily[symbol][-1]) for symbol in symbols if market.daily.get(symbol)]


def _row(bar: StubBar) -> Row:
    return {"t": bar.time, "o": bar.open, "h": bar.high, "l": bar.low, "c": bar.close, "v": bar.volume}


def _spoilt(rows: list[Row], faults: Collection[Fault]) -> list[Row]:
    for fault in faults:
        if fault in ROW_FAULTS and rows:
            rows = ROW_FAULTS[fault](rows)
    return [] if Fault.EMPTY in faults else rows


def _renamed(row: dict[str, Any], faults: Collection[Fault]) -> dict[str, Any]:
    if Fault.RENAMED_CLOSE in faults:
        row["last"] = row.pop("c")
    if Fault.RENAMED_TIME in faults:
        row["time_of_day"] = row.pop("t")
    return row


def _merged(bars: list[StubBar], minutes: int) -> list[StubBar]:
    merged: dict[dt.datetime, StubBar] = {}
    for bar in bars:
        opens = bar.time.replace(minute=bar.time.minute // minutes * minutes)
        so_far = merged.get(opens)
        merged[opens] = (
            StubBar(opens, bar.open, bar.high, bar.low, bar.close, bar.volume)
            if so_far is None
            else StubBar(
                opens,
                so_far.open,
                max(so_far.high, bar.high),
                min(so_far.low, bar.low),
                Decimal(bar.close),
                so_far.volume + bar.volume,
            )
        )
    return list(merged.values())
