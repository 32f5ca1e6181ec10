"""The training service: a challenger, judged against the champion, or none and the reason."""

import copy
import datetime as dt
import json

import pytest

from functions.model_training.service import UNCHANGED, train_challenger
from stock_ai.errors import RunAbortedError
from stock_ai.ml.manager import ModelManager, Standing
from tests.fakes.clock import FixedClock
from tests.fakes.models import MemoryRegistry
from tests.fakes.panels import cut, random_panel

NOW = dt.datetime(2025, 8, 23, 1, tzinfo=dt.UTC)
PANEL = random_panel(30, 460)
DATES = PANEL.bars[0].dates


def trained(models, sessions, now=NOW):
    """The answer to training on the first `sessions` of the market."""
    return train_challenger(cut(PANEL, DATES[sessions - 1]), models, FixedClock(now))


@pytest.fixture(scope="module")
def first():
    """A registry with the champion of the first 350 sessions, and the answer of its training."""
    registry = MemoryRegistry()
    return registry, trained(ModelManager(registry), 350)


@pytest.fixture
def models(first):
    return ModelManager(copy.deepcopy(first[0]))


def test_the_first_model_is_champion_and_its_key_figures_are_told(first, models):
    figures, card = first[1], models.current_card()
    assert json.loads(json.dumps(figures)) == figures
    assert figures["version"] == figures["champion"] == card.version
    assert figures["trained_until"] == card.trained_until.isoformat()
    assert figures["expires_on"] == (card.tested_until + dt.timedelta(days=120)).isoformat()
    assert (figures["symbols"], figures["simulated"], figures["proven_skill"]) == (30, True, False)
    assert figures["test_log_loss"] == pytest.approx(card.metrics.log_loss)
    assert figures["test_log_loss"] == pytest.approx(card.verdict.against_base.log_loss)
    assert (figures["promoted"], figures["log_loss_minus_champion"]) == (True, None)
    assert figures["reason"] == card.verdict.reason == models.history()[0].reason
    assert card.created_at == models.history()[0].since == NOW


def test_the_base_rate_is_what_was_known_before_the_test_span(models):
    card = models.current_card()
    assert sum(card.class_frequencies) == pytest.approx(1)
    # The test span's own frequencies, known in hindsight only, are the best constant there is.
    assert card.verdict.against_base.other_log_loss > card.metrics.base_log_loss


def test_a_challenger_without_skill_is_kept_and_does_not_serve(first, models):
    champion = first[1]["version"]
    figures = trained(models, 370, NOW + dt.timedelta(days=28))
    assert (figures["promoted"], figures["champion"]) == (False, champion)
    assert f"{figures['log_loss_minus_base']:+.5f}" in figures["reason"]
    assert f"{figures['log_loss_minus_champion']:+.5f}" in figures["reason"]
    kept = models.look(figures["version"])
    assert (kept.standing, kept.card.verdict.reason) == (Standing.CHALLENGER, figures["reason"])
    assert models.current_card().version == champion
    assert len(models.history()) == 1


def test_the_same_bars_give_the_champion_again_and_change_nothing(first, models):
    again = trained(models, 350, NOW + dt.timedelta(days=1))
    assert (again["promoted"], again["reason"], again["champion"]) == (False, UNCHANGED, first[1]["version"])
    assert models.current_card().verdict.promoted
    assert len(models.history()) == 1


def test_an_expired_champion_gives_way(first, models):
    figures = trained(models, 460)
    expired = first[1]["expires_on"]
    assert dt.date.fromisoformat(expired) < DATES[-1].item()
    assert figures["promoted"]
    assert figures["reason"].startswith(f"the champion expired on {expired}; ")
    assert models.current_card().version == figures["champion"] == figures["version"]


def test_too_little_data_leaves_the_champion(models):
    before = models.current_card()
    with pytest.raises(RunAbortedError, match="too little data"):
        trained(models, 100)
    assert models.current_card() == before
