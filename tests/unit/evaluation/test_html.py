"""The page: well formed, complete, and in need of nothing from outside."""

import re
from html.parser import HTMLParser

import pytest

from stock_ai.evaluation.html import html
from stock_ai.evaluation.report import Reliability
from tests.fakes.evaluations import report

VOID = {"meta", "br", "link", "img"}


class Page(HTMLParser):
    """Checks that every tag is closed in turn, and gathers what is there."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.refers, self.text = [], [], [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        found = dict(attributes)
        self.ids += [found["id"]] if "id" in found else []
        self.refers += found.get("aria-labelledby", "").split()
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def whole():
    return report()


@pytest.fixture(scope="module")
def page(whole):
    return html(whole)


def test_the_page_is_well_formed_and_its_pictures_have_titles(page):
    found = Page(page)
    assert not found.open
    assert len(found.ids) == len(set(found.ids))
    assert set(found.refers) == set(found.ids)
    assert found.tags.count("svg") == 5
    assert found.tags.count("title") > 5


def test_the_page_needs_nothing_else(page):
    assert not re.search(r"https?:|//|url\(|@import|@font-face|<script|<link|<img|<iframe| on\w+=|src=(?!')", page)
    assert "default-src 'none'" in page


def test_what_comes_from_outside_is_escaped(page):
    assert "blend-5d &lt;script&gt;" in page
    assert "a&lt;b" in page
    assert "RankIC &amp; more" in page


def test_every_sentence_and_every_figure_is_there(whole, page):
    text = Page(page).text
    for sentence in whole.reading:
        assert sentence in text
    for figure in ("0.061 [0.051, 0.071]", "0.091 [0.081, 0.101]", "0.35 [0.25, 0.45]", "0.521 [", "0.551 [", "0.529 [",
                   "-0.60 [-1.60, +0.40]", "0.012 [", "0.988 [", "-0.0008 [-0.0035, 0.0019]"):  # fmt: skip
        assert figure.replace("-", "\N{MINUS SIGN}") in text
    for estimate in (whole.backtest.net_excess, whole.backtest.gross_invested_excess, whole.decile.net):
        assert f"{estimate.value:+.1f} [".replace("-", "\N{MINUS SIGN}") in text
    assert f"{whole.backtest.cost:,.0f}" in text
    for year in whole.backtest.years:
        assert f"{year.net:+.1%}".replace("-", "\N{MINUS SIGN}") in text
    assert all(symbol in text for symbol in whole.run.symbols)


def test_light_and_dark(page):
    assert "prefers-color-scheme:dark" in page
    assert '<meta name="viewport"' in page


def test_the_same_report_gives_the_same_page(whole, page):
    assert html(whole) == page


def test_what_a_report_lacks_is_left_out(whole):
    bare = whole.model_copy(
        update={
            "untradable": None,
            "folds": (),
            "reliability": Reliability(direction=(), classes=()),
            "decile": None,
            "importance": (),
            "backtest": whole.backtest.model_copy(
                update={"index": None, "equity": whole.backtest.equity.model_copy(update={"index": None})}
            ),
        }
    )
    found = Page(html(bare))
    assert not found.open
    assert found.tags.count("svg") == 1
    assert "nobody can trade it" not in found.text
