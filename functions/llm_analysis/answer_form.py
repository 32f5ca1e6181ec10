"""The form of an answer: the JSON schema that every provider is given, and how its text becomes a draft."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import ValidationError

from functions.llm_analysis.draft import Draft

_LONGEST_WORDS = 100
_LIMITS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
}
"""Keywords that one provider or the other refuses where it holds a model to a schema; they become words."""


@cache
def answer_schema() -> dict[str, Any]:
    """The schema of `Draft` in the keywords that both providers take, to be read only.

    Both want `additionalProperties: false` and no limits of length. OpenAI's strict mode wants every property required
    besides, and nothing next to a `$ref`, so references are replaced by what they name.
    """
    schema = Draft.model_json_schema()
    return _plain(schema, schema.pop("$defs"))


def _plain(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        named = definitions[node["$ref"].removeprefix("#/$defs/")]
        node = {**named, **{key: value for key, value in node.items() if key != "$ref"}}
    plain = {key: value for key, value in node.items() if key not in _LIMITS and key != "title"}
    if "items" in plain:
        plain["items"] = _plain(plain["items"], definitions)
    if "properties" in plain:
        plain["properties"] = {name: _plain(part, definitions) for name, part in plain["properties"].items()}
    if limits := [words.format(node[key]) for key, words in _LIMITS.items() if key in node]:
        plain["description"] = f"{node.get('description', '')} ({', '.join(limits)})".lstrip()
    return plain


def parsed(text: str) -> tuple[Draft | None, str | None]:
    """The draft in `text` (JSON), or `malformed: ...` with the place and nature of the first fault.

    The fault quotes none of the text but the names of fields that do not belong there, cut short.
    """
    try:
        return Draft.model_validate_json(text), None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        return None, f"malformed: {place[:_LONGEST_WORDS]}: {first['msg'][:_LONGEST_WORDS]}"
