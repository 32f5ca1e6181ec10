"""Scoring passes over a small market, through the store in memory."""

import dataclasses
import datetime as dt

import numpy as np
import pytest

from functions.ai_analysis.scoring import score
from stock_ai.errors import RetryableError
from stock_ai.indicators import Panel
from stock_ai.models.analysis import Signal
from stock_ai.track_record.days import DayKey
from stock_ai.track_record.records import OutcomeStatus
from tests.fakes.clock import FixedClock
from tests.fakes.daily_bars import daily_bars, weekdays, without
from tests.fakes.track_record import MODEL, MemoryTrackRecord, make_signal

COUNT, STOCKS = 70, 12
DAYS = [day.item() for day in weekdays(COUNT)]
NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
KEY = DayKey(False, DAYS[0])


def closes(number):
    draw = np.random.default_rng(number)
    return np.rint(20_000 * np.exp(np.cumsum(draw.normal(0, 0.02, COUNT))))


def market(**changes):
    """Twelve stocks and an index on 70 weekdays; `changes` replaces some by name, None leaves one out."""
    bars = {f"S{number:02}": daily_bars(closes(number), f"S{number:02}") for number in range(STOCKS)}
    bars["VNINDEX"] = daily_bars(np.linspace(1_000, 9_000, COUNT), "VNINDEX")
    return Panel.of(one for one in (bars | changes).values() if one is not None)


def until(panel, count):
    """The panel as it was after the first `count` weekdays."""
    last = np.datetime64(DAYS[count - 1])
    return Panel.of(bars.head(int(np.searchsorted(bars.dates, last, side="right"))) for bars in panel)


def kept(*signals):
    store = MemoryTrackRecord()
    store.issue(signals, NOW)
    return store


def run(store, panel, now=NOW):
    return score(panel, store, FixedClock(now))


def rows(store):
    return [(row.horizon, row.revision, row.status) for row in store.rows.values()]


def test_a_signal_is_scored_when_it_is_due_and_once():
    store, panel = kept(make_signal()), market()
    found = []
    for count in (1, 2, 3, 4, 7, 22, 23):
        run(store, until(panel, count))
        found.append(len(store.rows))
    # Entered at the second session, left one, five and twenty later.
    assert found == [0, 0, 1, 1, 2, 3, 3]
    before = dict(store.rows)
    report = run(store, panel, NOW + dt.timedelta(days=1))
    assert (report.scored, report.corrected, store.rows) == (0, 0, before)
    assert all(status is OutcomeStatus.SCORED for _, _, status in rows(store))


def test_returns_are_from_the_next_close_and_in_excess_of_all_stocks():
    store = kept(make_signal(as_of=DAYS[3], band=0.01), make_signal("S01", DAYS[3], Signal.SELL, band=0.01))
    run(store, market())
    row = store.rows[f"{make_signal(as_of=DAYS[3]).signal_id}:5:1"]
    own = [float(closes(number)[9] / closes(number)[4]) - 1 for number in range(STOCKS)]
    excess = own[0] - sum(own) / STOCKS
    assert (row.entry_date, row.exit_date) == (DAYS[4], DAYS[9])
    assert (row.entry_price, row.exit_price) == (closes(0)[4], closes(0)[9])
    assert row.stock_return == pytest.approx(own[0], abs=1e-12)
    assert row.excess == pytest.approx(excess, abs=1e-12)
    assert (row.hit, row.direction_hit, row.timely) == (excess > 0.01, excess > 0, True)
    other = store.rows[f"{make_signal('S01', DAYS[3]).signal_id}:5:1"]
    assert other.hit is (own[1] - sum(own) / STOCKS < -0.01)


def test_a_split_changes_nothing_since_closes_are_adjusted():
    split = np.where(np.arange(COUNT) < 4, closes(0) * 2, closes(0))
    store = kept(make_signal())
    run(store, market(S00=daily_bars(split, "S00", adjusted_close=closes(0))))
    plain = kept(make_signal())
    run(plain, market())
    assert store.rows == plain.rows


def test_a_missing_price_is_waited_for_and_then_told():
    # Entry at 1, exit at 6; the price of 6 never comes.
    store, panel = kept(make_signal()), market(S00=without(daily_bars(closes(0), "S00"), 6))
    run(store, until(panel, 16))
    assert rows(store) == [(1, 1, OutcomeStatus.SCORED)]
    assert store.records[False].overall.horizons[5].pending == 1
    run(store, until(panel, 17))
    assert rows(store)[1:] == [(5, 1, OutcomeStatus.NO_PRICE)]
    tally = store.records[False].overall.horizons[5]
    assert (tally.pending, tally.unscored, tally.scored) == (0, 1, 0)
    assert store.rows[f"{make_signal().signal_id}:5:1"].exit_price is None


def test_a_price_that_comes_while_it_is_waited_for_or_later_counts():
    late, whole = market(S00=without(daily_bars(closes(0), "S00"), 6)), market()
    store = kept(make_signal())
    run(store, until(late, 10))
    run(store, until(whole, 11))
    assert (5, 1, OutcomeStatus.SCORED) in rows(store)
    store = kept(make_signal())
    run(store, until(late, 20))
    run(store, until(whole, 21))
    assert rows(store)[1:] == [(5, 1, OutcomeStatus.NO_PRICE), (5, 2, OutcomeStatus.SCORED)]
    # What was there once is not taken back.
    run(store, until(late, 22))
    assert (5, 3, OutcomeStatus.NO_PRICE) not in rows(store)


def test_a_symbol_that_is_gone_has_an_outcome_too():
    store = kept(make_signal("GON"))
    run(store, market())
    assert rows(store) == [(horizon, 1, OutcomeStatus.NO_PRICE) for horizon in (1, 5, 20)]
    assert store.open_days() == []


def test_a_corrected_price_is_a_new_row_and_the_first_one_stays():
    store = kept(make_signal(), make_signal("S01"))
    run(store, until(market(), 24))
    first = dict(store.rows)
    corrected = closes(0)
    corrected[6] *= 1.1
    report = run(store, until(market(S00=daily_bars(corrected, "S00")), 25), NOW + dt.timedelta(days=1))
    assert (report.scored, report.corrected) == (0, 2)
    assert {name: store.rows[name] for name in first} == first
    added = [row for name, row in store.rows.items() if name not in first]
    # Of the other signal the market's mean has changed.
    assert [(row.symbol, row.horizon, row.revision) for row in added] == [("S00", 5, 2), ("S01", 5, 2)]
    assert added[0].stock_return == pytest.approx(corrected[6] / closes(0)[1] - 1)
    assert store.records[False].overall.horizons[5].mean_return == pytest.approx(
        (added[0].stock_return + added[1].stock_return) / 2
    )
    again = run(store, until(market(S00=daily_bars(corrected, "S00")), 26))
    assert again.corrected == 0


def test_prices_that_are_adjusted_again_and_rounded_are_no_correction():
    store = kept(*(make_signal(f"S{number:02}") for number in range(STOCKS)))
    run(store, until(market(), 24))
    before = dict(store.rows)
    again = {
        f"S{number:02}": daily_bars(
            closes(number), f"S{number:02}", adjusted_close=np.rint(closes(number) * 0.9137 / 10) * 10
        )
        for number in range(STOCKS)
    }
    report = run(store, until(market(**again), 25))
    assert (report.corrected, store.rows) == (0, before)


def test_a_day_is_closed_twenty_sessions_after_its_last_exit():
    store, panel = kept(make_signal()), market()
    run(store, until(panel, 41))
    assert store.open_days() == [KEY]
    run(store, until(panel, 42))
    assert store.open_days() == []
    assert store.records[False].overall.horizons[20].scored == 1
    corrected = market(S00=daily_bars(closes(0) * np.linspace(1, 3, COUNT), "S00"))
    report = run(store, corrected)
    assert (report.taken, report.days, report.corrected) == (0, 0, 0)


def test_a_signal_that_comes_to_a_closed_day_opens_it_again():
    store = kept(make_signal())
    run(store, market())
    before = dict(store.rows)
    store.issue([make_signal("S01", issued_at=NOW)], NOW)
    run(store, market())
    assert {name: store.rows[name] for name in before} == before
    assert len(store.rows) == 6
    record = store.records[False]
    assert (record.overall.horizons[5].scored, record.late.horizons[5].scored) == (1, 1)
    assert store.open_days() == []


def test_a_model_that_has_seen_later_bars_counts_apart():
    knowing = MODEL.model_copy(update={"version": "v2", "trained_until": DAYS[1]})
    store = kept(make_signal(), make_signal(model=knowing))
    run(store, market())
    record = store.records[False]
    assert (record.overall.horizons[1].signals, record.late.horizons[1].signals) == (1, 1)
    assert [one.version for one in record.by_model] == ["v1"]


def test_provisional_bars_and_thin_days_are_no_sessions():
    panel = until(market(), 3)
    running = Panel.of(dataclasses.replace(bars, provisional=True) for bars in panel)
    store = kept(make_signal())
    run(store, running)
    assert store.rows == {}
    # The second weekday has nine stocks, so the third is the entry.
    thin = {f"S{number:02}": without(daily_bars(closes(number), f"S{number:02}"), 1) for number in range(3, STOCKS)}
    run(store, until(market(**thin), 4))
    (row,) = store.rows.values()
    assert (row.entry_date, row.exit_date) == (DAYS[2], DAYS[3])


def test_too_few_stocks_with_both_prices_are_no_market():
    gaps = {
        f"S{number:02}": without(daily_bars(closes(number), f"S{number:02}"), 1 if number % 2 else 2)
        for number in range(1, 5)
    }
    store = kept(make_signal())
    run(store, until(market(**gaps), 3))
    (row,) = store.rows.values()
    assert (row.status, row.market_return, row.hit) == (OutcomeStatus.NO_MARKET, None, None)
    assert row.stock_return is not None


def test_simulated_and_real_do_not_mix():
    other = {
        f"X{number:02}": daily_bars(closes(number) * np.linspace(1, 5, COUNT), f"X{number:02}", source="simulated")
        for number in range(STOCKS)
    }
    store = kept(make_signal(), make_signal("X00", simulated=True), make_signal("S01", simulated=True))
    run(store, market(**other))
    plain = kept(make_signal())
    run(plain, market())
    assert {name: row for name, row in store.rows.items() if not row.simulated} == plain.rows
    assert store.rows[f"{make_signal('S01').signal_id}:5:1"].status is OutcomeStatus.NO_PRICE
    assert (store.records[False].simulated, store.records[True].simulated) == (False, True)
    assert store.records[True].overall.horizons[5].signals == 2


def test_bars_that_begin_after_a_signal_do_not_score_it():
    panel = Panel.of(
        dataclasses.replace(
            bars, **{name: getattr(bars, name)[10:] for name in ("dates", "open", "high", "low", "close")},
            adjusted_close=bars.adjusted_close[10:], volume=bars.volume[10:],
        )
        for bars in market()
    )  # fmt: skip
    store = kept(make_signal())
    run(store, panel)
    assert (store.rows, store.open_days()) == ({}, [KEY])


def test_a_pass_that_dies_anywhere_is_completed_by_the_next():
    signals = [make_signal(f"S{number:02}", DAYS[place]) for number in range(3) for place in (0, 1, 30)]
    whole = kept(*signals)
    run(whole, market())
    deaths = 0
    for writes in range(30):
        store = kept(*signals)
        store.dies_after = writes
        try:
            run(store, market())
        except RetryableError:
            deaths += 1
        store.dies_after = None
        report = run(store, market(), NOW + dt.timedelta(hours=1))
        assert report.corrected == 0
        assert {name: row.model_dump(exclude={"scored_at"}) for name, row in store.rows.items()} == {
            name: row.model_dump(exclude={"scored_at"}) for name, row in whole.rows.items()
        }
        assert store.days == whole.days
        assert store.records[False].model_dump(exclude={"generated_at"}) == whole.records[False].model_dump(
            exclude={"generated_at"}
        )
    assert deaths >= 8


def test_rows_of_a_pass_that_died_count_and_are_corrected_by_new_ones():
    store = kept(make_signal())
    run(store, until(market(), 2))
    # The rows are added, the day is not told.
    store.dies_after = 2
    with pytest.raises(RetryableError):
        run(store, until(market(), 3))
    store.dies_after = None
    first = dict(store.rows)
    assert len(first) == 1
    corrected = closes(0)
    corrected[2] *= 1.1
    report = run(store, until(market(S00=daily_bars(corrected, "S00")), 3))
    assert (report.scored, report.corrected) == (0, 1)
    assert {name: store.rows[name] for name in first} == first
    (newest,) = store.open_day(KEY).entries
    assert newest.scores[1].revision == 2
    assert newest.scores[1].stock_return == pytest.approx(corrected[2] / closes(0)[1] - 1)


def test_an_empty_store_gives_an_empty_record():
    store = MemoryTrackRecord()
    report = run(store, market())
    assert (report.taken, report.days, report.scored) == (0, 0, 0)
    assert (store.records[False].last, store.records[False].overall.horizons[5].hit_rate) == (None, None)
