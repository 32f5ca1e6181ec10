"""`Model`: a fitted recipe with its card, and how it becomes bytes and comes back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np
import sklearn
import skops.io

from stock_ai.errors import RunAbortedError
from stock_ai.indicators.panel import Floats
from stock_ai.ml.card import ModelCard, Recipe
from stock_ai.ml.cross_section import Integers
from stock_ai.ml.features import FEATURE_NAMES, FEATURE_VERSION, FEATURES
from stock_ai.ml.influence import influence
from stock_ai.ml.neural import NeuralMember
from stock_ai.ml.platt import Line
from stock_ai.ml.recipes import Fitted, Part, Parts
from stock_ai.models.analysis import Signal, SignalReason

SIGNALS: Final = (Signal.SELL, Signal.HOLD, Signal.BUY)
"""The signal of each class, in the order of `labels.DOWN`, `NEUTRAL`, `UP`."""
REASONS = 5
TRUSTED = frozenset(
    {
        "numpy.clip",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    }
)
"""Types beyond the plain ones of skops that a stored model may hold. Anything else in the bytes refuses them."""


def library_versions() -> dict[str, str]:
    """What a model is made with; reading it back needs the same scikit-learn, whose attributes are not a contract."""
    return {"scikit-learn": sklearn.__version__, "skops": skops.__version__, "numpy": np.__version__}


class Model:
    """A trained model, ready to predict. `load_model` makes one from stored bytes."""

    def __init__(self, card: ModelCard, fitted: Fitted) -> None:
        self.card = card
        self._fitted = fitted

    def predict(self, features: Floats, session: Integers) -> Floats:
        """Calibrated probabilities, shape (rows, 3) in the order of `SIGNALS`, of complete rows (rows, features).

        `session` is any number that the rows of one trading date share; all stocks of a date have to be there, since
        one is judged against the others.
        """
        return self._fitted.probabilities(features, session) if len(features) else np.empty((0, len(SIGNALS)))

    def explain(self, features: Floats, session: Integers, signals: Sequence[Signal]) -> list[list[SignalReason]]:
        """For each row the features that weighed most on its signal, strongest first.

        A weight is the feature's share (`influence`) of the log-odds of the signal: for BUY and SELL those against the
        other of the two, for HOLD those against any move. `session` is as in `predict`.
        """
        stated = np.array([SIGNALS.index(signal) for signal in signals], dtype=np.int64)
        weights = np.zeros(features.shape)
        neutral = SIGNALS.index(Signal.HOLD)
        fitted, parts = self._fitted, self._fitted.parts
        for part, line, rows in (
            (parts.move, fitted.moves, stated == neutral),
            (parts.direction, fitted.up, stated != neutral),
        ):
            if rows.any():
                weights[rows] = line.slope * influence(part, features, session, parts.medians)[rows]
        weights[stated <= neutral] *= -1
        strongest = np.argsort(-np.abs(weights), axis=1, kind="stable")[:, :REASONS]
        return [
            [
                _reason(column, features[row, column], parts.medians[column], weights[row, column], signal)
                for column in strongest[row]
                if weights[row, column]
            ]
            for row, signal in enumerate(signals)
        ]


def _reason(column: int, value: float, median: float, weight: float, signal: Signal) -> SignalReason:
    name = FEATURE_NAMES[column]
    side = "above" if value > median else "below"
    direction = "speaks for" if weight > 0 else "speaks against"
    text = f"{FEATURES[name]} is {value:.3g}, {side} its usual {median:.3g}: {direction} {signal.value}"
    return SignalReason(
        feature=name,
        value=float(f"{value:.6g}"),
        usual=float(f"{median:.6g}"),
        weight=float(f"{weight:.6g}"),
        text=text,
    )


def to_bytes(fitted: Fitted) -> bytes:
    """The fitted recipe in the form of skops, which holds no code: plain lists and numbers around the estimators."""
    blob: bytes = skops.io.dumps(
        {
            "recipe": str(fitted.parts.recipe),
            **{name: _plain(getattr(fitted.parts, name)) for name in _PARTS},
            **{name: list(asdict(getattr(fitted, name)).values()) for name in _LINES},
            "medians": fitted.parts.medians,
        }
    )
    return blob


def _plain(part: Part) -> dict[str, Any]:
    return {
        "members": [member.stored() if isinstance(member, NeuralMember) else member for member in part.members],
        "shares": part.shares,
        "relative": list(part.relative),
        "columns": part.columns,
        "centred": part.centred,
    }


def _part(plain: dict[str, Any]) -> Part:
    return Part(
        members=tuple(NeuralMember.restored(one) if isinstance(one, dict) else one for one in plain["members"]),
        shares=plain["shares"],
        relative=tuple(plain["relative"]),
        columns=plain["columns"],
        centred=plain["centred"],
    )


_PARTS = ("direction", "move")
_LINES = ("up", "moves", "above")


def load_model(card: ModelCard, blob: bytes) -> Model:
    """The model of `card` from its stored bytes, checked before anything in them is built.

    Raises:
        RunAbortedError: the model does not suit this code or its bytes are not what the card says; names what differs.
    """
    here = library_versions()["scikit-learn"]
    _same(card, "scikit-learn version", card.libraries.get("scikit-learn"), here)
    _same(card, "feature version", card.feature_version, FEATURE_VERSION)
    _same(card, "features", card.features, FEATURE_NAMES)
    _same(card, "SHA-256", card.sha256, hashlib.sha256(blob).hexdigest())
    untrusted = set(skops.io.get_untrusted_types(data=blob)) - TRUSTED
    if untrusted:
        raise RunAbortedError(f"model {card.version} holds types that are not trusted: {', '.join(sorted(untrusted))}")
    held = skops.io.loads(blob, trusted=sorted(TRUSTED))
    try:
        parts = {name: _part(held[name]) for name in _PARTS}
        fitted = Fitted(
            parts=Parts(recipe=Recipe(held["recipe"]), medians=held["medians"], **parts),
            **{name: Line(*held[name]) for name in _LINES},
        )
    except (TypeError, KeyError, ValueError) as error:
        raise RunAbortedError(f"model {card.version} is no fitted recipe: {error}") from None
    return Model(card, fitted)


def _same(card: ModelCard, what: str, theirs: Any, ours: Any) -> None:
    if theirs != ours:
        raise RunAbortedError(f"model {card.version} is refused: its {what} is {theirs}, here it is {ours}")
