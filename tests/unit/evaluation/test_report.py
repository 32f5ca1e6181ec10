"""The report as JSON and what it is read as."""

import json

import pytest

from stock_ai.evaluation.reading import proven_skill, reading
from stock_ai.evaluation.report import Controls, Estimate, EvaluationReport, Figures, Views
from tests.fakes.evaluations import around, figures, report


@pytest.fixture(scope="module")
def whole():
    return report()


def said(whole, direction=None, classes=None, shuffled=0.0, **changed):
    views = Views(direction=direction or figures(), classes=classes or Figures())
    backtest = whole.backtest.model_copy(update=changed)
    return " ".join(reading(views, Controls(shuffled_rank_ic=around(shuffled)), backtest, whole.by_liquidity))


def test_the_json_comes_back_as_the_same_report(whole):
    text = whole.json_text()
    assert EvaluationReport.model_validate_json(text) == whole
    table = json.loads(text)
    assert set(table) == set(EvaluationReport.model_fields)
    assert table["overall"]["direction"]["rank_ic"]["value"] == 0.0612
    assert len(table["backtest"]["equity"]["net"]) == len(table["backtest"]["equity"]["dates"])


def test_skill_is_proven_by_the_whole_interval():
    assert proven_skill(Estimate(value=-0.002, low=-0.003, high=-0.0001))
    assert not proven_skill(Estimate(value=-0.002, low=-0.003, high=0.0))
    assert not proven_skill(None)


def test_probability_skill_is_said_of_each_view(whole):
    text = said(whole, classes=Figures(log_loss_difference=around(-0.02)))
    assert "No proven probability skill of the direction" in text
    assert "The probabilities of the three classes are better than the base rate" in text


@pytest.mark.parametrize(
    ("ic", "believed"), [(around(0.06), True), (around(0.02, 0.001), False), (around(0.04, 0.05), False)]
)
def test_a_ranking_is_believed_above_what_noise_reaches(whole, ic, believed):
    text = said(whole, figures(rank_ic=ic))
    assert ("The model ranks stocks better than chance" in text) is believed
    assert ("not shown" in text) is not believed


@pytest.mark.parametrize(
    ("changed", "shuffled", "leak"),
    [
        ({}, 0.0, None),
        ({"hit_rate": around(0.58)}, 0.0, "hit rate 0.580"),
        ({"auc": around(0.61)}, 0.0, "AUC 0.610"),
        ({}, -0.02, "RankIC -0.0200 on shuffled labels"),
    ],
)
def test_figures_too_good_to_be_true_count_as_a_leak(whole, changed, shuffled, leak):
    text = said(whole, figures(**changed), shuffled=shuffled)
    assert ("leak" in text) is (leak is not None)
    assert leak is None or leak in text


@pytest.mark.parametrize(
    ("excess", "verdict"),
    [
        (around(20.0, 30), "no proven tradable edge"),
        (around(-40.0, 30), "There is no tradable edge"),
        (around(40.0, 30), "the whole interval above zero"),
    ],
)
def test_an_edge_is_said_only_where_the_interval_shows_it(whole, excess, verdict):
    assert verdict in said(whole, invested_excess=excess)
