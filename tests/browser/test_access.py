"""Usable by keyboard and screen reader: axe's findings, the order of focus, text in place of pictures."""

from __future__ import annotations

import itertools

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import settled, visit

PATHS = ["", "#/movers", "#/screen", "#/watchlist", "#/record", "#/quality", "#/symbol/FPT", "#/symbol/FPX"]
GRAVE = {"serious", "critical"}


def findings(page) -> list[str]:
    """Serious and critical findings of axe, which the page has loaded."""
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in found["violations"]
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_axe_finds_nothing_grave(open_page, site, axe_source, language, theme, width):
    site.answers.world.simulated = True
    site.answers.world.sessions_behind = 1
    page = open_page(language=language, theme=theme, width=width)
    page.evaluate(axe_source)
    found = []
    for path in PATHS:
        visit(page, path)
        if path == "#/symbol/FPT":
            page.locator("#board-colours").check()
            page.locator(".button.primary").click()
            expect(page.locator(".letter")).to_be_visible()
        for box in reversed(page.locator("main details:not([open]) > summary").all()):
            box.click()
        settled(page)
        found += [f"{path} {one}" for one in findings(page)]
    assert found == []


def test_everything_by_keyboard_alone(open_page):
    page = open_page()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("main").get_by_role("link", name="Chart")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Find a stock")).to_be_focused()
    page.keyboard.type("fpt")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("FPT")
    expect(heading).to_be_focused()
    settled(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Watch")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Watching")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Exchange board colours")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_label("Exchange board colours")).to_be_checked()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.get_by_role("button", name="Explain in words").evaluate("(one) => one === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.locator(".letter")).to_be_visible()
    assert page.watched.all == []


def test_focus_is_always_seen(open_page):
    page = open_page("#/symbol/FPT")
    for _ in range(45):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            "(() => { const one = document.activeElement; if (one === document.body) return true;"
            " const style = getComputedStyle(one); return style.outlineStyle !== 'none' && one.offsetWidth > 0; })()"
        )
        assert seen, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")


def test_landmarks_captions_and_words_for_pictures(open_page):
    for path in ("", "#/record", "#/symbol/FPT", "#/screen"):
        page = open_page(path)
        for role in ("banner", "main", "contentinfo", "search"):
            expect(page.get_by_role(role)).to_have_count(1)
        assert page.evaluate("[...document.querySelectorAll('table:not(.chart table)')].filter("
                             "(one) => !one.caption?.textContent.trim()).length") == 0  # fmt: skip
        assert page.evaluate("[...document.querySelectorAll('[role=img]')].filter("
                             "(one) => !one.getAttribute('aria-label')?.trim()).length") == 0  # fmt: skip
        levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map((one) => Number(one.tagName[1]))")
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
