"""`ModelManager`: which models there are, which one is current, and that only a sound one is ever used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pydantic import ValidationError

from stock_ai.errors import RunAbortedError
from stock_ai.ml.card import ModelCard

if TYPE_CHECKING:
    from stock_ai.ml.model import Model
    from stock_ai.ml.training import TrainedModel


class ModelRegistry(Protocol):
    """Where models are kept: by version a card (JSON) and the model's bytes, and which version is current.

    Every method raises `RetryableError` when the place is away.
    """

    def put(self, version: str, card: bytes, blob: bytes) -> None:
        """Keep a model; whole or not at all. The same version again replaces it."""

    def get(self, version: str) -> tuple[bytes, bytes]:
        """Card and bytes.

        Raises:
            NotFoundError: there is no such version.
        """

    def versions(self) -> list[str]:
        """Every version that is kept, sorted."""

    def current(self) -> str | None:
        """The current version, or None when none was ever set."""

    def set_current(self, version: str) -> None:
        """Make a version current in one step: a reader sees the one before or this one.

        Raises:
            NotFoundError: there is no such version.
        """


class ModelManager:
    """Models of one registry. A loaded model is kept until another version becomes current."""

    def __init__(self, registry: ModelRegistry) -> None:
        self._registry = registry
        self._loaded: tuple[str, Model] | None = None

    def save(self, trained: TrainedModel) -> None:
        """Keep a trained model and make it the current one."""
        version = trained.card.version
        self._registry.put(version, trained.card.model_dump_json(indent=2).encode(), trained.blob)
        self._registry.set_current(version)

    def has_model(self) -> bool:
        """Whether there is a current model."""
        return self._registry.current() is not None

    def cards(self) -> list[ModelCard]:
        """The cards of all models, oldest first."""
        found = [_card(version, self._registry.get(version)[0]) for version in self._registry.versions()]
        return sorted(found, key=lambda card: card.created_at)

    def current_card(self) -> ModelCard | None:
        """The card of the current model, or None."""
        version = self._registry.current()
        return None if version is None else _card(version, self._registry.get(version)[0])

    def current(self) -> Model | None:
        """The current model, or None when there is none yet.

        Raises:
            RunAbortedError: the current model is not sound; the message names what differs.
        """
        version = self._registry.current()
        if version is None:
            return None
        if self._loaded is None or self._loaded[0] != version:
            # scikit-learn and skops take two seconds to import; cards and versions need neither.
            from stock_ai.ml.model import load_model

            card, blob = self._registry.get(version)
            self._loaded = (version, load_model(_card(version, card), blob))
        return self._loaded[1]


def _card(version: str, content: bytes) -> ModelCard:
    try:
        card = ModelCard.model_validate_json(content)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, fault["loc"]))
        raise RunAbortedError(f"the card of model {version} cannot be read: {where}: {fault['msg']}") from None
    if card.version != version:
        raise RunAbortedError(f"the card of model {version} says version {card.version}")
    return card
