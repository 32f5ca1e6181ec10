"""Answers made from the facts that were sent, for tests that go all the way: an honest author and a careless one."""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.llm_servers.turns import Asked, Turn

_WORDS = {
    "English": ("{symbol} closed at {close} {unit}.", "The session closed at {close} {unit} before any later news."),
    "Vietnamese": ("{symbol} đóng cửa ở {close} {unit}.", "Phiên đóng cửa ở {close} {unit} khi chưa có tin mới."),
}


def faithful(asked: Asked) -> Turn:
    """A short text in the language asked for, every figure of which is in the facts."""
    return _written(asked, off=0)


def careless(asked: Asked) -> Turn:
    """The same with a close that no fact bears; after a list of faults the honest one."""
    return _written(asked, off=0 if len(_messages(asked)) > 1 else 700)


def stubborn(asked: Asked) -> Turn:
    """The same with a close that no fact bears, whatever it is told."""
    return _written(asked, off=700)


def _messages(asked: Asked) -> list[dict[str, Any]]:
    said = asked.body["messages"] if asked.provider == "anthropic" else asked.body["input"]
    return list(said)


def _written(asked: Asked, off: int) -> Turn:
    table = json.loads(_messages(asked)[0]["content"])
    rows = {row[0]: row for row in table["facts"]}
    _, _, close, unit, *_ = rows["close"]
    stance = {"BUY": "bullish", "SELL": "bearish"}.get(rows["signal"][2] if "signal" in rows else "", "neutral")
    said = [words.format(symbol=table["symbol"], close=close + off, unit=unit) for words in _WORDS[table["language"]]]
    summary, risk = ({"text": text, "facts": ["close"]} for text in said)
    draft = {"summary": [summary], "drivers": [], "risks": [risk], "levels": [], "stance": stance}
    return Turn(json.dumps(draft | {"stance_confidence": "low", "horizon": "days"}, ensure_ascii=False))
