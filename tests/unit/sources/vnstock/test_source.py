"""The adapter over a library that does as it is told: order of providers, windows, breakers, deadlines, pace."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from collections import defaultdict
from decimal import Decimal

import pytest

from stock_ai.errors import InvalidInputError, NotFoundError, PaceExceededError, RateLimitedError, RetryableError
from stock_ai.models.base import Interval
from stock_ai.models.listing import Sector
from stock_ai.resilience.retrying import Backoff
from stock_ai.sources.vnstock import VnstockSource
from stock_ai.sources.vnstock.library import NotServedError
from tests.fakes.clock import FixedClock
from tests.fakes.vnstock_stub.market import weekdays

EVENING = dt.datetime(2025, 6, 13, 13, tzinfo=dt.UTC)
TODAY = dt.date(2025, 6, 13)


class FakeLibrary:
    """KBS in VND, VCI in thousands; `errors[provider]` is raised by every call of it, while it is there."""

    def __init__(self, days=()):
        self.days = list(days)
        self.errors = {}
        self.asked = []
        self.groups = defaultdict(list)
        self.loads = 0

    def load(self):
        self.loads += 1

    def history(self, provider, symbol, start, end, interval):
        self._enter(provider, (symbol, start, end, interval))
        close = {"KBS": 24_000, "VCI": 24.0}[provider]
        prices = dict.fromkeys(("open", "high", "low", "close"), close)
        return [{"time": f"{day}", **prices, "volume": 100} for day in self.days if start <= day <= end]

    def board(self, provider, symbols):
        self._enter(provider, tuple(symbols))
        prices = dict.fromkeys(("open", "high", "low", "close"), 24_000)
        return [{"symbol": symbol, "time": f"{TODAY}", **prices, "volume": 100} for symbol in symbols]

    def listing(self, provider, group):
        self._enter(provider, group)
        return self.groups[group]

    def companies(self, provider):
        self._enter(provider, "companies")
        return [{"symbol": "FPT", "exchange": "HOSE", "name": f"FPT at {provider}", "kind": "stock"}]

    def industries(self):
        self._enter("VCI", "industries")
        return [{"symbol": "FPT", "level": 2, "code": "9500"}]

    def _enter(self, provider, what):
        self.asked.append((provider, what))
        if error := self.errors.get(provider):
            if callable(error):
                error()
            else:
                raise error


class FakePacer:
    per_second = 1.0

    def __init__(self):
        self.deadlines = []
        self.error = None

    def acquire(self, deadline):
        self.deadlines.append(deadline)
        if self.error:
            raise self.error


@pytest.fixture
def library():
    return FakeLibrary(weekdays(dt.date(2010, 1, 4), TODAY))


@pytest.fixture
def pacer():
    return FakePacer()


@pytest.fixture
def make(library, pacer):
    def make(**options):
        options = {"backoff": Backoff(attempts=1), **options}
        return VnstockSource(FixedClock(EVENING), pacer, library, **options)

    return make


def providers(library):
    return [provider for provider, _ in library.asked]


def test_kbs_is_asked_first_and_alone(library, make):
    bars = make().bars("FPT", dt.date(2025, 6, 9), TODAY)
    assert [bar.close for bar in bars] == [24_000] * 5
    assert library.asked == [("KBS", ("FPT", dt.date(2025, 6, 9), TODAY, "1D"))]


def test_every_call_takes_a_turn_first(library, pacer, make):
    make(patience=30.0).bars("FPT", dt.date(2012, 1, 1), TODAY)
    assert len(pacer.deadlines) == len(library.asked) == 3
    assert set(pacer.deadlines) == {EVENING + dt.timedelta(seconds=30)}


def test_windows_of_at_most_five_years_cover_the_range_once(library, make):
    bars = make().bars("FPT", dt.date(2010, 1, 4), TODAY)
    assert [bar.time for bar in bars] == library.days
    spans = sorted((start, end) for _, (_, start, end, _) in library.asked)
    assert spans[0][0] == dt.date(2010, 1, 4)
    assert spans[-1][1] == TODAY
    assert all(end - start < dt.timedelta(days=5 * 365) for start, end in spans)
    assert all(after[0] - before[1] == dt.timedelta(days=1) for before, after in itertools.pairwise(spans))


def test_nothing_is_asked_before_the_first_session_of_a_symbol(library, make):
    library.days = weekdays(dt.date(2024, 3, 1), TODAY)
    assert make().bars("NEW", None, None)[0].time == dt.date(2024, 3, 1)
    assert len(library.asked) == 2


def test_a_symbol_that_stopped_trading_years_ago_is_found(library, make):
    library.days = weekdays(dt.date(2012, 1, 2), dt.date(2013, 1, 4))
    assert [bar.time for bar in make().bars("OLD", None, None)] == library.days


def test_one_answer_comes_from_one_provider(library, make, caplog):
    def broken_after_one():
        if providers(library).count("KBS") > 1:
            raise RetryableError("KBS: down")

    library.errors["KBS"] = broken_after_one
    bars = make().bars("FPT", dt.date(2012, 1, 2), TODAY)
    assert providers(library) == ["KBS", "KBS", "VCI", "VCI", "VCI"]
    assert len(bars) == len(weekdays(dt.date(2012, 1, 2), TODAY))
    assert "FPT: KBS failed, asking the next: KBS: down" in caplog.text


def test_an_empty_range_is_no_error(library, make):
    assert list(make().bars("FPT", dt.date(2025, 6, 7), dt.date(2025, 6, 8))) == []
    assert list(make().bars("FPT", dt.date(2025, 7, 1), TODAY)) == []
    assert providers(library) == ["KBS"]


def test_a_symbol_without_bars_is_unknown_if_it_is_not_listed(library, make):
    library.days = []
    library.groups.update(HOSE=["FPT"], HNX=["SHS"], UPCOM=["NEW"])
    source = make()
    assert list(source.bars("FPT", None, None)) == []
    with pytest.raises(NotFoundError, match="'ZZZ' is not listed"):
        source.bars("ZZZ", None, None)
    assert list(source.bars("ZZZ", dt.date(2025, 6, 1), None)) == []
    assert list(source.bars("VNINDEX", None, None)) == []
    assert [what for _, what in library.asked if isinstance(what, str)] == ["HOSE", "HNX", "UPCOM"]


def test_whether_a_symbol_is_listed_may_not_be_known(library, make):
    def broken(provider, group):
        raise RetryableError(f"{provider}: down")

    library.days, library.listing = [], broken
    assert list(make().bars("ZZZ", None, None)) == []


def test_the_listing_is_asked_for_once_a_day(library, pacer):
    library.groups.update(HOSE=["VCB", "FPT", "41I1F7000"], HNX=["SHS"], UPCOM=["FPT"])
    clock = FixedClock(EVENING)
    source = VnstockSource(clock, pacer, library)
    assert source.symbols() == source.symbols() == ["FPT", "SHS", "VCB"]
    assert len(library.asked) == 3
    clock.advance(days=1)
    source.symbols()
    assert len(library.asked) == 6


@pytest.mark.parametrize("symbol", ["", "fpt", "FPTX", "../FPT", "FPT "])
def test_forms_are_checked_before_anything_is_asked(library, make, symbol):
    source = make()
    for ask in (
        lambda: source.check([symbol]),
        lambda: source.bars(symbol, None, None),
        lambda: source.intraday(symbol, Interval.HOUR, TODAY, TODAY),
        lambda: source.board(["FPT", symbol]),
    ):
        with pytest.raises(InvalidInputError, match="symbol"):
            ask()
    with pytest.raises(InvalidInputError, match="group 'HSX'"):
        source.listing("HSX")
    with pytest.raises(InvalidInputError, match="interval 1D"):
        source.intraday("FPT", Interval.DAY, TODAY, TODAY)
    assert library.asked == []


def test_intraday_history_is_asked_for_in_quarters(library, make):
    make().intraday("FPT", Interval.MINUTE, dt.date(2025, 1, 1), TODAY)
    assert [span for _, (_, *span, _) in library.asked] == [
        [dt.date(2025, 3, 16), TODAY],
        [dt.date(2025, 1, 1), dt.date(2025, 3, 15)],
    ]


def test_a_board_of_many_is_one_call_and_has_no_indices(library, make):
    symbols = [f"{n:03}" for n in range(500)]
    assert len(make().board(["VNINDEX", *symbols])) == 500
    assert library.asked == [("KBS", tuple(symbols))]
    assert list(make().board(["VNINDEX"])) == []


def test_both_fail(library, make):
    library.errors = {"KBS": RetryableError("KBS: down"), "VCI": RetryableError("VCI: 403")}
    with pytest.raises(RetryableError, match="KBS: down; VCI: 403"):
        make().bars("FPT", TODAY, TODAY)


def test_the_shorter_of_two_waits_is_passed_on(library, make):
    library.errors = {"KBS": RateLimitedError("KBS: 429", 45.0), "VCI": RateLimitedError("VCI: 429", 30.0)}
    with pytest.raises(RateLimitedError) as caught:
        make().bars("FPT", TODAY, TODAY)
    assert caught.value.retry_after == 30.0


def test_an_index_that_no_provider_has(library, make):
    library.errors = {name: NotServedError(f"{name} has no symbol") for name in ("KBS", "VCI")}
    with pytest.raises(NotServedError):
        make().bars("VNXALL", TODAY, TODAY)


def test_an_index_that_only_the_failing_provider_has(library, make):
    library.errors = {"KBS": NotServedError("KBS has no symbol"), "VCI": RetryableError("VCI: down")}
    with pytest.raises(RetryableError, match="VCI: down"):
        make().bars("VNXALL", TODAY, TODAY)


def test_our_own_pace_is_nobodys_fault(library, pacer, make):
    pacer.error = PaceExceededError("no turn", 4.0)
    source = make(breaks_after=1)
    for _ in range(3):
        with pytest.raises(PaceExceededError):
            source.bars("FPT", TODAY, TODAY)
    assert library.asked == []
    pacer.error = None
    source.bars("FPT", TODAY, TODAY)
    assert providers(library) == ["KBS"]


def test_a_breaker_opens_after_failures_in_a_row_and_closes_after_a_success(library, make):
    library.errors["KBS"] = RetryableError("KBS: down")
    source = make(breaks_after=2)
    for _ in range(4):
        source.bars("FPT", TODAY, TODAY)
    assert providers(library) == ["KBS", "VCI", "KBS", "VCI", "VCI", "VCI"]

    library.asked.clear()
    source = make(breaks_after=2, breaks_for=0.0)
    for _ in range(2):
        source.bars("FPT", TODAY, TODAY)
    library.errors.clear()
    source.bars("FPT", TODAY, TODAY)
    assert providers(library)[-1] == "KBS"


def test_a_broken_answer_counts_as_a_failure_of_its_provider(library, make):
    library.days = [TODAY, TODAY]
    source = make(breaks_after=1)
    original = library.history

    def twice(provider, *args):
        rows = original(provider, *args)
        return [{**row, "close": n + 1} for n, row in enumerate(rows)] if provider == "KBS" else rows

    library.history = twice
    assert [bar.close for bar in source.bars("FPT", TODAY, TODAY)] == [24_000]
    source.bars("FPT", TODAY, TODAY)
    assert providers(library) == ["KBS", "VCI", "VCI"]


def test_calls_that_hang_are_left_behind_but_not_many(library, make):
    released = threading.Event()
    library.errors = {"KBS": released.wait, "VCI": released.wait}
    source = make(deadline=0.05, breaks_after=100)
    for _ in range(2):
        with pytest.raises(RetryableError):
            source.bars("FPT", TODAY, TODAY)
    assert len(library.asked) == 3, "the fourth is refused"
    library.errors.clear()
    released.set()


def test_a_failure_of_both_is_tried_once_more(library, pacer):
    waits = []
    library.errors = {"KBS": RateLimitedError("KBS: 429", 5.0), "VCI": RetryableError("VCI: down")}

    def heal(seconds):
        waits.append(seconds)
        library.errors.clear()

    source = VnstockSource(FixedClock(EVENING), pacer, library, backoff=Backoff(sleep=heal))
    assert len(source.bars("FPT", TODAY, TODAY)) == 1
    assert len(waits) == 1
    assert waits[0] >= 5.0


@pytest.mark.parametrize(("vci", "agree"), [(0.03, True), (0.04, True), (30.0, False), (None, False)])
def test_a_penny_stock_is_believed_when_both_providers_say_so(library, make, vci, agree):
    def history(provider, symbol, start, end, interval):
        close = {"KBS": "31.4", "VCI": vci}[provider]
        prices = dict.fromkeys(("open", "high", "low", "close"), close)
        if close is None:
            raise RetryableError("VCI: down")
        return [{"time": f"{TODAY}", **prices, "volume": 100}]

    library.history = history
    if agree:
        assert make().bars("DKC", TODAY, TODAY)[0].close == 31
    elif vci is None:
        with pytest.raises(RetryableError, match="KBS: a median close of 31 VND"):
            make().bars("DKC", TODAY, TODAY)
    else:
        assert make().bars("DKC", TODAY, TODAY)[0].close == 30_000


def test_points_of_an_index(library, make):
    assert make().bars("VNINDEX", TODAY, TODAY)[0].close == Decimal(24_000)


def test_opinions_are_those_of_the_providers_that_answer(library, pacer, make):
    week = (dt.date(2025, 6, 9), TODAY)
    opinions = make().opinions("FPT", *week)
    assert list(opinions) == ["KBS", "VCI"]
    assert [bar.close for bar in opinions["VCI"]] == [24_000] * 5
    library.errors["KBS"] = RetryableError("KBS: down")
    assert list(make().opinions("FPT", *week)) == ["VCI"]
    pacer.error = PaceExceededError("too often", 3)
    with pytest.raises(PaceExceededError):
        make().opinions("FPT", *week)


def test_names_come_from_kbs_and_sectors_from_vci_in_a_turn_each(library, pacer, make):
    (fpt,) = make().descriptions()
    assert (fpt.name, fpt.sector, fpt.as_of, fpt.source) == ("FPT at KBS", Sector.TECHNOLOGY, TODAY, "vnstock")
    assert library.asked == [("KBS", "companies"), ("VCI", "industries")]
    assert len(pacer.deadlines) == 2


def test_names_come_from_vci_where_kbs_fails(library, make):
    library.errors["KBS"] = RetryableError("KBS: down")
    assert make().descriptions()[0].name == "FPT at VCI"


def test_without_sectors_there_are_names(library, make, caplog):
    library.errors["VCI"] = RateLimitedError("VCI: slow", 60)
    (fpt,) = make().descriptions()
    assert (fpt.name, fpt.sector) == ("FPT at KBS", None)
    assert "no sectors: VCI: slow" in caplog.text
