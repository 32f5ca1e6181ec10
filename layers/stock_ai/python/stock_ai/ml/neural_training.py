"""Training of the neural member with Keras, and its export to LiteRT. Outside Lambda: TensorFlow takes over 1 GB."""

from __future__ import annotations

import tempfile
from importlib.metadata import version
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stock_ai.errors import InvalidInputError, RunAbortedError
from stock_ai.indicators.panel import Floats
from stock_ai.ml.neural import NeuralMember, standardised

_UNITS: Final = (32, 16)
_DROPOUT: Final = 0.3
_PENALTY: Final = 1e-4
_RATE: Final = 1e-3
_BATCH: Final = 1024
_EPOCHS: Final = 40
_PATIENCE: Final = 4
"""Epochs without a better log loss on the tail, after which the best weights so far are kept."""
_TAIL: Final = 0.15
"""Share of the rows, the latest ones, that tells when to stop."""
_GAP: Final = 0.02
"""Share of the rows before the tail that is left out: their labels reach into it."""
_COMPARED: Final = 1000
TOLERANCE: Final = 1e-4
"""How far the probabilities of the exported network may be from those of the trained one."""


def train_neural(features: Floats, happened: NDArray[np.bool_], seed: int) -> NeuralMember:
    """A small network for the probability that something happens, stopped early by rows later than those it learns on.

    The same rows and seed give the same network, on the same machine and versions. The seed becomes that of Python,
    numpy and TensorFlow for the whole process.

    Args:
        features: (rows, columns) complete and in order of time.
        happened: (rows,).
        seed: of the first weights, the dropout and the order of the batches.

    Raises:
        InvalidInputError: TensorFlow is not installed.
        RunAbortedError: LiteRT is not installed, or the export says something else than the trained network.
    """
    tf = _tensorflow()
    tail = round(len(features) * (1 - _TAIL))
    learnt = slice(0, round(len(features) * (1 - _TAIL - _GAP)))
    means, deviations = features[learnt].mean(axis=0), features[learnt].std(axis=0)
    deviations = np.where(deviations > 0, deviations, 1)
    inputs, outcomes = standardised(features, means, deviations), happened.astype(np.float32)
    tf.keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    network = _network(tf.keras, features.shape[1])
    network.fit(
        inputs[learnt],
        outcomes[learnt],
        validation_data=(inputs[tail:], outcomes[tail:]),
        batch_size=_BATCH,
        epochs=_EPOCHS,
        callbacks=[tf.keras.callbacks.EarlyStopping(patience=_PATIENCE, restore_best_weights=True)],
        verbose=0,
    )
    member = NeuralMember(exported(network), means, deviations)
    _alike(network, member, features[tail:][:_COMPARED])
    return member


def exported(network: Any) -> bytes:
    """The LiteRT flatbuffer of a Keras network that takes (rows, columns) and gives (rows, 1).

    Raises:
        InvalidInputError: TensorFlow is not installed.
    """
    tf = _tensorflow()
    with tempfile.TemporaryDirectory() as folder:
        # Given the network itself, the converter writes to stdout.
        network.export(folder, verbose=False)
        flatbuffer: bytes = tf.lite.TFLiteConverter.from_saved_model(folder).convert()
    return flatbuffer


def neural_versions() -> dict[str, str]:
    """What a network is made with, for the card.

    Raises:
        InvalidInputError: TensorFlow is not installed.
    """
    tf = _tensorflow()
    return {"tensorflow": tf.__version__, "keras": tf.keras.__version__, "ai-edge-litert": version("ai-edge-litert")}


def _network(keras: Any, columns: int) -> Any:
    layers = [keras.Input((columns,))]
    for units in _UNITS:
        penalty = keras.regularizers.L2(_PENALTY)
        layers += [keras.layers.Dense(units, "relu", kernel_regularizer=penalty), keras.layers.Dropout(_DROPOUT)]
    network = keras.Sequential([*layers, keras.layers.Dense(1)])
    network.compile(keras.optimizers.Adam(_RATE), keras.losses.BinaryCrossentropy(from_logits=True))
    return network


def _alike(network: Any, member: NeuralMember, features: Floats) -> None:
    """Converters have dropped weights without a word: what will be served is compared with what was trained."""
    odds = network.predict_on_batch(standardised(features, member.means, member.deviations))[:, 0].astype(np.float64)
    apart = np.abs(1 / (1 + np.exp(-odds)) - member.predict_proba(features)[:, 1]).max()
    if not apart < TOLERANCE:
        raise RunAbortedError(f"the exported network is {apart} away from the trained one, allowed is {TOLERANCE}")


def _tensorflow() -> ModuleType:
    try:
        import tensorflow as tf
    except ImportError as error:
        raise InvalidInputError(f"recipe: neural needs TensorFlow, the extra neural-training ({error})") from None
    module: ModuleType = tf
    return module
