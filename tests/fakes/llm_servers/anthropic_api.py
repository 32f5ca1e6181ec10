"""Anthropic's Messages API: what it refuses, and the events of its stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.fakes.llm_servers.schemas import check_anthropic_schema
from tests.fakes.llm_servers.turns import Ending, RefusedRequestError, Turn, demand, known

PATH = "/v1/messages"

_FIELDS = frozenset(
    {"model", "max_tokens", "messages", "system", "stream", "output_config", "thinking", "metadata", "stop_sequences"}
    | {"temperature", "top_p", "top_k", "service_tier", "cache_control", "tools", "tool_choice"}
)
_NAMES = {400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error"}
_NAMES |= {404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error", 504: "timeout_error"}
_NAMES |= {529: "overloaded_error"}
_STOPS = {Ending.TRUNCATED: "max_tokens", Ending.REFUSED: "refusal", Ending.FLAGGED: "refusal"}


def check(headers: Mapping[str, str], body: dict[str, Any]) -> None:
    """Raise RefusedRequestError where the API would refuse."""
    key = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
    if not key:
        raise RefusedRequestError("x-api-key header is required", 401, "authentication_error")
    demand("anthropic-version" in headers, "anthropic-version: header is required")
    known(body, _FIELDS, ("model", "max_tokens", "messages"))
    demand(isinstance(body["model"], str) and body["model"], "model: String should have at least 1 character")
    demand(
        type(body["max_tokens"]) is int and body["max_tokens"] >= 1, "max_tokens: must be greater than or equal to 1"
    )
    demand(type(body.get("stream", False)) is bool, "stream: Input should be a valid boolean")
    # Of the current models none lets itself be forced to a tool, and this stub has none to call.
    choice = body.get("tool_choice", {"type": "auto"})
    demand(choice.get("type") in ("auto", "none"), "tool_choice: forced tool use is not supported for this model")
    marked = _check_blocks("system", body.get("system", "x"))
    messages = body["messages"]
    demand(isinstance(messages, list) and messages, "messages: at least one message is required")
    for at, message in enumerate(messages):
        where = f"messages.{at}"
        known(message, frozenset({"role", "content"}), ("role", "content"), f"{where}.")
        demand(message["role"] == ("user", "assistant")[at % 2], f"{where}: roles must alternate, beginning with user")
        marked += _check_blocks(f"{where}.content", message["content"])
    demand(len(messages) % 2, "This model does not support assistant message prefill.")
    demand(marked <= 4, f"A maximum of 4 blocks with cache_control may be provided. Found {marked}.")
    config = body.get("output_config", {})
    known(config, frozenset({"format", "effort"}), (), "output_config.")
    if "effort" in config:
        demand(config["effort"] in ("low", "medium", "high", "xhigh", "max"), "output_config.effort: invalid")
        able = not body["model"].startswith(("claude-sonnet-4-5", "claude-haiku-4-5"))
        demand(able, "output_config.effort: not supported by this model")
    if form := config.get("format"):
        known(form, frozenset({"type", "schema"}), ("type", "schema"), "output_config.format.")
        demand(form["type"] == "json_schema", "output_config.format.type: Input should be 'json_schema'")
        check_anthropic_schema(form["schema"])


def _check_blocks(where: str, content: Any) -> int:
    """Refuse what is neither a text nor text blocks; how many of them are marked for the cache."""
    if isinstance(content, str):
        demand(content, f"{where}: text content blocks must be non-empty")
        return 0
    demand(isinstance(content, list) and content, f"{where}: Input should be a valid list")
    marked = 0
    for at, block in enumerate(content):
        known(block, frozenset({"type", "text", "cache_control"}), ("type", "text"), f"{where}.{at}.")
        demand(block["type"] == "text" and block["text"], f"{where}.{at}: text content blocks must be non-empty")
        if mark := block.get("cache_control"):
            demand(mark.get("type") == "ephemeral", f"{where}.{at}.cache_control.type: Input should be 'ephemeral'")
            known(mark, frozenset({"type", "ttl"}), ("type",), f"{where}.{at}.cache_control.")
            demand(
                mark.get("ttl", "5m") in ("5m", "1h"), f"{where}.{at}.cache_control.ttl: Input should be '5m' or '1h'"
            )
            marked += 1
    return marked


def error(status: int, name: str | None, message: str) -> dict[str, Any]:
    """The body of an error, in a stream and outside of one."""
    kind = name or _NAMES.get(status, "api_error")
    details = {}
    if kind.endswith("_spend_limit_reached"):
        kind, details = "rate_limit_error", {"details": {"error_code": kind}}
    told = {"type": kind, "message": message, **details}
    return {"type": "error", "error": told, "request_id": "req_stub"}


def events(turn: Turn, body: dict[str, Any]) -> Iterator[dict[str, Any] | None]:
    """The events of a stream, with None where a ping stream goes on and on."""
    tokens = turn.tokens
    taken = {
        "input_tokens": tokens.fresh,
        "cache_creation_input_tokens": tokens.cache_write,
        "cache_read_input_tokens": tokens.cache_read,
    }
    yield {
        "type": "message_start",
        "message": {
            "id": "msg_stub",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {**taken, "output_tokens": 1, "service_tier": "standard"},
        },
    }
    thought = {"type": "thinking", "thinking": "", "signature": ""}
    yield {"type": "content_block_start", "index": 0, "content_block": thought}
    yield {"type": "ping"}
    yield {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "c3R1Yg=="}}
    yield {"type": "content_block_stop", "index": 0}
    yield {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}
    deltas = turn.deltas()
    for at, text in enumerate(deltas):
        if turn.ending is Ending.PINGS and at == len(deltas) // 2:
            yield None
        yield {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": text}}
    if turn.ending in (Ending.CUT, Ending.EARLY):
        return
    if turn.ending in (Ending.ERROR, Ending.FAILED):
        yield error(200, turn.name, turn.message)
        return
    yield {"type": "content_block_stop", "index": 1}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": _STOPS.get(turn.ending, "end_turn"), "stop_sequence": None},
        "usage": {**taken, "output_tokens": tokens.output},
    }
    yield {"type": "message_stop"}
