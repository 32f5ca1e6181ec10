"""The page of one symbol."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import settled
from tests.browser.fixture_api import serving


def test_chart_speaks_and_follows_its_controls(open_page):
    page = open_page("#/symbol/FPT")
    chart = page.get_by_role("img", name=re.compile(r"^FPT from .* signal changes\.$"))
    expect(chart.locator("canvas").first).to_be_visible()
    before = chart.get_attribute("aria-label")
    page.get_by_role("button", name="1Y").click()
    expect(page.get_by_role("button", name="1Y")).to_have_attribute("aria-pressed", "true")
    settled(page)
    assert page.locator(".chart").get_attribute("aria-label") != before
    page.get_by_label("Indicator").select_option("macd")
    expect(page.locator(".key-lines")).to_contain_text("macd")
    page.get_by_label("Indicator").select_option("rsi")
    page.get_by_label("period").fill("7")
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".key-lines")).to_contain_text("rsi:7")
    page.get_by_role("button", name="Remove sma_50").click()
    expect(page.locator(".key-lines")).not_to_contain_text("sma_50")
    assert page.url.endswith("#/symbol/FPT?range=1y&indicators=sma_20%2Crsi_14%2Cmacd%2Crsi%3A7")
    page.reload()
    settled(page)
    expect(page.locator(".key-lines")).to_contain_text("macd")
    for name in ("Week", "As traded"):
        page.get_by_role("button", name=name).click()
        settled(page)
    expect(page.locator(".chart-note")).to_contain_text("daily, adjusted")
    page.get_by_text("Show as a table").click()
    expect(page.get_by_role("table", name="Newest bars of FPT").locator("tbody tr")).to_have_count(30)
    assert page.watched.all == []


def test_confidence_says_what_it_is_worth(open_page):
    page = open_page("#/symbol/FPT")
    worth = page.get_by_role("list", name="What the confidence is worth")
    expect(worth).to_contain_text("A calibrated probability.")
    expect(worth).to_contain_text(re.compile(r"Of [\d,]+ past signals with \d+% to \d+% confidence, [\d.]+% came true"))
    expect(worth).to_contain_text("has no proven skill")
    expect(page.locator(".parts li")).to_have_count(2)
    expect(page.locator(".reasons li")).to_have_count(4)


def test_reasons_are_told_in_the_language_of_the_page(open_page, site):
    stated = site.answers.stocks["FPT"].signals[-1]["signal"]
    signal = {"BUY": "Mua", "HOLD": "Giữ", "SELL": "Bán"}[stated]
    reasons = open_page("#/symbol/FPT", language="vi").locator(".reasons p")
    expect(reasons).to_have_text(
        [
            f"Mức thay đổi giá trong 20 phiên là 0,0314, cao hơn mức thường thấy 0,00412: ủng hộ tín hiệu {signal}.",
            "Thứ hạng toàn thị trường về độ biến động 20 phiên là 0,813, cao hơn mức thường thấy 0,5:"
            f" phản đối tín hiệu {signal}.",
            "Khoảng cách tới trung bình 200 phiên là -0,0521, thấp hơn mức thường thấy 0,0133:"
            f" ủng hộ tín hiệu {signal}.",
            "not_yet_named is 0.03, above its usual 0.02",
        ]
    )
    # Of a feature that the page does not know there are the words of the API.
    expect(reasons.locator("[lang=en]")).to_have_text(["not_yet_named is 0.03, above its usual 0.02"])
    english = open_page("#/symbol/FPT").locator(".reasons p").first
    expect(english).to_have_text(
        f"Return over 20 sessions is 0.0314, above its usual 0.00412: speaks for the signal {stated.capitalize()}."
    )
    expect(english.locator("[lang]")).to_have_count(0)


def test_reasons_of_an_earlier_release_are_told_by_the_api(open_page, site):
    site.answers.world.usual = False
    page = open_page("#/symbol/FPT", language="vi")
    expect(page.locator(".reasons p [lang=en]")).to_have_count(4)
    expect(page.locator(".reasons p").first).to_have_text(re.compile("^return over 20 sessions is 0.0314"))


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_else_on_the_vietnamese_page_is_english(open_page, width):
    page = open_page("#/symbol/FPT", language="vi", width=width)
    page.locator(".button.primary").click()
    page.locator(".letter summary").click()
    cells = page.locator(".letter tbody td.num:not(.wide)")
    expect(cells).to_have_count(10)
    values = [text.replace("\u00a0", " ") for text in cells.all_inner_texts()]
    assert values[4].endswith(" cổ phiếu")
    assert values[5].endswith(" lần")
    assert values[6] in ("Mua", "Giữ", "Bán")
    assert values[7:9] == ["không", "31/07/2025"]
    expect(page.locator(".letter th[scope=row]").first).to_have_text("Giá đóng cửa gần nhất, theo giá giao dịch")
    assert page.evaluate("[...document.querySelectorAll('main [lang=en]')].map((one) => one.textContent)") == [
        "not_yet_named is 0.03, above its usual 0.02"
    ]
    titles = page.evaluate("[...document.querySelectorAll('main [title]')].map((one) => one.title)")
    assert titles
    assert [one for one in titles if re.search(r"\b(of|the|over|sessions|average)\b", one)] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("(one) => one.scrollWidth <= one.clientWidth", page.locator(".letter").element_handle())


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_explanation_is_streamed_or_polled_for(open_page, site, streaming, language):
    site.answers.world.streaming = streaming
    page = open_page("#/symbol/FPT", language=language)
    page.locator(".button.primary").click()
    expect(page.locator(".letter .summary")).to_contain_text("FPT closed" if language == "en" else "FPT đóng cửa")
    page.locator(".letter summary").click()
    expect(page.locator(".letter table tbody tr")).to_have_count(10)
    expect(page.locator(".credits")).to_contain_text("claude-sonnet-4-5")
    expect(page.locator(".credits")).to_contain_text(re.compile(r"0[.,]0156"))
    assert page.watched.failed == [] if streaming else len(page.watched.failed) == 1
    # The API is asked once a visit whether it streams.
    page.locator(".button.primary").click()
    expect(page.locator(".button.primary")).to_be_enabled()
    assert len(page.watched.failed) == (0 if streaming else 1)


def test_refused_explanation_shows_its_problem(open_page, site):
    site.answers.world.llm_problem = (429, "llm-budget-spent", "the budget of 1.00 USD is spent")
    page = open_page("#/symbol/FPT")
    page.get_by_role("button", name="Explain in words").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The day's budget for explanations is spent")
    expect(alert).to_contain_text("the budget of 1.00 USD is spent")


def test_refusal_is_told_in_vietnamese(open_page, site):
    site.answers.world.llm_problem = (429, "llm-budget-spent", "the budget of 1.00 USD is spent")
    page = open_page("#/symbol/FPT", language="vi")
    page.locator(".button.primary").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Đã hết ngân sách giải thích trong ngày")
    expect(alert.locator("[lang=en]")).to_have_count(0)


def test_pending_analysis_is_no_error_and_the_rest_is_there(open_page):
    page = open_page("#/symbol/VTP")
    expect(page.get_by_text("The analysis is still to come").first).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator(".chart canvas").first).to_be_visible()
    expect(page.get_by_role("button", name="Explain in words")).to_be_disabled()


def test_unknown_symbol_suggests_others(open_page):
    page = open_page("#/symbol/FPX")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("This symbol is not known here")
    expect(alert.locator("code")).to_have_text(re.compile("[0-9a-f]{12}"))
    alert.get_by_role("link", name="FPT").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("FPT")
    assert len(page.watched.failed) == 1


def test_index_has_points_and_no_price_limits(open_page):
    page = open_page("#/symbol/VNINDEX")
    expect(page.locator(".quotes")).not_to_contain_text("Ceiling")
    expect(page.get_by_text("An index is not modelled")).to_be_visible()
    expect(page.get_by_text("The model foresees stocks against the market, not the market.")).to_be_visible()
    assert page.watched.all == []


def test_board_colours_are_chosen_and_leave_the_explanation(open_page):
    page = open_page("#/symbol/ACB")
    page.get_by_role("button", name="Explain in words").click()
    expect(page.locator(".letter")).to_be_visible()
    page.get_by_label("Exchange board colours").check()
    expect(page.locator(".quotes .px-ceiling")).to_be_visible()
    expect(page.locator(".letter")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Exchange board colours")).to_be_checked()


def test_price_limits_are_on_the_tick(open_page):
    page = open_page()
    limits = page.evaluate(
        "import(new URL('js/symbol/limits.js', document.baseURI)).then(({ limits }) => ["
        "limits(101700, 'HOSE'), limits(9990, 'HOSE'), limits(20000, 'HNX'), limits(15100, 'UPCOM'), limits(5, null)])"
    )
    assert limits == [
        {"ceiling": 108800, "floor": 94600},
        {"ceiling": 10650, "floor": 9300},
        {"ceiling": 22000, "floor": 18000},
        {"ceiling": 17300, "floor": 12900},
        None,
    ]


def test_without_the_library_candles_are_drawn_by_ourselves(open_page):
    with serving(vendor=None) as bare:
        page = open_page("#/symbol/FPT", url=bare.url)
        expect(page.locator("svg.plain g.up").first).to_be_visible()
        expect(page.locator("svg.plain path.series")).to_have_count(3)
        expect(page.get_by_text("the chart library is not installed")).to_be_visible()
        assert [url.split("/")[-1] for url in page.watched.failed] == ["lightweight-charts.js"]
