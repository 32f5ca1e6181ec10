"""Who becomes champion: only what beats the champion and the base rate on sessions that neither has seen."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pytest

from stock_ai.errors import RunAbortedError
from stock_ai.ml.dataset import Dataset
from stock_ai.ml.evaluation import losses, rank_ic
from stock_ai.ml.labels import DOWN, UP
from stock_ai.ml.promotion import MARGIN, MIN_SESSIONS, RANK_IC_TOLERANCE, judge

SESSIONS, STOCKS, BEFORE = 40, 12, 20
DATES = np.busday_offset("2025-01-01", np.arange(BEFORE + SESSIONS), roll="forward")
FOLD_FROM = DATES[BEFORE].item()
THIRD = 1 / 3


class Forecaster:
    """A model that gives each row the probabilities which are in its features."""

    def __init__(self, card, table):
        self.card = card
        self.table = table

    def predict(self, features, session):
        return self.table[features[:, 0].astype(int)]


def card(version="new", trained_until=None, expires_on=dt.date(2026, 1, 1), simulated=False):
    return SimpleNamespace(
        version=version,
        trained_until=trained_until or FOLD_FROM - dt.timedelta(days=1),
        expires_on=expires_on,
        simulated=simulated,
        class_frequencies=(THIRD, THIRD, THIRD),
    )


@pytest.fixture(scope="module")
def held_out():
    """Rows whose one feature is their own number, so that a forecaster can say anything of each."""
    draw = np.random.default_rng(5)
    session = np.repeat(np.arange(BEFORE, BEFORE + SESSIONS), STOCKS)
    rows = len(session)
    excess = draw.normal(0, 0.03, rows)
    return Dataset(
        features=np.arange(rows, dtype=float)[:, None],
        classes=np.digitize(excess, (-0.01, 0.01)),
        excess=excess,
        above=excess > 0,
        session=session,
        symbol=np.tile(np.arange(STOCKS), SESSIONS),
        sessions=DATES,
        symbols=tuple(f"S{number:02}" for number in range(STOCKS)),
    )


def table(held_out, gain, seed=None):
    """Probabilities whose log loss is exactly `gain` below log 3 for each row that they lean to what happened by it."""
    right = THIRD * np.exp(gain)
    said = np.full((len(held_out), 3), (1 - right) / 2)
    said[np.arange(len(held_out)), held_out.classes] = right
    return said


def forecaster(held_out, gain, **changes):
    return Forecaster(card(**changes), table(held_out, gain))


def test_the_figures_are_those_of_the_two_forecasts(held_out):
    new, old = table(held_out, 0.05), table(held_out, 0.02)
    verdict = judge(Forecaster(card(), new), Forecaster(card("old"), old), held_out, 3)
    base, against = verdict.against_base, verdict.against_champion
    assert (base.rows, base.sessions, against.rows, against.sessions) == (SESSIONS * STOCKS, SESSIONS) * 2
    assert base.other_log_loss == pytest.approx(np.log(3))
    assert base.difference == pytest.approx(-0.05)
    lost = [losses(said, held_out.classes).mean() for said in (new, old)]
    assert against.difference == pytest.approx(lost[0] - lost[1])
    assert against.interval == pytest.approx((-0.03, -0.03)), "every row differs by the same"
    ranks = [rank_ic(p[:, UP] - p[:, DOWN], held_out.excess, held_out.session) for p in (new, old)]
    assert against.rank_ic_difference == pytest.approx(ranks[0] - ranks[1])
    assert base.rank_ic_difference is None
    assert verdict.champion == "old"


def test_interval_and_verdict_come_from_the_seed(held_out):
    def judged(seed):
        return judge(forecaster(held_out, 0.05), Forecaster(card("old"), noisy), held_out, seed)

    noisy = np.random.default_rng(1).dirichlet((9, 9, 9), len(held_out))
    assert judged(3) == judged(3)
    assert judged(3).against_champion.interval != judged(4).against_champion.interval


@pytest.mark.parametrize(
    ("over_base", "over_champion", "reason"),
    [
        (2 * MARGIN, 2 * MARGIN, "base rate and champion are beaten; log loss -0.00100"),
        (2 * MARGIN, 0.5 * MARGIN, f"the champion is not beaten by {MARGIN}; "),
        (2 * MARGIN, -MARGIN, f"the champion is not beaten by {MARGIN}; "),
        (0.5 * MARGIN, 2 * MARGIN, f"the base rate is not beaten by {MARGIN}; "),
        (-MARGIN, -MARGIN, f"the base rate is not beaten by {MARGIN}, the champion is not beaten by {MARGIN}; "),
    ],
)
def test_both_have_to_be_beaten_by_the_margin(held_out, over_base, over_champion, reason):
    challenger = forecaster(held_out, over_base)
    verdict = judge(challenger, forecaster(held_out, over_base - over_champion, version="old"), held_out, 3)
    assert verdict.promoted is reason.startswith("base rate and champion are beaten")
    assert verdict.reason.startswith(reason)


def test_a_better_log_loss_with_worse_ranks_is_not_promoted(held_out):
    """The challenger says how far, the champion also which way."""
    challenger = forecaster(held_out, 0.10)
    # The same up as down: nothing to rank by.
    challenger.table = np.where(held_out.classes[:, None] == 1, (0.3, 0.4, 0.3), (0.4, 0.2, 0.4))
    champion = forecaster(held_out, 0.01, version="old")
    verdict = judge(challenger, champion, held_out, 3)
    assert verdict.against_champion.difference < -MARGIN
    assert not verdict.promoted
    assert verdict.reason.startswith(f"the RankIC is more than {RANK_IC_TOLERANCE} below the champion's; ")


def test_the_first_model_is_promoted_whatever_its_skill(held_out):
    verdict = judge(forecaster(held_out, -0.02), None, held_out, 3)
    assert verdict.promoted
    assert verdict.reason.startswith("no champion serves; log loss +0.02000")
    assert (verdict.champion, verdict.against_champion) == (None, None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"expires_on": DATES[-2].item()}, f"the champion expired on {DATES[-2]}; "),
        ({"simulated": True}, "the champion is of the other world, simulated: True; "),
    ],
)
def test_a_champion_that_may_not_speak_any_more_gives_way(held_out, changes, reason):
    verdict = judge(forecaster(held_out, -0.02), forecaster(held_out, 0.5, version="old", **changes), held_out, 3)
    assert verdict.promoted
    assert verdict.reason.startswith(reason)
    assert verdict.champion == "old"


def test_a_champion_may_speak_on_the_day_it_expires(held_out):
    champion = forecaster(held_out, 0.5, version="old", expires_on=DATES[-1].item())
    assert not judge(forecaster(held_out, 0.02), champion, held_out, 3).promoted


def test_a_champion_is_compared_on_sessions_after_its_training_only(held_out):
    """Trained into the fold it knows that part by heart: counted, it would win."""
    learnt = 20
    champion = forecaster(held_out, 0.01, version="old", trained_until=DATES[BEFORE + learnt - 1].item())
    by_heart = held_out.session < BEFORE + learnt
    champion.table[by_heart] = table(held_out, 1.0)[by_heart]
    challenger = forecaster(held_out, 0.02)
    verdict = judge(challenger, champion, held_out, 3)
    assert losses(champion.table, held_out.classes).mean() < losses(challenger.table, held_out.classes).mean()
    assert (verdict.promoted, verdict.against_champion.sessions) == (True, SESSIONS - learnt)
    assert verdict.against_champion.difference == pytest.approx(-0.01)
    assert f"in {SESSIONS - learnt} sessions" in verdict.reason


def test_too_few_sessions_since_the_champions_training_promote_nobody(held_out):
    for left, compared in ((MIN_SESSIONS, True), (MIN_SESSIONS - 1, False), (0, False)):
        champion = forecaster(held_out, 0.01, version="old", trained_until=DATES[-1 - left].item())
        verdict = judge(forecaster(held_out, 0.02), champion, held_out, 3)
        assert verdict.promoted is compared
        assert (verdict.against_champion is not None) is compared
    assert verdict.reason == (
        f"fewer than {MIN_SESSIONS} sessions to compare on since {DATES[-1]}, the end of the champion's training"
    )


def test_probabilities_that_are_no_numbers_are_refused(held_out):
    challenger = forecaster(held_out, 0.02)
    challenger.table[7, 1] = np.nan
    with pytest.raises(RunAbortedError, match="model new gives probabilities that are not numbers"):
        judge(challenger, None, held_out, 3)
