"""Whether a challenger becomes champion: a comparison on the newest sessions, which neither model has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stock_ai.errors import RunAbortedError
from stock_ai.indicators.panel import Floats
from stock_ai.ml.card import Comparison, ModelCard, Verdict
from stock_ai.ml.dataset import Dataset
from stock_ai.ml.evaluation import bootstrap_interval, losses, rank_ic
from stock_ai.ml.labels import DOWN, UP

if TYPE_CHECKING:
    from stock_ai.ml.model import Model

MARGIN: Final = 0.0005
"""Mean log loss, in nats, by which a challenger has to be better. See docs/adr/0020 for where it comes from."""
RANK_IC_TOLERANCE: Final = 0.01
"""How much lower than the champion's its RankIC may be."""
MIN_SESSIONS: Final = 15
"""Sessions that a comparison needs: the shortest test span of a training."""


def judge(challenger: Model, champion: Model | None, held_out: Dataset, seed: int) -> Verdict:
    """The verdict on a challenger, from log losses on `held_out`, the challenger's test span.

    Promoted is what beats the base rate and the champion by `MARGIN` each, with a RankIC at most `RANK_IC_TOLERANCE`
    below the champion's. The base rate is the frequency of each class in the challenger's training rows. Sessions
    whose outcome the champion was trained on flatter it and are left out of the comparison with it.

    Where no champion serves, because there is none, it has expired or it is of the other world, nothing is left to
    protect: the challenger is promoted whatever its skill, which its card states.

    Args:
        challenger: the new model.
        champion: the model that serves now, None without one.
        held_out: rows that the challenger has not seen; not empty.
        seed: of the bootstrap.

    Raises:
        RunAbortedError: the challenger gives a probability that is not a number.
    """
    card = challenger.card
    probabilities = challenger.predict(held_out.features, held_out.session)
    if not np.isfinite(probabilities).all():
        raise RunAbortedError(f"model {card.version} gives probabilities that are not numbers")
    base = _compare(probabilities, np.broadcast_to(card.class_frequencies, probabilities.shape), held_out, seed)
    against = None
    if champion is None or (unfit := _unfit(champion.card, card, held_out)):
        promoted, reason = True, f"{unfit if champion else 'no champion serves'}; {_against_base(base)}"
    else:
        fair = held_out.sessions[held_out.session] > np.datetime64(champion.card.trained_until)
        rows = held_out.rows(fair)
        if len(np.unique(rows.session)) >= MIN_SESSIONS:
            against = _compare(
                probabilities[fair], champion.predict(rows.features, rows.session), rows, seed, ranked=True
            )
        promoted, reason = _decide(base, against, champion.card)
    return Verdict(
        promoted=promoted,
        reason=reason,
        champion=champion.card.version if champion else None,
        against_base=base,
        against_champion=against,
    )


def _unfit(champion: ModelCard, challenger: ModelCard, held_out: Dataset) -> str | None:
    """Why the champion does not serve the market of `held_out` any more, or None."""
    if champion.simulated is not challenger.simulated:
        return f"the champion is of the other world, simulated: {champion.simulated}"
    if held_out.sessions[-1] > np.datetime64(champion.expires_on):
        return f"the champion expired on {champion.expires_on}"
    return None


def _decide(base: Comparison, against: Comparison | None, champion: ModelCard) -> tuple[bool, str]:
    if against is None:
        return False, (
            f"fewer than {MIN_SESSIONS} sessions to compare on since {champion.trained_until}, the end of the"
            " champion's training"
        )
    # Written so that a difference which is not a number refuses.
    beats_base, beats_champion = base.difference <= -MARGIN, against.difference <= -MARGIN
    ranks = against.rank_ic_difference is not None and against.rank_ic_difference >= -RANK_IC_TOLERANCE
    compared = (
        f"{_against_base(base)}; {against.difference:+.5f} against the champion in {against.sessions} sessions, RankIC"
        f" {against.rank_ic_difference:+.4f}"
    )
    failed = [
        what
        for passed, what in (
            (beats_base, f"the base rate is not beaten by {MARGIN}"),
            (beats_champion, f"the champion is not beaten by {MARGIN}"),
            (ranks, f"the RankIC is more than {RANK_IC_TOLERANCE} below the champion's"),
        )
        if not passed
    ]
    return not failed, f"{', '.join(failed) or 'base rate and champion are beaten'}; {compared}"


def _against_base(base: Comparison) -> str:
    low, high = base.interval
    return f"log loss {base.difference:+.5f} [{low:+.5f}, {high:+.5f}] against the base rate"


def _compare(one: Floats, other: Floats, rows: Dataset, seed: int, ranked: bool = False) -> Comparison:
    """Two forecasts, (rows, 3) probabilities each, of the same rows."""
    first, second = losses(one, rows.classes), losses(other, rows.classes)
    return Comparison(
        rows=len(rows),
        sessions=len(np.unique(rows.session)),
        log_loss=float(first.mean()),
        other_log_loss=float(second.mean()),
        difference=float((first - second).mean()),
        interval=bootstrap_interval(first - second, rows.session, seed),
        rank_ic_difference=_rank_ic(one, rows) - _rank_ic(other, rows) if ranked else None,
    )


def _rank_ic(probabilities: Floats, rows: Dataset) -> float:
    return rank_ic(probabilities[:, UP] - probabilities[:, DOWN], rows.excess, rows.session)
