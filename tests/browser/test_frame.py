"""What holds on every view: widths, weight, speed, policy, banners, failures."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import WATCH, settled, visit
from tests.browser.fixture_api import serving

PATHS = ["", "#/movers", "#/movers/active", "#/screen", "#/watchlist", "#/record", "#/quality", "#/symbol/FPT"]
MAX_BYTES = 250_000
MAX_READY_MS = 1_000
MAX_SHIFT = 0.1


@pytest.mark.parametrize("width", [390, 860, 1024, 1440])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_fits_its_width_and_keeps_the_policy(open_page, language, width):
    page = open_page(width=width, language=language)
    beyond = (
        "[...document.querySelectorAll('main *')].filter((one) => !one.closest('.sr, svg, .chart')"
        " && one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML.slice(0, 90))"
    )
    for path in PATHS:
        visit(page, path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(beyond) == [], path
    assert page.evaluate("faults.csp") == []
    assert page.watched.all == []


def test_first_view_is_light_fast_and_steady(browser, site):
    visits = [_first_visit(browser, site.url) for _ in range(3)]
    print(visits)
    assert max(visit["bytes"] for visit in visits) <= MAX_BYTES
    assert max(visit["shift"] for visit in visits) <= MAX_SHIFT
    # The best of three: the machine may do other things at the same time.
    assert min(visit["ready_ms"] for visit in visits) <= MAX_READY_MS


def _first_visit(browser, url: str) -> dict[str, float]:
    """Bytes over the wire, milliseconds until all parts are there and can be used, and layout shift; nothing cached."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="vi-VN")
    page = context.new_page()
    page.add_init_script(WATCH)
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    sizes: list[float] = []
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(url)
    settled(page)
    look = "new Promise((done) => (function look() { faults.ready ? done(faults) : requestAnimationFrame(look) })())"
    faults = page.evaluate(look)
    context.close()
    return {"bytes": sum(sizes), "requests": len(sizes), "ready_ms": faults["ready"], "shift": faults["shift"]}


def test_banner_says_simulated_old_and_provisional(open_page, site):
    page = open_page()
    expect(page.locator("#banner .notice")).to_have_count(0)
    site.answers.world.simulated = True
    site.answers.world.sessions_behind = 3
    site.answers.world.provisional = True
    page.reload()
    for path in ["", "#/movers", "#/screen", "#/record", "#/quality", "#/symbol/FPT"]:
        visit(page, path)
        banner = page.get_by_role("status").filter(has_text="Simulated market")
        expect(banner).to_contain_text("3 sessions have closed since")
        expect(banner).to_contain_text("is still running")
    page.get_by_role("button", name="Tiếng Việt").click()
    expect(page.locator("#banner")).to_contain_text("Thị trường mô phỏng")


def test_failed_part_leaves_the_others_and_can_be_asked_again(open_page, site):
    site.answers.world.broken = frozenset({"market/sectors"})
    page = open_page()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Temporarily unavailable")
    expect(alert.locator("code")).to_have_text(re.compile("[0-9a-f]{12}"))
    expect(page.get_by_role("heading", name="Strongest signals")).to_be_visible()
    site.answers.world.broken = frozenset()
    alert.get_by_role("button", name="Try again").click()
    expect(page.locator(".tile").first).to_be_visible()


def test_api_out_of_reach_is_told(open_page):
    page = open_page("#/movers")
    page.route("**/api/v1/**", lambda route: route.abort())
    page.get_by_role("link", name="Losers").click()
    expect(page.get_by_role("alert")).to_contain_text("The API cannot be reached")


def test_works_under_the_stage_of_a_gateway(open_page, vendor):
    with serving(prefix="/prod", vendor=vendor) as staged:
        page = open_page("#/symbol/FPT", url=staged.url)
        expect(page.locator(".chart canvas").first).to_be_visible()
        expect(page.get_by_role("link", name="API documentation")).to_have_attribute("href", f"{staged.url}docs")
        staged.answers.world.streaming = False
        page.get_by_role("button", name="Explain in words").click()
        expect(page.locator(".letter")).to_be_visible()


def test_api_base_is_named_by_the_page(open_page, site):
    page = open_page()
    page.evaluate("document.querySelector('meta[name=api-base]').content = 'elsewhere/api/'")
    asked = page.evaluate("import(new URL('js/api.js', document.baseURI)).then((api) => api.address('stocks').href)")
    assert asked == f"{site.url}elsewhere/api/stocks"


def test_new_insight_is_shown_when_it_is_told(open_page, site):
    site.followed.clear()
    page = open_page("#/symbol/FPT")
    assert site.followed.wait(5)
    with page.expect_response("**/analysis/FPT/insight"):
        site.tell("FPT")
    settled(page)
    assert page.watched.all == []


def test_unknown_view_says_so(open_page):
    page = open_page("#/nowhere")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing here")
