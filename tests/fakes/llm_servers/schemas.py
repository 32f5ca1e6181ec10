"""Which JSON schemas the providers refuse where they hold a model to them."""

from __future__ import annotations

import re
from typing import Any

from tests.fakes.llm_servers.turns import demand

_ANTHROPIC_KEYWORDS = frozenset(
    {"$defs", "$ref", "type", "properties", "required", "additionalProperties", "items", "minItems", "enum", "const"}
    | {"anyOf", "allOf", "description", "title", "default", "format", "pattern"}
)
_OPENAI_KEYWORDS = frozenset(
    {"$defs", "$ref", "type", "properties", "required", "additionalProperties", "items", "minItems", "maxItems", "enum"}
    | {"const", "anyOf", "description", "title", "format", "pattern", "minimum", "maximum", "multipleOf"}
    | {"exclusiveMinimum", "exclusiveMaximum"}
)


def check_anthropic_schema(schema: Any) -> None:
    """Structured outputs: closed objects, no limits but `minItems` 0 or 1, references within the schema."""
    for where, node in _nodes(schema, "output_config.format.schema"):
        for keyword in node:
            demand(keyword in _ANTHROPIC_KEYWORDS, f"{where}: '{keyword}' is not supported")
        demand(node.get("minItems", 0) in (0, 1), f"{where}: 'minItems' values other than 0 or 1 are not supported")
        demand(str(node.get("$ref", "#")).startswith("#"), f"{where}: external $ref is not supported")
        if node.get("type") == "object":
            demand(node.get("additionalProperties") is False, f"{where}: 'additionalProperties' must be false")


def check_openai_schema(schema: Any) -> None:
    """Strict mode: closed objects, every property required, nothing beside `$ref`, a subset of the keywords."""
    demand(isinstance(schema, dict) and schema.get("type") == "object", "schema must be of type object")
    demand("anyOf" not in schema, "the root must not use anyOf")
    for where, node in _nodes(schema, "schema"):
        for keyword in node:
            demand(keyword in _OPENAI_KEYWORDS, f"In context={where}, '{keyword}' is not permitted.")
        if "$ref" in node:
            demand(len(node) == 1, f"In context={where}, $ref cannot have keywords beside it.")
        if node.get("type") == "object":
            closed = node.get("additionalProperties") is False
            demand(closed, f"In context={where}, 'additionalProperties' is required to be supplied and to be false.")
            complete = set(node.get("required", ())) == set(node.get("properties", ()))
            demand(complete, f"In context={where}, 'required' must include every key in properties.")


def check_name(name: Any) -> None:
    """The name of a format."""
    demand(isinstance(name, str) and re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name), "text.format.name: invalid")


def _nodes(node: Any, where: str) -> list[tuple[str, dict[str, Any]]]:
    """Every schema within `node`, itself first."""
    demand(isinstance(node, dict), f"{where}: not a schema")
    found = [(where, node)]
    for keyword in ("properties", "$defs"):
        for name, part in node.get(keyword, {}).items():
            found += _nodes(part, f"{where}.{keyword}.{name}")
    if "items" in node:
        found += _nodes(node["items"], f"{where}.items")
    for keyword in ("anyOf", "allOf"):
        for at, part in enumerate(node.get(keyword, [])):
            found += _nodes(part, f"{where}.{keyword}.{at}")
    return found
