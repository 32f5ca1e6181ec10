"""The real vnstock against both providers' bodies: history, intraday bars, board and listings."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from tests.contract.sources.conftest import EVENING
from tests.fakes.vnstock_stub.faults import Fault
from tests.fakes.vnstock_stub.plugin import LAST_SESSION

PROVIDERS = ("KBS", "VCI")
MORNING = f"{LAST_SESSION}T03:00:00+00:00"


@pytest.fixture(params=PROVIDERS)
def provider(request, stub):
    """The provider that answers: VCI does when KBS has nothing but an HTML page."""
    if request.param == "VCI":
        stub.break_down("KBS", Fault.HTML)
    return request.param


def vnd(price: Decimal, provider: str) -> int:
    """Whole VND; VCI comes rounded to hundredths of a thousand."""
    return round(price) if provider == "KBS" else round(round(float(price) / 1000, 2) * 1000)


def test_daily_history_is_adjusted_and_in_whole_vnd(stub, probe, provider):
    reply = probe("bars", symbol="ACB", since="2025-06-02", until="2025-06-11")
    asked = [bar for bar in stub.market.daily["ACB"] if dt.date(2025, 6, 2) <= bar.time.date() <= dt.date(2025, 6, 11)]
    assert len(asked) == 8
    assert reply["found"] == [
        {
            "symbol": "ACB",
            "time": f"{bar.time:%Y-%m-%d}",
            "open": vnd(bar.open, provider),
            "high": vnd(bar.high, provider),
            "low": vnd(bar.low, provider),
            "close": vnd(bar.close, provider),
            "adjusted_close": vnd(bar.close, provider),
            "volume": bar.volume,
            "provisional": False,
            "basis": "adjusted",
        }
        for bar in asked
    ]


def test_an_index_is_in_points_and_may_trade_on_a_saturday(probe, provider):
    found = probe("bars", symbol="VNINDEX", since="2024-05-03", until="2024-05-06")["found"]
    assert [bar["time"] for bar in found] == ["2024-05-03", "2024-05-04", "2024-05-06"]
    assert all(bar["close"].endswith(" points") and bar["basis"] == "raw" for bar in found)
    assert found[0]["close"] == found[0]["adjusted_close"] == "1297.56 points"


def test_more_than_eight_years_come_whole(stub, probe, provider):
    found = probe("bars", symbol="ACB", since=None)["found"]
    assert [bar["time"] for bar in found] == [f"{bar.time:%Y-%m-%d}" for bar in stub.market.daily["ACB"]]
    assert len(found) > 8 * 260
    assert not {"2020-12-02", "2020-12-08"} & {bar["time"] for bar in found}
    assert {"2020-12-01", "2020-12-09"} <= {bar["time"] for bar in found}


def test_a_symbol_without_sessions_in_the_range_has_no_bars(probe, provider):
    reply = probe("bars", symbol="ACB", since="2020-12-02", until="2020-12-08")
    assert reply["found"] == []


def test_the_bar_of_a_running_session_is_provisional(probe, provider):
    found = probe("bars", now=MORNING, symbol="FPT", since="2025-06-12")["found"]
    assert [(bar["time"], bar["provisional"]) for bar in found] == [("2025-06-12", False), ("2025-06-13", True)]


def test_intraday_bars_without_fillers_by_utc_instant(probe, provider):
    found = probe("intraday", symbol="FPT", interval="5m", since="2025-06-13", until="2025-06-13")["found"]
    assert [bar["time"] for bar in found] == [
        "2025-06-13T02:15:00+00:00",
        "2025-06-13T04:25:00+00:00",
        "2025-06-13T06:00:00+00:00",
    ]
    assert [(bar["close"], bar["volume"]) for bar in found] == [(98_800, 200), (98_600, 100), (98_500, 100)]


def test_the_board_is_as_traded_today(stub, probe, provider):
    reply = probe("board", symbols=["FPT", "ACB", "VNINDEX", "ZZZ"])
    bar = stub.market.daily["FPT"][-1]
    assert [found["symbol"] for found in reply["found"]] == ["ACB", "FPT"]
    assert reply["found"][1] == {
        "symbol": "FPT",
        "time": f"{LAST_SESSION}",
        "open": round(bar.open),
        "high": round(bar.high),
        "low": round(bar.low),
        "close": round(bar.close),
        "adjusted_close": None,
        "volume": bar.volume,
        "provisional": False,
        "basis": "raw",
    }


def test_the_board_of_a_day_without_trades_is_empty(probe, provider):
    saturday = dt.datetime.fromisoformat(EVENING) + dt.timedelta(days=1)
    assert probe("board", now=saturday.isoformat(), symbols=["FPT", "ACB"])["found"] == []


@pytest.mark.parametrize(
    ("group", "members"),
    [("VN30", ["ACB", "FPT", "VCB"]), ("HNX", ["SHS"]), ("ALL", ["ACB", "FPT", "NEW", "SHS", "VCB"])],
)
def test_listings(probe, provider, group, members):
    assert probe("listing", group=group)["found"] == members


def test_names_exchanges_and_sectors(probe, provider):
    reply = probe("descriptions")
    english = provider == "KBS"
    named = [(one["symbol"], one["exchange"], one["name"], one["name_en"], one["sector"]) for one in reply["found"]]
    assert named == [
        ("ACB", "HOSE", "Ngân hàng TMCP Á Châu", "Asia Commercial Bank" if english else None, "banks"),
        ("FPT", "HOSE", "CTCP FPT", "FPT Corporation" if english else None, "technology"),
        ("NEW", "UPCOM", "CTCP Mới", None, "oil_gas"),
        (
            "SHS",
            "HNX",
            "CTCP Chứng khoán Sài Gòn - Hà Nội",
            "SHS Securities" if english else None,
            "financial_services",
        ),
    ]
    assert {(one["as_of"], one["source"]) for one in reply["found"]} == {(f"{LAST_SESSION}", "vnstock")}


@pytest.mark.parametrize("fault", [Fault.FORBIDDEN, Fault.HTML, Fault.TRUNCATED])
def test_without_vci_symbols_have_names_and_no_sectors(stub, probe, fault):
    stub.break_down("VCI", fault)
    reply = probe("descriptions")
    assert [(one["symbol"], one["sector"]) for one in reply["found"]] == [
        (symbol, None) for symbol in ("ACB", "FPT", "NEW", "SHS")
    ]
    assert "no sectors" in reply["said"][0]


def test_nobody_has_names(stub, probe):
    stub.break_down("KBS", Fault.FORBIDDEN)
    stub.break_down("VCI", Fault.FORBIDDEN)
    assert probe("descriptions")["error"] == "RetryableError"


def test_both_providers_agree_within_their_rounding_and_a_changed_volume_is_found(stub, probe):
    (check,) = probe("opinions", symbol="FPT", since="2025-05-13", until="2025-06-13")["found"]
    assert (check["one"], check["other"], check["differences"]) == ("KBS", "VCI", [])
    assert check["agreeing"] > 15


def test_an_index_that_kbs_does_not_have_comes_from_vci(stub, probe):
    stub.market.daily["VNALLSHARE"] = stub.market.daily["VNINDEX"]
    reply = probe("bars", symbol="VNALL", since="2025-06-13")
    assert [bar["close"] for bar in reply["found"]] == [f"{stub.market.daily['VNINDEX'][-1].close} points"]
    assert reply["said"] == []


def test_a_symbol_that_nobody_lists_is_not_a_broken_answer(probe):
    reply = probe("bars", symbol="ZZZ", since=None)
    assert reply["error"] == "NotFoundError"
    assert "ZZZ" in reply["message"]
