"""The facts about one symbol, from stores in memory."""

import datetime as dt
from decimal import Decimal

import pytest

from functions.llm_analysis.facts_of.table import LONGEST, clean
from stock_ai.errors import NotFoundError, RetryableError
from stock_ai.market.trading_calendar import Exchange
from stock_ai.models.analysis import ModelRef, Signal, SignalReason, WithheldReason
from stock_ai.models.base import PriceBasis
from stock_ai.track_record.records import OutcomeStatus
from tests.fakes.api_services import DAY, NOW, make_analysis, make_text, make_withheld
from tests.fakes.llm_context import Around, make_bars, make_outcome, make_quality, make_record

PROBABILITIES = {Signal.BUY: 0.612, Signal.HOLD: 0.25, Signal.SELL: 0.138}


def value(sheet, fact_id):
    fact = sheet.get(fact_id)
    return None if fact is None else fact.value


def test_an_unknown_symbol_is_not_found():
    with pytest.raises(NotFoundError, match="ABC has no analysis"):
        Around().sheet(symbol="ABC")


def test_a_symbol_with_a_text_alone_is_not_found():
    with pytest.raises(NotFoundError):
        Around().sheet(make_text())


def test_a_store_that_is_away_is_said_so():
    around = Around()
    around.prices.down = True
    with pytest.raises(RetryableError):
        around.sheet()


def test_an_analysis_alone_gives_its_own_facts():
    sheet = Around().sheet()
    assert (sheet.symbol, sheet.as_of, sheet.analysis_id, sheet.close) == ("FPT", DAY, "ai-FPT-BUY", 99_000)
    assert value(sheet, "close") == 99_000
    assert value(sheet, "signal") == "BUY"
    for missing in ("previous_close", "volume", "level.low_20", "track.scored", "track.base", "quality.completeness"):
        assert sheet.get(missing) is None, missing


def test_ids_are_unique_and_every_fact_is_dated():
    around = Around()
    around.quality.kept["FPT"] = make_quality(warnings=[("jump", DAY)])
    around.track.tallies, around.track.rows = make_record(), [make_outcome()]
    around.prices.upsert(make_bars())
    ids = [fact.id for fact in around.sheet().facts]
    assert len(ids) == len(set(ids))
    assert all(isinstance(fact.date, dt.date) and fact.name for fact in around.sheet().facts)


def test_the_signal_its_probabilities_and_its_model():
    model = ModelRef(name="logistic", version="v7", trained_until=dt.date(2025, 6, 30), proven_skill=False)
    sheet = Around().sheet(make_analysis(probabilities=PROBABILITIES, band=0.02345, model=model))
    stated = {fact.id: (fact.value, fact.unit, fact.direction) for fact in sheet.facts}
    assert stated["signal"] == ("BUY", "", 1)
    assert stated["confidence"] == (61.2, "%", None)
    assert stated["probability.up"] == (61.2, "%", 1)
    assert stated["probability.neutral"] == (25.0, "%", 0)
    assert stated["probability.down"] == (13.8, "%", -1)
    assert stated["band"] == (2.34, "%", None)
    assert stated["model"] == ("logistic v7", "", None)
    assert stated["model.trained_until"] == ("2025-06-30", "", None)
    assert stated["model.proven"] == ("no", "", None)


def test_reasons_point_for_or_against_the_signal():
    reasons = [
        SignalReason(feature="return_5", value=1, weight=0.3, text="one"),
        SignalReason(feature="rsi 14\nx", value=1, weight=-0.1, text="two"),
    ]
    sheet = Around().sheet(make_analysis(reasons=reasons))
    assert [(fact.id, fact.value, fact.direction) for fact in sheet.starting("reason.")] == [
        ("reason.return_5", "one", 1),
        ("reason.rsi_14_x", "two", -1),
    ]


def test_a_withheld_signal_comes_with_its_reason_and_no_probability():
    sheet = Around().sheet(make_withheld("FPT", WithheldReason.NEW_LISTING, "96 bars stored,\n260 needed"))
    assert value(sheet, "withheld") == "new_listing"
    assert value(sheet, "withheld.detail") == "96 bars stored, 260 needed"
    assert not [fact.id for fact in sheet.facts if fact.id.startswith(("signal", "confidence", "probability", "model"))]


def test_indicators_are_rounded_and_signed():
    indicators = {
        "roc_1": -2.6548, "roc_20": 0.04, "rsi_14": 74.219, "macd_histogram": -771.53, "volatility_20": 0.31987,
        "natr_14": 2.789, "volume_ratio_20": 0.613, "traded_value_20": 1.2347321e12, "position_52w": 0.2917,
        "distance_high_52w": -26.4, "beta_60": 0.7812, "relative_strength_20": -18.02, "bollinger_percent_b": 0.0912,
        "mfi_14": None,
    }  # fmt: skip
    sheet = Around().sheet(make_analysis(indicators=indicators))
    stated = {fact.id: (fact.value, fact.unit, fact.direction) for fact in sheet.facts}
    assert stated["return_1"] == (-2.7, "%", -1)
    assert stated["return_20"] == (0.0, "%", 0)
    assert stated["rsi_14"] == (74.2, "", None)
    assert stated["macd_histogram"] == (-772, "VND", -1)
    assert stated["volatility_20"] == (32.0, "%", None)
    assert stated["atr_percent"] == (2.8, "%", None)
    assert stated["volume_ratio_20"] == (0.61, "x", -1)
    assert stated["traded_value_20"] == (1_234_732_000_000, "VND", None)
    assert stated["position_52w"] == (29.2, "%", None)
    assert stated["beta_60"] == (0.78, "", None)
    assert stated["excess_20"] == (-18.0, "%", -1)
    assert stated["bollinger_percent_b"] == (0.09, "", None)
    assert "mfi_14" not in stated


def test_a_tiny_loss_is_no_minus_zero():
    sheet = Around().sheet(make_analysis(indicators={"roc_5": -0.01}))
    assert str(value(sheet, "return_5")) == "0.0"


def test_prices_across_sessions_are_in_the_terms_of_the_last_close():
    around = Around()
    around.prices.upsert(make_bars(factor=0.5))
    sheet = around.sheet(make_analysis(indicators={"sma_50": 90_000.0, "distance_low_52w": 25.0}))
    assert value(sheet, "close") == 99_000
    assert value(sheet, "previous_close") == 49_450
    assert value(sheet, "level.low_20") == (97_100 - 500) // 2
    assert value(sheet, "level.high_20") == 99_500
    assert value(sheet, "level.low_52w") == 79_200
    assert value(sheet, "level.sma_50") == 90_000
    assert value(sheet, "versus_sma_50") == 10.0
    assert value(sheet, "adjusted") == "yes"


def test_a_history_adjusted_for_a_later_day_is_brought_back_to_the_last_close():
    # The source has halved everything up to the last bar: a split is known that comes after it.
    around = Around()
    around.prices.upsert([bar.model_copy(update={"adjusted_close": bar.close // 2}) for bar in make_bars()])
    sheet = around.sheet(make_analysis(indicators={"sma_50": 45_000.0}))
    assert value(sheet, "previous_close") == 98_900
    assert value(sheet, "level.low_20") == 96_600
    assert value(sheet, "level.high_20") == 99_500
    assert value(sheet, "level.sma_50") == 90_000
    assert value(sheet, "versus_sma_50") == 10.0


def test_without_adjusted_prices_all_are_as_traded_and_the_table_says_so():
    around = Around()
    around.prices.upsert(make_bars(adjusted_close=None))
    sheet = around.sheet(make_analysis(adjusted=False))
    assert value(sheet, "previous_close") == 98_900
    assert value(sheet, "level.low_20") == 96_600
    assert value(sheet, "adjusted") == "no"


def test_one_bar_without_an_adjusted_close_leaves_the_levels_out():
    around = Around()
    bars = make_bars()
    around.prices.upsert([bars[0], *bars[1:-5], bars[-5].model_copy(update={"adjusted_close": None}), *bars[-4:]])
    sheet = around.sheet()
    assert sheet.get("level.low_20") is None
    assert value(sheet, "previous_close") == 98_900


def test_bars_that_are_adjusted_already_are_taken_as_they_are():
    around = Around()
    around.prices.upsert(make_bars(basis=PriceBasis.ADJUSTED, adjusted_close=None))
    assert value(around.sheet(), "level.low_20") == 96_600


def test_bars_that_end_before_the_analysis_are_not_used():
    around = Around()
    around.prices.upsert(make_bars(last=DAY - dt.timedelta(days=1)))
    sheet = around.sheet(make_analysis(indicators={"sma_50": 90_000.0}))
    for missing in ("previous_close", "volume", "level.low_20", "level.sma_50", "versus_sma_50"):
        assert sheet.get(missing) is None, missing


def test_few_bars_give_fewer_levels():
    around = Around()
    around.prices.upsert(make_bars(count=5))
    sheet = around.sheet(make_analysis(indicators={}))
    assert value(sheet, "previous_close") == 98_900
    assert not sheet.starting("level.")


def test_later_bars_than_the_analysis_are_not_looked_at():
    around = Around()
    around.prices.upsert(make_bars())
    before = around.sheet()
    around.prices.upsert(make_bars(count=1, last=DAY + dt.timedelta(days=3), high=500_000, volume=1))
    assert around.sheet() == before


def test_the_volume_is_left_out_where_the_bar_is_newer_than_the_analysis():
    around = Around()
    around.prices.upsert(make_bars())
    assert value(around.sheet(), "volume") == 7_212_000
    later = make_analysis(close=98_000, event_time=NOW + dt.timedelta(minutes=1))
    assert around.sheet(later).get("volume") is None


def test_an_index_is_in_points():
    changes = {"close": Decimal("1645.47"), "indicators": {"macd_histogram": 1.2345}}
    sheet = Around().sheet(make_withheld("VNINDEX", WithheldReason.INDEX_NOT_MODELLED, "no", **changes))
    assert (sheet.get("close").value, sheet.get("close").unit) == (1645.47, "points")
    assert (value(sheet, "macd_histogram"), sheet.get("macd_histogram").unit) == (1.23, "points")


def test_quality_counts_the_warnings_of_late():
    around = Around()
    old, new = DAY - dt.timedelta(days=60), DAY - dt.timedelta(days=2)
    around.quality.kept["FPT"] = make_quality(warnings=[("jump", DAY), ("jump", new), ("tick", old)])
    sheet = around.sheet()
    assert value(sheet, "quality.completeness") == 99.0
    assert [(fact.id, fact.value, fact.date) for fact in sheet.starting("quality.warning.")] == [
        ("quality.warning.jump", 2, DAY)
    ]


def test_the_age_and_the_phase_are_those_of_the_present_moment():
    around = Around()
    around.clock.now = dt.datetime(2025, 8, 26, 7, 40, tzinfo=dt.UTC)  # 14:40 at the exchange
    sheet = around.sheet()
    assert value(sheet, "phase") == "closing auction"
    assert sheet.get("phase").date == dt.date(2025, 8, 26)
    assert value(sheet, "quality.sessions_behind") == 1
    around.quality.kept["FPT"] = make_quality(exchange=Exchange.UPCOM)
    assert value(around.sheet(), "phase") == "continuous"


def test_what_is_not_final_or_not_real_is_said_only_where_it_is_so():
    assert Around().sheet().get("provisional") is None
    assert Around().sheet().get("simulated") is None
    sheet = Around().sheet(make_analysis(provisional=True, simulated=True))
    assert (value(sheet, "provisional"), value(sheet, "simulated"), sheet.simulated) == ("yes", "yes", True)


def test_the_track_record_counts_timely_outcomes_once_at_five_sessions():
    around = Around()
    around.track.tallies = make_record()
    around.track.rows = [
        make_outcome("a", hit=False),
        make_outcome("a", hit=True, revision=2),
        make_outcome("b", hit=False),
        make_outcome("b", hit=True, horizon=20),
        make_outcome("late", timely=False),
        make_outcome("none", hit=None, status=OutcomeStatus.NO_PRICE),
        make_outcome("other", simulated=True),
        make_outcome("old", as_of=DAY - dt.timedelta(days=200)),
        make_outcome("another", symbol="VCB"),
    ]
    sheet = around.sheet()
    assert value(sheet, "track.scored") == 2
    assert value(sheet, "track.hits") == 1
    assert value(sheet, "track.hit_rate") == 50.0
    assert value(sheet, "track.since") == "2025-07-01"
    assert value(sheet, "track.base") == 41.2
    assert (value(sheet, "track.base_low"), value(sheet, "track.base_high")) == (39.0, 43.0)


def test_tallies_of_the_simulated_market_say_nothing_of_the_real_one():
    around = Around()
    around.track.tallies = make_record(simulated=True)
    assert around.sheet().get("track.base") is None
    later = make_analysis(simulated=True, event_time=NOW + dt.timedelta(minutes=1))
    assert value(around.sheet(later), "track.base") == 41.2


def test_a_rate_without_an_interval_stands_alone():
    around = Around()
    around.track.tallies = make_record(interval=None)
    assert value(around.sheet(), "track.base") == 41.2
    assert around.sheet().get("track.base_low") is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("one\n\ttwo\r\nthree", "one two three"),
        ("a\x00b\x1b[31mc\u202ed\u200b", "ab[31mcd"),
        ("a\u2028b\u2029c\u0085d\xa0e", "a b c d e"),
        ("  Cổ phiếu FPT  ", "Cổ phiếu FPT"),
    ],
)
def test_texts_from_data_become_one_printable_line(given, expected):
    assert clean(given) == expected


def test_a_long_text_is_cut():
    assert len(clean("x" * 1000)) == LONGEST
    assert clean("x" * 1000).endswith("…")
    assert clean("x" * LONGEST) == "x" * LONGEST
