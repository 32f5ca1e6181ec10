"""The registry of models: a folder or a prefix in S3, laid out alike.

`<version>/card.json`, `<version>/model.skops`, and `champions.json`, the history of champions. Two writers of the
history never lose an entry: the second is told to begin again.
"""

from __future__ import annotations

from stock_ai.errors import NotFoundError, RetryableError
from stock_ai.ml.manager import ModelRegistry
from stock_ai.storage.objects import ObjectFolder, open_folder

_CARD = "card.json"
_MODEL = "model.skops"
_CHAMPIONS = "champions.json"


def open_registry(location: str) -> ModelRegistry:
    """The registry at `location`: `s3://bucket/prefix`, or a folder, made when first written to.

    Raises:
        InvalidInputError: `location` is neither.
    """
    return StoredRegistry(open_folder(location, "MODEL_REGISTRY"))


class StoredRegistry:
    """Implements `ModelRegistry` in a folder of objects."""

    def __init__(self, folder: ObjectFolder) -> None:
        self._folder = folder

    def put(self, version: str, card: bytes, blob: bytes) -> None:
        """See `ModelRegistry`. The card comes last and makes the model visible."""
        self._folder.object(f"{version}/{_MODEL}").write(blob)
        self._folder.object(f"{version}/{_CARD}").write(card)

    def card(self, version: str) -> bytes:
        """See `ModelRegistry`."""
        return self._bytes(version, _CARD)

    def get(self, version: str) -> tuple[bytes, bytes]:
        """See `ModelRegistry`."""
        return self._bytes(version, _CARD), self._bytes(version, _MODEL)

    def versions(self) -> list[str]:
        """See `ModelRegistry`."""
        return sorted(name.removesuffix(f"/{_CARD}") for name in self._folder.names() if name.endswith(f"/{_CARD}"))

    def champions(self) -> bytes | None:
        """See `ModelRegistry`."""
        return self._folder.object(_CHAMPIONS).read()

    def replace_champions(self, before: bytes | None, after: bytes) -> None:
        """See `ModelRegistry`."""
        if not self._folder.object(_CHAMPIONS).replace(before, after):
            raise RetryableError("model registry: another champion was appointed meanwhile")

    def _bytes(self, version: str, name: str) -> bytes:
        content = self._folder.object(f"{version}/{name}").read()
        if content is None:
            raise NotFoundError(f"model version {version!r} is not in the registry")
        return content
