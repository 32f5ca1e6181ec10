"""A headless Chromium, the dashboard over its fixture API, and a page that watches for faults."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.fixture_answers import World
from tests.browser.fixture_api import DASHBOARD, Server, serving

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright for Python is not installed")

NODE_MODULES = Path(__file__).parents[2] / "node_modules"
_LIBRARY = NODE_MODULES / "lightweight-charts/dist/lightweight-charts.standalone.production.mjs"
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
WATCH = """
window.faults = { csp: [], shift: 0, ready: null };
addEventListener("securitypolicyviolation", (event) => faults.csp.push(event.violatedDirective));
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) faults.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
(function look() {
  const shown = document.querySelector("main h1") && !document.querySelector("[aria-busy], main .loading");
  if (shown) faults.ready = performance.now();
  else requestAnimationFrame(look);
})();
"""


@dataclasses.dataclass
class Watched:
    """What went wrong while a page was used."""

    console: list[str] = dataclasses.field(default_factory=list)
    failed: list[str] = dataclasses.field(default_factory=list)
    foreign: list[str] = dataclasses.field(default_factory=list)

    @property
    def all(self) -> list[str]:
        return self.console + self.failed + self.foreign


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    """One Chromium for a module: Playwright keeps an event loop running meanwhile, which other tests must not find."""
    if _CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install the package chromium")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=_CHROMIUM, args=_OPTIONS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def vendor(tmp_path_factory) -> Path:
    """The folder of vendored libraries, from the package step or from node_modules."""
    if (DASHBOARD / "vendor/lightweight-charts.js").exists():
        return DASHBOARD / "vendor"
    if not _LIBRARY.exists():
        pytest.skip("no lightweight-charts: run `npm ci`")
    folder = tmp_path_factory.mktemp("vendor")
    shutil.copy(_LIBRARY, folder / "lightweight-charts.js")
    return folder


@pytest.fixture(scope="session")
def _running(vendor) -> Iterator[Server]:
    with serving(vendor=vendor) as server:
        yield server


@pytest.fixture
def site(_running) -> Server:
    """The dashboard and its API; a test may change `site.answers.world`."""
    _running.answers.world = World()
    return _running


@pytest.fixture(scope="session")
def axe_source() -> str:
    """The accessibility checker."""
    file = NODE_MODULES / "axe-core/axe.min.js"
    if not file.exists():
        pytest.skip("no axe-core: run `npm ci`")
    return file.read_text(encoding="utf-8")


@pytest.fixture
def open_page(browser, site):
    """Opens a view in a browser of its own and waits for all of it: `open_page("#/movers", width=390)`."""
    contexts = []

    def opened(view: str = "", *, width: int = 1440, language: str = "en", theme: str = "light", url: str = ""):
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            locale="vi-VN" if language == "vi" else "en-GB",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.add_init_script(WATCH)
        page.watched = watch(page, url or site.url)
        page.goto((url or site.url) + view)
        settled(page)
        return page

    yield opened
    for context in contexts:
        context.close()


def watch(page, url: str) -> Watched:
    """Collects console errors, failed requests and requests to other places."""
    found = Watched()
    origin = "/".join(url.split("/")[:3])
    page.on("console", lambda message: found.console.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.console.append(str(error)))
    page.on("response", lambda answer: found.failed.append(answer.url) if answer.status >= 400 else None)
    page.on("request", lambda request: found.foreign.append(request.url) if origin not in request.url else None)
    # What a view that was left did not wait for is no fault.
    page.on(
        "requestfailed",
        lambda request: found.failed.append(request.url) if "ABORTED" not in (request.failure or "") else None,
    )
    return found


def settled(page) -> None:
    """Waits until every part of the view is there."""
    sync_api.expect(page.locator("main h1")).to_be_visible()
    sync_api.expect(page.locator("[aria-busy], main .loading")).to_have_count(0)


def visit(page, path: str) -> None:
    """Goes to a view of the page that is open, and waits for it."""
    page.evaluate("(path) => { location.hash = path || '#/'; }", path)
    sync_api.expect(page.locator(f".view-{path.split('/')[1] if path else 'market'}")).to_be_visible()
    settled(page)
