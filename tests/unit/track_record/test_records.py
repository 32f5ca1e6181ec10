"""What becomes a signal, and when the stated class happened."""

import datetime as dt

import pytest

from stock_ai.models.analysis import Signal, WithheldReason
from stock_ai.track_record.days import timely
from stock_ai.track_record.records import direction_hit, hit, issued
from tests.fakes.api_services import DAY, NOW, make_analysis, make_withheld
from tests.fakes.track_record import MODEL


def test_an_analysis_with_a_signal_issues_it():
    signal = issued(make_analysis(band=0.03))
    assert (signal.symbol, signal.as_of, signal.signal, signal.confidence) == ("FPT", DAY, Signal.BUY, 0.612)
    assert (signal.close, signal.band, signal.model.version, signal.issued_at) == (99_000, 0.03, "v1", NOW)
    assert (signal.source, signal.simulated, signal.analysis_id) == ("csv", False, "ai-FPT-BUY")


def test_the_identity_is_symbol_date_and_model():
    one = issued(make_analysis(band=0.03))
    again = issued(make_analysis(band=0.04, signal="SELL", event_time=NOW + dt.timedelta(days=1)))
    assert again.signal_id == one.signal_id
    other = MODEL.model_copy(update={"version": "v2"})
    ids = {
        issued(make_analysis(band=0.03, **changes)).signal_id
        for changes in ({}, {"symbol": "VCB"}, {"as_of": DAY - dt.timedelta(days=1)}, {"model": other})
    }
    assert len(ids) == 4


@pytest.mark.parametrize(
    "analysis",
    [
        make_analysis(band=0.03, provisional=True),
        make_analysis(),
        make_withheld("FPT", WithheldReason.NO_MODEL, "none", band=None),
    ],
)
def test_what_may_change_or_cannot_be_judged_issues_none(analysis):
    assert issued(analysis) is None


@pytest.mark.parametrize(
    ("signal", "excess", "horizon", "happened"),
    [
        (Signal.BUY, 0.0201, 5, True),
        (Signal.BUY, 0.0199, 5, False),
        (Signal.BUY, -0.5, 5, False),
        (Signal.SELL, -0.0201, 5, True),
        (Signal.SELL, 0.0201, 5, False),
        (Signal.HOLD, 0.02, 5, True),
        (Signal.HOLD, -0.02, 5, True),
        (Signal.HOLD, -0.0201, 5, False),
        (Signal.BUY, 0.0201, 20, False),
        (Signal.BUY, 0.0401, 20, True),
        (Signal.HOLD, 0.0089, 1, True),
        (Signal.HOLD, 0.0090, 1, False),
    ],
)
def test_a_hit_is_the_stated_class_with_a_band_that_grows_with_the_root_of_time(signal, excess, horizon, happened):
    assert hit(signal, excess, 0.02, horizon) is happened


@pytest.mark.parametrize(
    ("signal", "excess", "right"),
    [(Signal.BUY, 0.001, True), (Signal.BUY, 0.0, False), (Signal.SELL, -0.001, True), (Signal.HOLD, 0.1, None)],
)
def test_the_direction_of_a_hold_is_not_judged(signal, excess, right):
    assert direction_hit(signal, excess) is right


@pytest.mark.parametrize(
    ("issued_at", "trained_until", "counts"),
    [
        ("2024-01-02T07:59:59+00:00", "2024-01-01", True),
        ("2024-01-02T08:00:00+00:00", "2024-01-01", False),
        ("2024-01-01T09:00:00+00:00", "2024-01-02", False),
    ],
)
def test_foresight_ends_with_the_close_of_the_entry_and_with_what_the_model_has_seen(issued_at, trained_until, counts):
    model = MODEL.model_copy(update={"trained_until": dt.date.fromisoformat(trained_until)})
    instant = dt.datetime.fromisoformat(issued_at)
    assert timely(instant, model, dt.date(2024, 1, 1), dt.date(2024, 1, 2)) is counts
