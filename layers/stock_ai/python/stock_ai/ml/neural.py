"""A neural network as a member of a recipe: inference, storage and what moved its answer.

The network is trained elsewhere (`neural_training`) and kept as a LiteRT flatbuffer, which holds operators and weights
and no Python. Only running it needs the package ai-edge-litert, the extra `neural`; this module imports without.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from stock_ai.errors import RunAbortedError
from stock_ai.indicators.panel import Floats

CLIP: Final = 4.0
"""Standardised features are cut off here, as those of the logistic member are."""
_BATCH: Final = 4096
"""Rows per run, so that memory stays bounded."""


@dataclass(frozen=True, slots=True, eq=False)
class NeuralMember:
    """A trained network of two classes.

    Attributes:
        network: LiteRT flatbuffer, float32 (rows, columns) of standardised features to (rows, 1) log-odds.
        means: (columns,) of the rows it was trained on.
        deviations: (columns,) of the same rows, all above zero.
    """

    network: bytes
    means: Floats
    deviations: Floats

    def predict_proba(self, features: Floats) -> Floats:
        """(rows, 2) the probabilities of no and of yes, not calibrated, for complete rows (rows, columns).

        The answer for a row does not depend on the rows beside it.

        Raises:
            RunAbortedError: LiteRT is not installed.
        """
        inputs = standardised(features, self.means, self.deviations)
        odds = np.empty(len(inputs))
        # One for each call: an interpreter is not safe between threads, and making one takes well under a millisecond.
        interpreter = _interpreter(self.network)
        for start in range(0, len(inputs), _BATCH):
            rows = inputs[start : start + _BATCH]
            odds[start : start + len(rows)] = _run(interpreter, rows)
        likely = 1 / (1 + np.exp(-odds))
        return np.column_stack((1 - likely, likely))

    def stored(self) -> dict[str, Any]:
        """What skops keeps of it: bytes and arrays, no type that would have to be trusted."""
        return {"network": self.network, "means": self.means, "deviations": self.deviations}

    @classmethod
    def restored(cls, held: Mapping[str, Any]) -> Self:
        """The member that `stored` gave, after it has answered once.

        Raises:
            ValueError: this is no network for that many columns.
            RunAbortedError: LiteRT is not installed.
        """
        member = cls(**held)
        try:
            answer = member.predict_proba(member.means[None, :])
        except RuntimeError as error:
            raise ValueError(f"the neural network cannot be run: {error}") from None
        if not np.isfinite(answer).all():
            raise ValueError("the neural network has no answer for the mean of its own features")
        return member


def standardised(features: Floats, means: Floats, deviations: Floats) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(rows, columns) what a network is given of features (rows, columns)."""
    inputs: Floats = np.clip((features - means) / deviations, -CLIP, CLIP)
    return inputs.astype(np.float32)


def contributions(score: Callable[[Floats], Floats], features: Floats, usual: Floats) -> Floats:
    """(rows, columns) what each feature adds to a score, from the usual stock (1, columns) to the row itself.

    The features take their values one after another, and each is credited with what the score moves by then: so
    those of a row add up to score(row) - score(usual), whatever the score is. Who goes first matters where features
    act together, so it is done in the order of the columns and in the reverse, and the mean is taken: exact Shapley
    values as far as features act alone or in pairs (antithetic permutations, Mitchell et al. 2022), an estimate beyond.

    It costs `2 * (columns + 1)` calls of `score`, each with (rows, columns).
    """
    total = np.zeros(features.shape)
    columns = range(features.shape[1])
    for order in (columns, reversed(columns)):
        mixed = np.repeat(usual, len(features), axis=0)
        before = score(mixed)
        for column in order:
            mixed[:, column] = features[:, column]
            after = score(mixed)
            total[:, column] += after - before
            before = after
    return total / 2


def _interpreter(network: bytes) -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise RunAbortedError(f"a neural model needs LiteRT to run, the extra neural ({error})") from None
    return Interpreter(model_content=network, num_threads=1)


def _run(interpreter: Any, inputs: np.ndarray[Any, np.dtype[np.float32]]) -> Floats:
    """(rows,) log-odds."""
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(taken["index"], inputs.shape, strict=True)
    interpreter.allocate_tensors()
    interpreter.set_tensor(taken["index"], inputs)
    interpreter.invoke()
    odds: Floats = interpreter.get_tensor(given["index"])[:, 0].astype(np.float64)
    return odds
