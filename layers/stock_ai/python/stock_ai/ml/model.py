"""`Model`: a trained classifier with its card, and how it becomes bytes and comes back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import sklearn
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.pipeline import Pipeline

from stock_ai.errors import RunAbortedError
from stock_ai.indicators.panel import Floats
from stock_ai.ml.card import ModelCard
from stock_ai.ml.features import FEATURE_NAMES, FEATURE_VERSION, FEATURES
from stock_ai.models import Signal, SignalReason

SIGNALS: Final = (Signal.SELL, Signal.HOLD, Signal.BUY)
"""The signal of each class, in the order of `labels.DOWN`, `NEUTRAL`, `UP`."""
REASONS = 5
TRUSTED = frozenset(
    {"numpy.clip", "sklearn.calibration._CalibratedClassifier", "sklearn.calibration._TemperatureScaling"}
)
"""Types beyond the plain ones of skops that a stored model may hold. Anything else in the bytes refuses them."""


def library_versions() -> dict[str, str]:
    """What a model is made with; reading it back needs the same scikit-learn, whose attributes are not a contract."""
    return {"scikit-learn": sklearn.__version__, "skops": skops.__version__, "numpy": np.__version__}


@dataclass(frozen=True, slots=True, eq=False)
class _Linear:
    """The fitted numbers: log-odds are linear in the clipped, standardised features."""

    transform: Pipeline
    slope: Floats


class Model:
    """A trained model, ready to predict. `load_model` makes one from stored bytes."""

    def __init__(self, card: ModelCard, estimator: CalibratedClassifierCV) -> None:
        self.card = card
        self._estimator = estimator
        self._linear = _linear(estimator)

    def predict(self, features: Floats) -> Floats:
        """Calibrated probabilities, shape (rows, 3) in the order of `SIGNALS`, of complete rows (rows, features)."""
        if not len(features):
            return np.empty((0, len(SIGNALS)))
        probabilities: Floats = self._estimator.predict_proba(features)
        return probabilities

    def explain(self, features: Floats, signals: Sequence[Signal]) -> list[list[SignalReason]]:
        """For each row the features that weighed most on its signal, strongest first.

        A weight is the feature's exact share of log(P(signal) / geometric mean of the other two probabilities), against
        a stock with average features. All shares and a constant add up to it.
        """
        if not len(features):
            return []
        chosen = [SIGNALS.index(signal) for signal in signals]
        standardised = self._linear.transform.transform(features)
        weights = standardised * self._linear.slope[chosen]
        strongest = np.argsort(-np.abs(weights), axis=1, kind="stable")[:, :REASONS]
        return [
            [
                _reason(column, features[row, column], standardised[row, column], weights[row, column], signal)
                for column in strongest[row]
            ]
            for row, signal in enumerate(signals)
        ]


def _reason(column: int, value: float, standardised: float, weight: float, signal: Signal) -> SignalReason:
    name = FEATURE_NAMES[column]
    side = "above" if standardised > 0 else "below"
    direction = "speaks for" if weight > 0 else "speaks against"
    text = f"{FEATURES[name]} is {value:.3g}, {side} its average: {direction} {signal.value}"
    return SignalReason(feature=name, value=float(f"{value:.6g}"), weight=float(f"{weight:.6g}"), text=text)


def _linear(estimator: CalibratedClassifierCV) -> _Linear:
    """The slopes of log(P(class) / geometric mean of the others), from logits times the inverse temperature.

    With three logits f, that is f_c - (f_a + f_b) / 2 = 1.5 x (f_c - mean f).
    """
    (calibrated,) = estimator.calibrated_classifiers_
    (temperature,) = calibrated.calibrators
    pipeline: Pipeline = calibrated.estimator.estimator
    coefficients = pipeline[-1].coef_
    factor = len(SIGNALS) / (len(SIGNALS) - 1) * float(temperature.beta_)
    return _Linear(transform=pipeline[:-1], slope=factor * (coefficients - coefficients.mean(axis=0)))


def to_bytes(estimator: CalibratedClassifierCV) -> bytes:
    """The estimator in the form of skops, which holds no code."""
    blob: bytes = skops.io.dumps(estimator)
    return blob


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
    estimator = skops.io.loads(blob, trusted=sorted(TRUSTED))
    if not isinstance(estimator, CalibratedClassifierCV):
        raise RunAbortedError(f"model {card.version} is a {type(estimator).__name__}, not a calibrated classifier")
    return Model(card, estimator)


def _same(card: ModelCard, what: str, theirs: Any, ours: Any) -> None:
    if theirs != ours:
        raise RunAbortedError(f"model {card.version} is refused: its {what} is {theirs}, here it is {ours}")
