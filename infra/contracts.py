"""The contracts between services as files: one JSON Schema per message and an AsyncAPI 3.0 document.

`python -m infra.contracts docs/contracts` writes them; a test fails when the committed files differ.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from infra import topology
from stock_ai.models import topics
from stock_ai.models.analysis import AiAnalysis
from stock_ai.models.base import SCHEMA_VERSION, Message
from stock_ai.models.insight import HistoryEntry, Insight
from stock_ai.models.llm import LlmAnalysis
from stock_ai.models.price import StockPrice

MESSAGES: dict[str, type[Message]] = {
    topics.STOCK_PRICES_RAW: StockPrice,
    topics.AI_ANALYSIS_RESULTS: AiAnalysis,
    topics.LLM_ANALYSIS_RESULTS: LlmAnalysis,
}
STORED: tuple[type[Message], ...] = (Insight, HistoryEntry)


def schema(message: type[Message]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a message as it stands on the wire."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{message.__name__}.schema.json",
        **message.model_json_schema(mode="serialization"),
    }


def _reference(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/{kind}/{name}"}


def _channel(topic: topology.Topic, message: str, description: str) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": description,
        "messages": {message: _reference("components/messages", message)},
        "bindings": {"kafka": {"topic": topic.name, "partitions": topic.partitions, "bindingVersion": "0.5.0"}},
    }


def asyncapi() -> dict[str, Any]:
    """Topics, messages and who sends and receives them, as AsyncAPI 3.0."""
    channels: dict[str, Any] = {}
    messages: dict[str, Any] = {
        model.__name__: {
            "name": model.__name__,
            "contentType": "application/json",
            "payload": {"$ref": f"./{model.__name__}.schema.json"},
            "bindings": {"kafka": {"key": {"type": "string", "description": "The symbol."}, "bindingVersion": "0.5.0"}},
        }
        for model in MESSAGES.values()
    }
    messages["DeadLetter"] = {
        "name": "DeadLetter",
        "description": "The record as it arrived; headers say where from and why it was set aside.",
        "payload": {"description": "The original bytes.", "type": "string", "format": "binary"},
    }
    for topic in topology.TOPICS:
        if topic.name in MESSAGES:
            model = MESSAGES[topic.name]
            channels[topic.name] = _channel(topic, model.__name__, (model.__doc__ or "").splitlines()[0])
        else:
            channels[topic.name] = _channel(topic, "DeadLetter", "What could not be processed, with its reason.")
    operations: dict[str, Any] = {}
    for function in topology.FUNCTIONS:
        for sent in function.publishes:
            operations[f"{function.name}_sends_{sent}"] = {"action": "send", "channel": _reference("channels", sent)}
        for trigger in function.kafka:
            operations[f"{function.name}_receives_{trigger.topic}"] = {
                "action": "receive",
                "channel": _reference("channels", trigger.topic),
            }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Stock AI events",
            "version": f"{SCHEMA_VERSION}.0.0",
            "description": "At least once, keyed by symbol; applying a message twice or late changes nothing.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def documents() -> dict[str, str]:
    """File name -> text of every contract."""
    files: dict[str, dict[str, Any]] = {
        f"{model.__name__}.schema.json": schema(model) for model in (*MESSAGES.values(), *STORED)
    }
    files["asyncapi.json"] = asyncapi()
    return {name: json.dumps(content, indent=2, ensure_ascii=False) + "\n" for name, content in files.items()}


def main() -> None:
    """Write every contract into the folder given as the only argument."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
