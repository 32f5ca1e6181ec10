"""OpenAI's Responses API: what it refuses, and the events of its stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.fakes.llm_servers.schemas import check_name, check_openai_schema
from tests.fakes.llm_servers.turns import Ending, RefusedRequestError, Turn, demand, known

PATH = "/v1/responses"

_FIELDS = frozenset(
    {"model", "input", "instructions", "text", "max_output_tokens", "reasoning", "prompt_cache_key", "store", "stream"}
    | {"temperature", "top_p", "metadata", "include", "truncation", "safety_identifier", "service_tier"}
)
_CODES = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded", 500: "server_error"}
_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


def check(headers: Mapping[str, str], body: dict[str, Any]) -> None:
    """Raise RefusedRequestError where the API would refuse."""
    if not headers.get("authorization", "").startswith("Bearer "):
        raise RefusedRequestError("You didn't provide an API key.", 401, "invalid_api_key")
    known(body, _FIELDS, ("model", "input"))
    demand(isinstance(body["model"], str) and body["model"], "Missing required parameter: 'model'.")
    demand(type(body.get("stream", False)) is bool, "Invalid type for 'stream'.")
    demand(type(body.get("store", True)) is bool, "Invalid type for 'store'.")
    limit = body.get("max_output_tokens", 16)
    demand(type(limit) is int and limit >= 16, "Invalid 'max_output_tokens': expected a value >= 16.")
    demand(len(body.get("prompt_cache_key", "")) <= 64, "Invalid 'prompt_cache_key': longer than 64.")
    if isinstance(body["input"], str):
        demand(body["input"], "Invalid 'input': empty.")
    else:
        demand(isinstance(body["input"], list) and body["input"], "Invalid 'input': empty.")
        for at, item in enumerate(body["input"]):
            known(item, frozenset({"role", "content", "type", "phase"}), ("role", "content"), f"input[{at}].")
            role = item["role"]
            demand(
                role in ("user", "assistant", "system", "developer"), f"Invalid value: '{role}' of input[{at}].role."
            )
            demand(isinstance(item["content"], str) and item["content"], f"Invalid type for 'input[{at}].content'.")
    if "reasoning" in body:
        plain = body["model"].startswith(("gpt-3", "gpt-4")) or "chat" in body["model"]
        demand(not plain, "Unsupported parameter: 'reasoning.effort' is not supported with this model.")
        demand(body["reasoning"].get("effort") in _EFFORTS, "Invalid value of 'reasoning.effort'.")
    text = body.get("text", {})
    known(text, frozenset({"format", "verbosity"}), (), "text.")
    form = text.get("format", {"type": "text"})
    if form.get("type") == "json_schema":
        names = frozenset({"type", "name", "schema", "strict", "description"})
        known(form, names, ("type", "name", "schema"), "text.format.")
        check_name(form["name"])
        # Without `strict` a schema is only a hint, which no answer can be relied on to follow.
        demand(form.get("strict") is True, "text.format.strict: this stub wants it")
        check_openai_schema(form["schema"])
    else:
        demand(form == {"type": "text"}, "Invalid value of 'text.format.type'.")


def error(status: int, name: str | None, message: str) -> dict[str, Any]:
    """The body of an error outside of a stream."""
    code = name or _CODES.get(status)
    kind = "insufficient_quota" if name == "insufficient_quota" else "invalid_request_error"
    return {
        "error": {"message": message, "type": kind if status < 500 else "server_error", "param": None, "code": code}
    }


def events(turn: Turn, body: dict[str, Any]) -> Iterator[dict[str, Any] | None]:
    """The events of a stream, with None where a ping stream goes on and on."""
    for number, event in enumerate(_events(turn, body)):
        yield event and {**event, "sequence_number": number}


def _events(turn: Turn, body: dict[str, Any]) -> Iterator[dict[str, Any] | None]:
    yield {"type": "response.created", "response": _response(body, "in_progress")}
    yield {"type": "response.in_progress", "response": _response(body, "in_progress")}
    thought = {"id": "rs_stub", "type": "reasoning", "summary": []}
    yield {"type": "response.output_item.added", "output_index": 0, "item": thought}
    yield {"type": "response.output_item.done", "output_index": 0, "item": thought}
    message = {"id": "msg_stub", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    yield {"type": "response.output_item.added", "output_index": 1, "item": message}
    refused = turn.ending is Ending.REFUSED
    at = {"item_id": "msg_stub", "output_index": 1, "content_index": 0}
    yield {"type": "response.content_part.added", **at, "part": _part(refused, "")}
    deltas = turn.deltas()
    for number, text in enumerate(deltas):
        if turn.ending is Ending.PINGS and number == len(deltas) // 2:
            yield None
        if refused:
            yield {"type": "response.refusal.delta", **at, "delta": text}
        else:
            yield {"type": "response.output_text.delta", **at, "delta": text, "logprobs": []}
    if turn.ending in (Ending.CUT, Ending.EARLY):
        return
    if turn.ending is Ending.ERROR:
        yield {"type": "error", "code": turn.name, "message": turn.message, "param": None}
        return
    usage = _usage(turn)
    if turn.ending is Ending.FAILED:
        failed = _response(body, "failed") | {"error": {"code": turn.name, "message": turn.message}, "usage": usage}
        yield {"type": "response.failed", "response": failed}
        return
    said = "".join(deltas)
    if refused:
        yield {"type": "response.refusal.done", **at, "refusal": said}
    else:
        yield {"type": "response.output_text.done", **at, "text": said, "logprobs": []}
    yield {"type": "response.content_part.done", **at, "part": _part(refused, said)}
    stopped = {Ending.TRUNCATED: "max_output_tokens", Ending.FLAGGED: "content_filter"}.get(turn.ending)
    status = "incomplete" if stopped else "completed"
    message = message | {"status": status, "content": [_part(refused, said)]}
    yield {"type": "response.output_item.done", "output_index": 1, "item": message}
    whole = _response(body, status) | {"output": [thought, message], "usage": usage}
    if stopped:
        whole["incomplete_details"] = {"reason": stopped}
    yield {"type": f"response.{status}", "response": whole}


def _part(refused: bool, text: str) -> dict[str, Any]:
    if refused:
        return {"type": "refusal", "refusal": text}
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _usage(turn: Turn) -> dict[str, Any]:
    tokens = turn.tokens
    taken = tokens.fresh + tokens.cache_read + tokens.cache_write
    return {
        "input_tokens": taken,
        "input_tokens_details": {"cached_tokens": tokens.cache_read, "cache_write_tokens": tokens.cache_write},
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": taken + tokens.output,
    }


def _response(body: dict[str, Any], status: str) -> dict[str, Any]:
    return {
        "id": "resp_stub",
        "object": "response",
        "created_at": 1700000000,
        "status": status,
        "model": body["model"],
        "output": [],
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": None,
    }
