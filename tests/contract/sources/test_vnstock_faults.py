"""The real vnstock when providers fail: what comes out is right, or says that it did not come."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.contract.sources.conftest import Prober
from tests.fakes.vnstock_stub.faults import Fault
from tests.fakes.vnstock_stub.plugin import LAST_SESSION

RANGE = {"symbol": "FPT", "since": "2025-06-09", "until": f"{LAST_SESSION}"}
NO_USABLE_ANSWER = (
    Fault.DOWN,
    Fault.FORBIDDEN,
    Fault.BLOCKED,
    Fault.TOO_MANY,
    Fault.HTML,
    Fault.TRUNCATED,
    Fault.RENAMED_CLOSE,
    Fault.RENAMED_TIME,
    Fault.CONFLICT,
    Fault.THOUSANDFOLD,
)


def closes(reply):
    return {bar["time"]: bar["close"] for bar in reply["found"]}


@pytest.fixture(scope="module")
def right(stub):
    """The right closes, to the 10 VND that both providers have in common."""
    first = dt.date.fromisoformat(RANGE["since"])
    return {f"{bar.time:%Y-%m-%d}": round(bar.close) for bar in stub.market.daily["FPT"] if bar.time.date() >= first}


@pytest.fixture
def fresh_probe(stub, tmp_path):
    """A process that no other test uses, for what the library remembers."""
    prober = Prober(stub, tmp_path)
    yield prober
    prober.close()


@pytest.mark.parametrize("fault", NO_USABLE_ANSWER, ids=lambda fault: fault.name)
def test_vci_answers_for_kbs_and_the_log_says_why(stub, probe, right, fault):
    stub.break_down("KBS", fault)
    reply = probe("bars", **RANGE)
    assert closes(reply) == right
    [said] = reply["said"]
    assert said.startswith("FPT: KBS failed, asking the next: ")


@pytest.mark.parametrize(
    "fault",
    [Fault.DOWN, Fault.FORBIDDEN, Fault.BLOCKED, Fault.TRUNCATED, Fault.RENAMED_CLOSE, Fault.CONFLICT],
    ids=lambda fault: fault.name,
)
def test_both_broken_is_an_error_that_can_be_tried_again(stub, probe, fault):
    stub.break_down("KBS", Fault.HTML)
    stub.break_down("VCI", fault)
    reply = probe("bars", **RANGE)
    assert reply["error"] == "RetryableError"
    assert "KBS: history of FPT" in reply["message"]


@pytest.mark.parametrize("provider", ["KBS", "VCI"])
@pytest.mark.parametrize(
    "fault", [Fault.DUPLICATES, Fault.DISORDER, Fault.MIDNIGHT, Fault.FUTURE], ids=lambda fault: fault.name
)
def test_odd_rows_are_put_in_order(stub, probe, right, provider, fault):
    if provider == "VCI":
        stub.break_down("KBS", Fault.HTML)
    stub.break_down(provider, fault)
    assert closes(probe("bars", **RANGE)) == right


def test_a_future_bar_is_passed_on_where_no_end_was_asked_for(stub, probe, right):
    stub.break_down("KBS", Fault.FUTURE)
    reply = probe("bars", symbol="FPT", since=RANGE["since"])
    assert list(closes(reply))[-1] == "2026-07-18"
    assert list(closes(reply).values())[:-1] == list(right.values())


@pytest.mark.parametrize("provider", ["KBS", "VCI"])
def test_null_prices_are_passed_on_for_the_consumer_to_quarantine(stub, probe, right, provider):
    if provider == "VCI":
        stub.break_down("KBS", Fault.HTML)
    stub.break_down(provider, Fault.NULL_PRICES)
    found = probe("bars", **RANGE)["found"]
    spoilt = [bar for bar in found if bar["close"] is None]
    assert len(spoilt) == 1
    assert all(bar["close"] == right[bar["time"]] for bar in found if bar["close"] is not None)


def test_a_null_volume_is_unknown(stub, probe, right):
    stub.break_down("KBS", Fault.NULL_VOLUME)
    reply = probe("bars", **RANGE)
    assert closes(reply) == right
    assert [bar["volume"] is None for bar in reply["found"]] == [False, False, False, False, True]
    assert reply["said"] == []


def test_a_null_volume_at_vci_breaks_the_library_and_nothing_else(stub, probe):
    stub.break_down("KBS", Fault.HTML)
    stub.break_down("VCI", Fault.NULL_VOLUME)
    assert probe("bars", **RANGE)["error"] == "RetryableError"


def test_a_slow_provider_is_left_at_the_deadline(stub, probe, right):
    stub.break_down("KBS", Fault.SLOW)
    reply = probe("bars", deadline=0.7, **RANGE)
    assert closes(reply) == right
    assert "no answer within 0.7 s" in reply["said"][0]


def test_two_slow_providers(stub, probe):
    stub.break_down("KBS", Fault.SLOW)
    stub.break_down("VCI", Fault.SLOW)
    reply = probe("bars", deadline=0.7, **RANGE)
    assert reply["error"] == "RetryableError"
    assert reply["message"].count("no answer within 0.7 s") == 2


@pytest.mark.parametrize(("fault", "wait"), [(Fault.TOO_MANY, 60), (Fault.TOO_MANY_WAIT, 45)])
def test_two_busy_providers_say_how_long_to_wait(stub, fresh_probe, fault, wait):
    stub.break_down("KBS", fault)
    stub.break_down("VCI", fault)
    reply = fresh_probe("bars", **RANGE)
    assert (reply["error"], reply["retry_after"]) == ("RateLimitedError", wait)
    before = len(stub.histories)
    again = fresh_probe("bars", fresh=False, **RANGE)
    assert again["error"] == "RateLimitedError"
    assert 0 < again["retry_after"] <= wait
    assert len(stub.histories) == before, "a host that asked for a pause is not asked"


@pytest.mark.parametrize(
    "fault", [Fault.DOWN, Fault.FORBIDDEN, Fault.TOO_MANY, Fault.HTML, Fault.TRUNCATED], ids=lambda fault: fault.name
)
def test_a_broken_board_and_listing_at_kbs(stub, probe, fault):
    stub.break_down("KBS", fault)
    board = probe("board", symbols=["FPT"])
    assert [bar["symbol"] for bar in board["found"]] == ["FPT"]
    assert "KBS failed" in board["said"][0]
    listing = probe("listing", group="VN30")
    assert listing["found"] == ["ACB", "FPT", "VCB"]
    assert "KBS failed" in listing["said"][0]


def test_one_symbol_with_a_null_order_book_at_vci_is_on_the_board(stub, probe):
    stub.break_down("KBS", Fault.HTML)
    stub.break_down("VCI", Fault.NULL_BIDS)
    assert [bar["symbol"] for bar in probe("board", symbols=["FPT", "ACB"])["found"]] == ["ACB", "FPT"]


def test_one_symbol_without_an_order_book_breaks_the_board_of_vci(stub, probe):
    stub.break_down("KBS", Fault.HTML)
    stub.break_down("VCI", Fault.NO_BIDS)
    assert probe("board", symbols=["FPT", "ACB"])["error"] == "RetryableError"


def test_the_breaker_spares_a_provider_that_fails_and_fails(stub, fresh_probe, right):
    stub.break_down("KBS", Fault.HTML)
    fresh_probe("bars", **RANGE)
    for _ in range(2):
        fresh_probe("bars", fresh=False, **RANGE)
    before = sum(asked.provider == "KBS" for asked in stub.histories)
    reply = fresh_probe("bars", fresh=False, **RANGE)
    assert closes(reply) == right
    assert sum(asked.provider == "KBS" for asked in stub.histories) == before
    assert "left alone" in reply["said"][0]
