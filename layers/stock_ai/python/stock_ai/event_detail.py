"""What a schedule event asks a function for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from stock_ai.errors import InvalidInputError

Detail = TypeVar("Detail", bound=BaseModel)


def detail_of(event: Mapping[str, Any], model: type[Detail]) -> Detail:
    """The `detail` of an EventBridge event, none being all defaults.

    Raises:
        InvalidInputError: a key of `detail` is unknown or has a wrong value; the message names both.
    """
    try:
        return model.model_validate(event.get("detail", {}))
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, ('detail', *fault['loc'])))} {fault['input']!r}: {fault['msg']}"
            for fault in error.errors(include_url=False)
        )
        raise InvalidInputError(faults) from None
