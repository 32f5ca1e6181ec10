"""The small market that the stub shows: daily and minute bars in VND or points, and the groups of symbols."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True)
class StubBar:
    """Opens at `time`, on the exchange's clock; a daily bar at midnight. VND, or points for an index."""

    time: dt.datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int


@dataclass(frozen=True)
class StubCompany:
    """A security in the lists of both providers, `icb` with the codes of the levels 1 to 4."""

    symbol: str
    exchange: str
    name: str
    name_en: str
    icb: tuple[str, ...] = ()
    kind: str = "stock"


COMPANIES = [
    StubCompany("ACB", "HOSE", "Ngân hàng TMCP Á Châu", "Asia Commercial Bank", ("8301", "8300", "8350", "8355")),
    StubCompany("FPT", "HOSE", "CTCP FPT", "FPT Corporation", ("9000", "9500", "9530", "9537")),
    StubCompany("NEW", "UPCOM", "CTCP  Mới", "", ("0001", "0500", "0570", "0573")),
    StubCompany("SHS", "HNX", "CTCP Chứng khoán Sài Gòn - Hà Nội", "SHS Securities", ("8301", "8700", "8770", "8777")),
    StubCompany("CFPT2501", "HOSE", "Chứng quyền FPT", "", kind="cw"),
    StubCompany("ACB12501", "BOND", "Trái phiếu ACB", "", kind="bond"),
    StubCompany("VN30F1M", "HNX", "Hợp đồng tương lai", "", kind="futures"),
]


@dataclass
class StubMarket:
    """What both providers know."""

    daily: dict[str, list[StubBar]] = field(default_factory=dict)
    minutes: dict[str, list[StubBar]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    companies: list[StubCompany] = field(default_factory=list)

    def add(self, symbol: str, days: Iterable[dt.date], close: float = 20_000, group: str = "HOSE") -> None:
        """A symbol with one bar a day, all different, all good; one that is an index when `group` is empty."""
        self.daily[symbol] = [_day(day, close, bool(group)) for day in days]
        if group:
            self.groups.setdefault(group, []).append(symbol)

    def add_minutes(self, symbol: str, day: dt.date, closes: Mapping[str, float]) -> None:
        """Minute bars of one day: `{"09:15": 20_000}`."""
        bars = [_bar(dt.datetime.combine(day, dt.time.fromisoformat(at)), Decimal(p), 100) for at, p in closes.items()]
        self.minutes.setdefault(symbol, []).extend(bars)


def weekdays(first: dt.date, last: dt.date, without: Sequence[dt.date] = ()) -> list[dt.date]:
    """Monday to Friday from `first` to `last`, but for `without`."""
    days = (first + dt.timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5 and day not in without]


def small_market(last: dt.date, first: dt.date = dt.date(2015, 1, 5)) -> StubMarket:
    """Five stocks and VNINDEX until `last`.

    ACB has no bars from 2020-12-02 to 08, when it moved to HOSE; NEW is listed in 2024 only; VNINDEX has a session on
    Saturday 2024-05-04; FPT has minutes on `last`.
    """
    market = StubMarket()
    days = weekdays(first, last)
    moved = weekdays(dt.date(2020, 12, 2), dt.date(2020, 12, 8))
    market.add("ACB", weekdays(first, last, without=moved), 20_806.8384)
    market.add("FPT", days, 98_700)
    market.add("VCB", days, 61_400)
    market.add("NEW", [day for day in days if day >= dt.date(2024, 3, 1)], 15_000, group="UPCOM")
    market.add("SHS", days, 12_300, group="HNX")
    market.groups["VN30"] = ["ACB", "FPT", "VCB"]
    market.companies = list(COMPANIES)
    market.add("VNINDEX", sorted({*days, dt.date(2024, 5, 4)}), 1_234.56, group="")
    market.add_minutes("FPT", last, {"09:15": 98_700, "09:16": 98_800, "11:29": 98_600, "13:00": 98_500})
    return market


def _day(day: dt.date, close: float, stock: bool) -> StubBar:
    # Another price on each date, so that no two bars can be taken for one another.
    price = Decimal(str(close)) + (day.toordinal() % 97) * (10 if stock else 1)
    return _bar(dt.datetime.combine(day, dt.time()), price, 1_000 + day.toordinal() % 1_009)


def _bar(time: dt.datetime, close: Decimal, volume: int) -> StubBar:
    return StubBar(time, close - close / 200, close + close / 100, close - close / 100, close, volume)
