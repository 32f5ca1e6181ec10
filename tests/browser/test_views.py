"""Every view of the dashboard, clicked through."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import settled

VIEWS = ["Market", "Movers", "Signals", "Watchlist", "Track record", "Data"]


def test_every_view_is_reached_by_its_link_and_nothing_fails(open_page):
    page = open_page()
    for name in VIEWS:
        page.get_by_role("navigation", name="Views").get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        settled(page)
        expect(page.get_by_role("link", name=name, exact=True)).to_have_attribute("aria-current", "page")
        expect(page).to_have_title(f"{name} · Stock AI")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Track record")
    settled(page)
    assert page.watched.all == []


def test_market_leads_to_a_sector_and_to_a_symbol(open_page, site):
    page = open_page()
    expect(page.locator(".tile")).to_have_count(len(site.answers.sectors()["sectors"]))
    page.locator(".tile", has_text="Banks").click()
    settled(page)
    expect(page.locator("#sector")).to_have_value("banks")
    expect(page.locator("tbody tr").first).to_contain_text("Banks")
    page.locator("tbody a.symbol").first.click()
    settled(page)
    expect(page.get_by_role("heading", name="Insight")).to_be_visible()
    assert page.watched.all == []


def test_movers_have_four_lists(open_page):
    page = open_page("#/movers")
    firsts = set()
    for name in ("Gainers", "Losers", "Most traded", "Unusual volume"):
        page.get_by_role("link", name=name).click()
        expect(page.get_by_role("link", name=name)).to_have_attribute("aria-current", "true")
        settled(page)
        firsts.add(page.locator("tbody tr").first.inner_text())
    assert len(firsts) >= 3
    page.get_by_label("Exchange").focus()
    page.get_by_label("Exchange").select_option("HNX")
    settled(page)
    assert {cell.strip() for cell in page.locator("tbody td:last-child").all_inner_texts()} == {"HNX"}
    expect(page.locator("#exchange")).to_be_focused()


def test_screen_filters_sorts_and_pages_by_the_api(open_page):
    page = open_page("#/screen?signal=HOLD")
    assert set(page.locator("tbody .badge").all_inner_texts()) == {"Hold"}
    page.get_by_label("Signal", exact=True).select_option("")
    settled(page)
    first = page.locator("tbody a.symbol").first.inner_text()
    page.get_by_role("columnheader", name="Symbol").get_by_role("link").click()
    settled(page)
    expect(page.get_by_role("columnheader", name="Symbol")).to_have_attribute("aria-sort", "ascending")
    names = [text.split()[0] for text in page.locator("tbody a.symbol").all_inner_texts()]
    assert names == sorted(names)
    page.get_by_role("link", name="Next page").click()
    expect(page.get_by_role("link", name="First page")).to_be_visible()
    settled(page)
    assert page.locator("tbody a.symbol").first.inner_text().split()[0] > names[-1]
    page.get_by_role("link", name="Clear filters").click()
    expect(page.locator("tbody a.symbol").first).to_have_text(first, use_inner_text=True)
    assert page.watched.all == []


def test_watchlist_is_kept_in_the_browser(open_page):
    page = open_page("#/symbol/ACB")
    page.get_by_role("button", name="Watch").click()
    expect(page.get_by_role("button", name="Watching")).to_have_attribute("aria-pressed", "true")
    page.goto(page.url.split("#")[0] + "#/watchlist")
    expect(page.get_by_role("heading", level=1)).to_have_text("Watchlist")
    for symbol in ("VNINDEX", "VTP", "ZZZ"):
        page.get_by_label("Symbol").fill(symbol.lower())
        page.get_by_role("button", name="Add").click()
        expect(page.locator("tbody tr", has_text=symbol)).to_be_visible()
    page.reload()
    settled(page)
    rows = page.locator("tbody tr").all_inner_texts()
    assert [row.split()[0] for row in rows] == ["ACB", "VNINDEX", "VTP", "ZZZ"]
    assert "Pending" in rows[2]
    assert "Unknown symbol" in rows[3]
    page.get_by_role("button", name="Stop watching ZZZ").click()
    expect(page.locator("tbody tr")).to_have_count(3)
    assert page.watched.all == []


def test_record_shows_reliability_for_each_horizon(open_page):
    page = open_page("#/record")
    chart = page.locator(".reliability svg")
    before = chart.get_attribute("aria-label")
    page.get_by_role("link", name="After 20 sessions").click()
    settled(page)
    assert page.locator(".reliability svg").get_attribute("aria-label") != before
    expect(page.get_by_role("table", name=re.compile("after 20 sessions"))).to_be_visible()
    expect(page.get_by_text("Skill not proven")).to_be_visible()


def test_record_ends_with_its_doubts_in_the_language_of_the_page(open_page):
    doubts = open_page("#/record", language="vi").locator(".disclaimers li")
    expect(doubts).to_have_count(2)
    expect(doubts.first).to_contain_text("Mô hình gradient_boosting 2025.08.22 chưa chứng minh được năng lực")
    expect(doubts.last).to_contain_text("không phải lời khuyên đầu tư")
    expect(open_page("#/record").locator(".disclaimers li").last).to_contain_text("no investment advice")


@pytest.mark.parametrize("path", ["", "#/screen"])
def test_lists_say_that_the_skill_is_not_proven(open_page, path):
    expect(open_page(path, language="vi").locator(".caution")).to_contain_text("chưa chứng minh được năng lực")


@pytest.mark.parametrize(("typed", "expected"), [("fp", "FPT"), ("vietcapital", None), ("asia comm", "ACB")])
def test_search_finds_by_symbol_and_name(open_page, typed, expected):
    page = open_page()
    page.get_by_role("combobox", name="Find a stock").press_sequentially(typed)
    if expected is None:
        expect(page.locator("#live")).to_have_text("0 found")
        return
    expect(page.get_by_role("option").first).to_contain_text(expected)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(expected)


def test_language_and_theme_are_switched_and_remembered(open_page):
    page = open_page("#/movers", language="vi", theme="dark")
    expect(page.get_by_role("heading", level=1)).to_have_text("Biến động")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Movers")
    settled(page)
    page.get_by_role("button", name="Light theme").click()
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert light != dark
    page.reload()
    settled(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Movers")
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == light


def test_numbers_follow_the_language(open_page, site):
    close = site.answers.stock(site.answers.stocks["FPT"])["close"]
    english, vietnamese = f"{close:,}", f"{close:,}".replace(",", ".")
    assert english in open_page("#/symbol/FPT").locator(".big").inner_text()
    assert f"{vietnamese}\u00a0₫" in open_page("#/symbol/FPT", language="vi").locator(".big").inner_text()
