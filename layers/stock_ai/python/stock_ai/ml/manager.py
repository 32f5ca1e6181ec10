"""`ModelManager`: which models there are, which one serves, and that only a sound one ever does."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from pydantic import ValidationError

from stock_ai.errors import InvalidInputError, NotFoundError, RetryableError, RunAbortedError
from stock_ai.ml.card import UNIT, ModelCard, Verdict
from stock_ai.ml.champions import Appointment, added, parse, succession

if TYPE_CHECKING:
    from stock_ai.ml.model import Model
    from stock_ai.ml.training import TrainedModel

logger = logging.getLogger(__name__)
_FIRST = dt.datetime.min.replace(tzinfo=dt.UTC)


class ModelRegistry(Protocol):
    """Where models are kept: by version a card (JSON) and the model's bytes, and the history of champions (JSON).

    Every method raises `RetryableError` when the place is away.
    """

    def put(self, version: str, card: bytes, blob: bytes) -> None:
        """Keep a model; a new version is seen whole or not at all. The same version again replaces it."""

    def card(self, version: str) -> bytes:
        """The card.

        Raises:
            NotFoundError: there is no such version.
        """

    def get(self, version: str) -> tuple[bytes, bytes]:
        """Card and bytes.

        Raises:
            NotFoundError: there is no such version.
        """

    def versions(self) -> list[str]:
        """Every version that is kept, sorted."""

    def champions(self) -> bytes | None:
        """The history of champions, or None when there never was one."""

    def replace_champions(self, before: bytes | None, after: bytes) -> None:
        """Put `after` in place of `before` in one step: a reader sees one or the other.

        Raises:
            RetryableError: the history is not `before` any more, somebody else was quicker; nothing changed.
        """


class Standing(StrEnum):
    """What a kept model is."""

    CHAMPION = "champion"
    """It serves."""
    FORMER = "former"
    """It was champion and can serve again."""
    WITHDRAWN = "withdrawn"
    """It was champion until a rollback."""
    CHALLENGER = "challenger"
    """It was trained and never promoted."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A model of the registry. `refused` says why it cannot serve, where that is known; the card may be unreadable."""

    version: str
    standing: Standing
    card: ModelCard | None
    refused: str | None


@dataclass(frozen=True, slots=True)
class _Service:
    """What was chosen to serve, given a history of champions."""

    content: bytes | None
    history: tuple[Appointment, ...]
    model: Model | None
    refused: dict[str, str]

    @property
    def version(self) -> str | None:
        """Of the model that serves."""
        return None if self.model is None else self.model.card.version

    def standing(self, version: str) -> Standing:
        """What a version is."""
        if version == self.version:
            return Standing.CHAMPION
        if version in succession(self.history):
            return Standing.FORMER
        return Standing.WITHDRAWN if any(e.version == version for e in self.history) else Standing.CHALLENGER


class ModelManager:
    """Models of one registry. What serves is loaded once and kept until the history of champions changes.

    A champion that is not sound is refused, and the newest earlier one that is sound serves in its place. One that was
    refused is looked at again when the history changes, or in a new process.
    """

    def __init__(self, registry: ModelRegistry) -> None:
        self._registry = registry
        self._service: _Service | None = None

    def current(self) -> Model | None:
        """The model that serves, or None when no champion is sound; `refused` says why.

        Raises:
            RunAbortedError: the history of champions cannot be read.
        """
        return self._serve().model

    @property
    def refused(self) -> Mapping[str, str]:
        """The champions that came after the one that serves and cannot: the reason by version, newest first."""
        return self._serve().refused

    def has_model(self, on: dt.date | None = None) -> bool:
        """Whether a model serves and, where a trading date is named, has not expired on it."""
        card = self.current_card()
        return card is not None and (on is None or on <= card.expires_on)

    def current_card(self) -> ModelCard | None:
        """The card of the model that serves, or None."""
        model = self.current()
        return None if model is None else model.card

    def history(self) -> tuple[Appointment, ...]:
        """Every appointment of a champion, oldest first.

        Raises:
            RunAbortedError: the history of champions cannot be read.
        """
        return self._serve().history

    def load(self, version: str) -> Model:
        """A model by its version, checked.

        Raises:
            NotFoundError: there is no such version.
            RunAbortedError: it is not sound; the message says why.
        """
        content, blob = self._registry.get(version)
        card = _card(version, content)
        if card.unit != UNIT:
            raise RunAbortedError(f"model {version} is refused: its unit is {card.unit}, here it is {UNIT}")
        # scikit-learn and skops take two seconds to import; cards and the history need neither.
        from stock_ai.ml.model import load_model

        try:
            return load_model(card, blob)
        except RunAbortedError:
            raise
        except Exception as error:
            # Bytes that answer to their card can still be no model at all; how reading them fails is up to skops.
            raise RunAbortedError(f"model {version} cannot be read: {type(error).__name__}: {error}") from error

    def inventory(self) -> list[Kept]:
        """Every model, oldest first; those without a readable card come first of all."""
        service = self._serve()
        found = [self._kept(version, service) for version in self._registry.versions()]
        return sorted(found, key=lambda kept: kept.card.created_at if kept.card else _FIRST)

    def look(self, version: str) -> Kept:
        """What is known of one model without loading it.

        Raises:
            NotFoundError: there is no such version.
        """
        return self._kept(version, self._serve())

    def admit(self, trained: TrainedModel, verdict: Verdict, now: dt.datetime) -> None:
        """Keep a challenger with its verdict and, where it says so, make it champion in one step.

        Raises:
            RetryableError: another model serves than the verdict was against; the challenger is kept all the same.
        """
        service = self._serve()
        version, card, blob = trained.card.version, trained.card, trained.blob
        # The same model may be kept already, and may have served. Its bytes, which differ from run to run, stay.
        with suppress(NotFoundError, RunAbortedError):
            card, blob = self.load(version).card, self._registry.get(version)[1]
        judged = card.model_copy(update={"verdict": verdict})
        self._registry.put(version, judged.model_dump_json(indent=2).encode(), blob)
        if verdict.promoted:
            if service.version != verdict.champion:
                raise RetryableError(f"{version} was judged against {verdict.champion}, now {service.version} serves")
            self._appoint(Appointment(version=version, since=now, reason=verdict.reason), service)

    def promote(self, version: str, reason: str, now: dt.datetime) -> Appointment:
        """Make a kept model champion because a person says so.

        Raises:
            NotFoundError: there is no such version.
            InvalidInputError: it serves already.
            RunAbortedError: it is not sound.
            RetryableError: another champion was appointed meanwhile; nothing changed.
        """
        service = self._serve()
        if service.version == version:
            raise InvalidInputError(f"VERSION: {version} is the champion already")
        self.load(version)
        return self._appoint(Appointment(version=version, since=now, reason=reason), service)

    def rollback(self, reason: str, now: dt.datetime) -> Appointment:
        """Withdraw the model that serves and appoint the newest earlier champion that is sound. Nothing is trained.

        Raises:
            NotFoundError: there is no model to withdraw or none to go back to; the message has the reasons.
            RetryableError: another champion was appointed meanwhile; nothing changed.
        """
        service = self._serve()
        withdrawn = service.version
        if withdrawn is None:
            raise NotFoundError("no model serves, so there is nothing to roll back")
        line = succession(service.history)
        model, refused = self._newest_sound(line[: line.index(withdrawn)])
        if model is None:
            detail = "".join(f"; {why}" for why in refused.values())
            raise NotFoundError(f"there is no earlier champion to go back to from {withdrawn}{detail}")
        entry = Appointment(version=model.card.version, since=now, reason=reason, withdrawn=withdrawn)
        return self._appoint(entry, service)

    def _serve(self) -> _Service:
        content = self._registry.champions()
        if self._service is None or self._service.content != content:
            history = parse(content)
            self._service = _Service(content, history, *self._newest_sound(succession(history)))
        return self._service

    def _newest_sound(self, line: list[str]) -> tuple[Model | None, dict[str, str]]:
        """The last model of a line that can serve, and why those after it cannot."""
        refused: dict[str, str] = {}
        for version in reversed(line):
            try:
                return self.load(version), refused
            except (NotFoundError, RunAbortedError) as error:
                refused[version] = str(error)
                logger.warning("champion %s does not serve: %s", version, error)
        return None, refused

    def _kept(self, version: str, service: _Service) -> Kept:
        content, refused = self._registry.card(version), service.refused.get(version)
        try:
            return Kept(version, service.standing(version), _card(version, content), refused)
        except RunAbortedError as error:
            return Kept(version, service.standing(version), None, str(error))

    def _appoint(self, entry: Appointment, decided_on: _Service) -> Appointment:
        """Add to the history, unless it has changed since the decision was taken."""
        self._registry.replace_champions(decided_on.content, added(decided_on.history, entry))
        return entry


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
