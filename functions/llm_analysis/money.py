"""What a call costs: afterwards by its tokens, beforehand at most."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from importlib import resources

from functions.llm_analysis.answer_form import answer_schema
from functions.llm_analysis.asking import MAX_OUTPUT_TOKENS
from functions.llm_analysis.provider import Brief
from stock_ai.models.llm import LlmUsage
from stock_ai.observability import logger

_MILLION = 1_000_000
_FRAME_TOKENS = 1_000
"""What a provider puts around the texts: names of tools, roles, its own words about tools."""


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens."""

    input: float
    cache_read: float
    cache_write: float
    output: float


def cost(usage: LlmUsage, model: str) -> float:
    """USD for the tokens of `usage`."""
    price = _price(model)
    return (
        usage.input_tokens * price.input
        + usage.cache_read_tokens * price.cache_read
        + usage.cache_write_tokens * price.cache_write
        + usage.output_tokens * price.output
    ) / _MILLION


def upper_bound(brief: Brief, model: str, tries: int) -> float:
    """USD that a call of so many tries costs at most: a token is at least one byte of what is sent."""
    sent = [brief.system, brief.facts, json.dumps(answer_schema())]
    if brief.repair is not None:
        sent += [brief.repair.answer.model_dump_json(), *brief.repair.faults]
    tokens = sum(len(text.encode()) for text in sent) + _FRAME_TOKENS
    price = _price(model)
    return tries * (tokens * max(price.input, price.cache_write) + MAX_OUTPUT_TOKENS * price.output) / _MILLION


@functools.cache
def prices() -> dict[str, Price]:
    """The rows of `prices.yaml`."""
    import yaml  # Here, since a text from the template costs nothing.

    text = (resources.files("functions.llm_analysis") / "prices.yaml").read_text(encoding="utf-8")
    return {name: Price(**row) for name, row in yaml.safe_load(text)["models"].items()}


@functools.cache
def _price(model: str) -> Price:
    """The row with the longest name that `model` begins with, before version or date; the dearest where none fits."""
    rows = prices()
    known = [name for name in rows if re.match(rf"{re.escape(name)}($|-\d|-latest$)", model)]
    if known:
        return rows[max(known, key=len)]
    logger.warning("model without a price, the dearest one is assumed", extra={"model": model})
    return max(rows.values(), key=lambda price: price.output)
