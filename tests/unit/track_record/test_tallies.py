"""Sums of a day and the tallies of many."""

import datetime as dt
import math

import numpy as np
import pytest

from stock_ai.models.analysis import Signal
from stock_ai.track_record.days import DayKey, day_of
from stock_ai.track_record.records import HORIZONS, Outcome, OutcomeStatus, direction_hit, hit
from stock_ai.track_record.tallies import cells, interval, of_symbol, track_record
from tests.fakes.track_record import MODEL, make_signal

NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
FIRST = dt.date(2024, 1, 1)


def outcome(signal, horizon, stock, market=0.0, revision=1, status=OutcomeStatus.SCORED):
    scored = status is OutcomeStatus.SCORED
    excess = stock - market if scored else None
    return Outcome(
        signal_id=signal.signal_id,
        symbol=signal.symbol,
        as_of=signal.as_of,
        simulated=signal.simulated,
        horizon=horizon,
        revision=revision,
        scored_at=NOW,
        status=status,
        entry_date=signal.as_of + dt.timedelta(days=1),
        exit_date=signal.as_of + dt.timedelta(days=1 + horizon),
        entry_price=1.0,
        exit_price=1.0,
        stock_return=stock if scored else None,
        market_return=market if scored else None,
        excess=excess,
        hit=hit(signal.signal, excess, signal.band, horizon) if scored else None,
        direction_hit=direction_hit(signal.signal, excess) if scored else None,
        timely=True,
    )


def record_of(signals, outcomes):
    """By whole days, as a pass does."""
    days = {signal.as_of for signal in signals}
    return track_record(
        False,
        [
            (
                as_of,
                cells(
                    day_of(
                        DayKey(False, as_of),
                        [one for one in signals if one.as_of == as_of],
                        [one for one in outcomes if one.as_of == as_of],
                    )
                ),
            )
            for as_of in days
        ],
        NOW,
    )


@pytest.fixture(scope="module")
def many():
    draw = np.random.default_rng(3)
    other = MODEL.model_copy(update={"version": "v2", "proven_skill": False})
    signals, outcomes = [], []
    for day in range(60):
        for number in range(8):
            signal = make_signal(
                f"S{number:02}",
                FIRST + dt.timedelta(days=day),
                list(Signal)[draw.integers(3)],
                round(float(draw.uniform(0.34, 0.62)), 6),
                model=MODEL if day < 40 else other,
            )
            signals.append(signal)
            for horizon in HORIZONS:
                fate = draw.uniform()
                if fate < 0.7:
                    row = outcome(signal, horizon, float(draw.normal(0, 0.03)), float(draw.normal(0, 0.01)))
                    outcomes.append(row)
                elif fate < 0.8:
                    outcomes.append(outcome(signal, horizon, 0, status=OutcomeStatus.NO_PRICE))
    return signals, outcomes


def test_every_group_is_what_counting_gives(many):
    signals, outcomes = many
    record = record_of(signals, outcomes)
    scored = {(row.signal_id, row.horizon): row for row in outcomes}

    def check(tallies, own):
        for horizon in HORIZONS:
            rows = [scored.get((signal.signal_id, horizon)) for signal in own]
            scores = [row and row.status is OutcomeStatus.SCORED for row in rows]
            good = [row for row, is_scored in zip(rows, scores, strict=True) if is_scored]
            directed = [row.direction_hit for row in good if row.direction_hit is not None]
            confidence = [one.confidence for one, is_scored in zip(own, scores, strict=True) if is_scored]
            tally = tallies.horizons[horizon]
            assert (tally.signals, tally.pending, tally.scored) == (len(own), rows.count(None), len(good))
            assert tally.unscored == len(own) - rows.count(None) - len(good)
            assert (tally.hits, tally.sessions) == (sum(r.hit for r in good), len({r.as_of for r in good}))
            assert tally.hit_rate == pytest.approx(tally.hits / len(good))
            assert tally.mean_confidence == pytest.approx(np.mean(confidence))
            assert tally.mean_return == pytest.approx(np.mean([r.stock_return for r in good]))
            assert tally.mean_excess == pytest.approx(np.mean([r.excess for r in good]))
            assert tally.direction_hit_rate == (pytest.approx(np.mean(directed)) if directed else None)

    check(record.overall, signals)
    for group in record.by_model:
        check(group, [one for one in signals if one.model.version == group.version])
    for group in record.by_signal:
        check(group, [one for one in signals if one.signal is group.signal])
    for group in record.by_confidence:
        check(group, [one for one in signals if group.at_least <= one.confidence < group.below])
    for group in record.by_month:
        check(group, [one for one in signals if f"{one.as_of:%Y-%m}" == group.month])
    assert [group.month for group in record.by_month] == ["2024-01", "2024-02"]
    assert [(group.version, group.proven_skill) for group in record.by_model] == [("v1", True), ("v2", False)]
    assert [group.at_least for group in record.by_confidence] == pytest.approx([0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6])
    assert (record.first, record.last) == (FIRST, FIRST + dt.timedelta(days=59))
    assert record.late.horizons[5].signals == 0
    assert of_symbol(signals, outcomes, NOW) == record


def test_the_newest_revision_counts_in_whichever_order_they_are_read():
    signal = make_signal()
    rows = [outcome(signal, 5, 0.1), outcome(signal, 5, -0.1, revision=2)]
    for order in (rows, rows[::-1]):
        tally = of_symbol([signal], order, NOW).overall.horizons[5]
        assert (tally.scored, tally.hits, tally.mean_return) == (1, 0, -0.1)


def test_confidence_one_is_in_the_last_bucket():
    record = of_symbol([make_signal(confidence=1.0)], [], NOW)
    assert [(group.at_least, group.below) for group in record.by_confidence] == [(0.95, 1.0)]


def test_an_interval_takes_sessions_that_move_together_as_one_draw():
    draw = np.random.default_rng(0)
    days = [[100.0, 100.0 * value] for value in draw.integers(0, 2, 400)]
    low, high = interval(days, 1)
    # 400 coins, not 40,000: as wide as the binomial of the days.
    assert (high - low) / 2 == pytest.approx(1.96 * math.sqrt(0.25 / 400), rel=0.15)
    apart = [[100.0, float(value)] for value in draw.binomial(100, 0.5, 400)]
    low, high = interval(apart, 1)
    assert (high - low) / 2 == pytest.approx(1.96 * math.sqrt(0.25 / 40_000), rel=0.15)


def test_overlapping_sessions_widen_the_interval():
    draw = np.random.default_rng(1)
    fates = np.repeat(draw.integers(0, 2, 200), 5)
    days = [[10.0, 10.0 * value] for value in fates]
    narrow, wide = interval(days, 1), interval(days, 20)
    assert wide[1] - wide[0] > 1.4 * (narrow[1] - narrow[0])


@pytest.mark.parametrize(
    ("count", "horizon", "given"), [(19, 1, False), (20, 1, True), (59, 20, False), (60, 20, True)]
)
def test_too_few_sessions_have_no_interval(count, horizon, given):
    assert (interval([[1.0, float(n % 2)] for n in range(count)], horizon) is not None) is given
