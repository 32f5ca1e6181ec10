"""The text that is put together by rule."""

import pytest

from functions.llm_analysis import phrases, template
from functions.llm_analysis.facts import Fact
from functions.llm_analysis.reasons import reason
from stock_ai.ml.features import FEATURES
from stock_ai.models.analysis import WithheldReason
from stock_ai.models.llm import Horizon, Language, LevelKind, Stance, StanceConfidence
from tests.fakes.api_services import DAY, make_analysis, make_withheld
from tests.fakes.llm_context import Around, make_bars, make_sheet

EN, VI = Language.ENGLISH, Language.VIETNAMESE
SPOKEN = (("signal", "BUY", "", 1), ("confidence", 61.2, "%"), ("model.proven", "yes"))


def texts(statements):
    return [statement.text for statement in statements]


def test_the_opening_names_close_date_and_move():
    sheet = make_sheet(("return_1", -2.7, "%", -1))
    assert (
        texts(template.write(sheet, EN).summary)[0]
        == "FPT closed at 99,000 VND on 2025-08-22, down 2.7% on the session before."
    )
    vietnamese = template.write(sheet, VI).summary[0]
    assert vietnamese.text == "FPT đóng cửa ở mức 99.000 đồng ngày 22/08/2025, giảm 2,7% so với phiên trước."
    assert vietnamese.facts == ["close", "return_1"]


def test_a_running_session_is_said():
    sheet = make_sheet(("return_1", 0.0, "%", 0), ("provisional", "yes"))
    (opening,) = template.write(sheet, VI).summary
    assert (
        opening.text == "Phiên ngày 22/08/2025 chưa kết thúc, FPT đang ở mức 99.000 đồng, không đổi so với phiên trước."
    )
    assert "provisional" in opening.facts


def test_simulated_data_are_said_first_and_never_sure():
    sheet = make_sheet(*SPOKEN, ("simulated", "yes"), simulated=True)
    draft = template.write(sheet, EN)
    assert draft.summary[0].text == phrases.SIMULATED[EN]
    assert draft.stance_confidence is StanceConfidence.LOW
    assert phrases.disclaimer("template", EN, True).startswith(phrases.SIMULATED[EN])
    assert phrases.SIMULATED[VI] not in phrases.disclaimer("openai", VI, False)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(("signal", "stance"), [("BUY", "bullish"), ("HOLD", "neutral"), ("SELL", "bearish")])
def test_the_stance_is_that_of_the_signal(signal, stance, language):
    draft = template.write(make_sheet(("signal", signal), ("confidence", 40.5, "%")), language)
    assert draft.stance == stance
    assert draft.horizon is Horizon.DAYS
    said = draft.summary[1]
    assert signal in said.text
    assert ("40.5%" if language is EN else "xác suất đã hiệu chỉnh 40,5%") in said.text
    assert said.facts == ["signal", "confidence"]


@pytest.mark.parametrize(
    ("confidence", "proven", "expected"),
    [
        (44.9, "yes", "low"),
        (45.0, "yes", "medium"),
        (59.9, "yes", "medium"),
        (60.0, "yes", "high"),
        (90.0, "no", "low"),
    ],
)
def test_the_stance_is_as_sure_as_a_proven_model(confidence, proven, expected):
    sheet = make_sheet(("signal", "BUY"), ("confidence", confidence, "%"), ("model.proven", proven))
    draft = template.write(sheet, EN)
    assert draft.stance_confidence == expected
    assert (phrases.UNPROVEN[EN] in texts(draft.risks)) is (proven == "no")


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("why", list(WithheldReason))
def test_without_a_signal_the_reason_is_told(why, language):
    draft = template.write(make_sheet(("withheld", why.value), ("bars", 96, "bars")), language)
    assert draft.stance is Stance.NEUTRAL
    assert draft.stance_confidence is StanceConfidence.LOW
    said = draft.summary[1]
    assert said.facts[0] == "withheld"
    assert ("96" in said.text) is ("bars" in said.facts)
    assert draft.risks[-1].text == phrases.NO_SIGNAL_RISK[language]


def test_reasons_for_are_drivers_and_reasons_against_are_risks():
    volume = "volume against its 20-session mean (log) is 1.2, above its usual 0.7: speaks against BUY"
    sheet = make_sheet(
        *SPOKEN,
        ("reason.return_5", "return over 5 sessions is -0.03, below its usual 0.001: speaks for BUY", "", 1),
        ("reason.volume_ratio_20", volume, "", -1),
    )
    english, vietnamese = template.write(sheet, EN), template.write(sheet, VI)
    assert texts(english.drivers) == ["Return over 5 sessions is on the low side, which speaks for BUY."]
    assert texts(vietnamese.drivers) == ["Mức thay đổi giá trong 5 phiên đang ở mức thấp, ủng hộ tín hiệu BUY."]
    assert (
        texts(english.risks)[0] == "Volume against its 20-session mean is on the high side, which speaks against BUY."
    )
    assert (
        texts(vietnamese.risks)[0] == "Khối lượng so với trung bình 20 phiên đang ở mức cao, không ủng hộ tín hiệu BUY."
    )
    assert english.risks[0].facts == ["reason.volume_ratio_20"]


@pytest.mark.parametrize("feature", FEATURES)
def test_every_feature_of_the_model_has_vietnamese_words(feature):
    text = f"{FEATURES[feature]} is 0.1, above its usual 0.05: speaks against SELL"
    said = reason(Fact(f"reason.{feature}", "", text, "", DAY, -1), VI).text
    assert said.endswith(" đang ở mức cao, không ủng hộ tín hiệu SELL.")
    assert feature not in said
    assert FEATURES[feature] not in said


def test_a_reason_of_another_form_is_given_as_it_is():
    fact = Fact("reason.news", "", "ranks 0.3: BUY", "", DAY, 1)
    assert reason(fact, EN).text == "Ranks 0.3: BUY."
    assert reason(fact, VI).text == "Yếu tố news của mô hình ủng hộ tín hiệu này."


def test_readings_against_the_stance_are_risks():
    sheet = make_sheet(*SPOKEN, ("versus_sma_50", -6.1, "%", -1), ("versus_sma_200", 3.0, "%", 1), ("rsi_14", 74.2))
    draft = template.write(sheet, VI)
    assert "Giá đóng cửa cao hơn trung bình 200 phiên 3,0%." in texts(draft.drivers)
    assert "Giá đóng cửa thấp hơn trung bình 50 phiên 6,1%." in texts(draft.risks)
    assert "RSI ở mức 74,2, trong vùng quá mua." in texts(draft.risks)


def test_a_poor_record_old_data_and_odd_bars_are_risks():
    sheet = make_sheet(
        *SPOKEN,
        ("track.hits", 12),
        ("track.scored", 59),
        ("track.hit_rate", 20.3, "%"),
        ("track.base", 33.3, "%"),
        ("quality.sessions_behind", 3, "sessions"),
        ("quality.warning.jump", 1, "bars"),
        ("adjusted", "no"),
    )
    risks = texts(template.write(sheet, EN).risks)
    assert "Of 59 recent signals of this symbol 12 came true (20.3%), against 33.3% for all symbols." in risks
    assert "Since the last bar 3 sessions have closed: the data are out of date." in risks
    assert phrases.ODD_BARS[EN] in risks
    assert phrases.NOT_ADJUSTED[EN] in risks
    assert risks[-1] == phrases.UNCERTAIN[EN]


def test_levels_are_the_nearest_on_each_side_of_the_close():
    sheet = make_sheet(
        ("level.low_20", 97_500, "VND"),
        ("level.high_20", 111_600, "VND"),
        ("level.low_52w", 84_000, "VND"),
        ("level.high_52w", 111_600, "VND"),
        ("level.sma_50", 99_000, "VND"),
        ("level.sma_200", 90_000, "VND"),
        ("level.sma_20", 100_000, "VND"),
    )
    assert [(level.kind, level.fact) for level in template.write(sheet, EN).levels] == [
        (LevelKind.SUPPORT, "level.low_20"),
        (LevelKind.SUPPORT, "level.sma_200"),
        (LevelKind.RESISTANCE, "level.sma_20"),
        (LevelKind.RESISTANCE, "level.high_20"),
    ]


@pytest.mark.parametrize("language", list(Language))
def test_only_facts_of_the_sheet_are_cited(language):
    around = Around()
    around.prices.upsert(make_bars())
    for analysis in (make_analysis(), make_withheld("VCB", WithheldReason.NO_MODEL, "none")):
        sheet = around.sheet(analysis)
        for place, statement in template.write(sheet, language).statements():
            assert statement.facts, place
            assert all(sheet.get(fact) for fact in statement.facts), place


def test_equal_sheets_give_equal_texts():
    assert template.write(Around().sheet(), VI) == template.write(Around().sheet(), VI)


def test_the_close_alone_is_enough():
    draft = template.write(make_sheet(), EN)
    assert texts(draft.summary) == ["FPT closed at 99,000 VND on 2025-08-22."]
    assert texts(draft.risks) == [phrases.NO_SIGNAL_RISK[EN]]
