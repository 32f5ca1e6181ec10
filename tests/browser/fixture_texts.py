"""An explanation as a language model would write it, for the dashboard's tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from tests.browser.fixture_market import Stock

_WORDS = {
    "en": {
        "summary": "{symbol} closed at {close} VND, {change} % from the session before. It stands {mean} its mean of 50"
        " sessions, and its relative strength index of 14 sessions is {rsi}.",
        "drivers": ["Over 20 sessions it has moved {month} %.", "Volume was {volume} times its mean of 20 sessions."],
        "risks": ["The model behind the signal has no proven skill.", "One session can undo a week of this move."],
        "disclaimer": "Made from stored figures; no investment advice.",
        "above": "above", "below": "below",
    },
    "vi": {
        "summary": "{symbol} đóng cửa ở {close} đồng, thay đổi {change} % so với phiên trước. Giá nằm {mean} trung bình"
        " 50 phiên, chỉ số sức mạnh tương đối 14 phiên là {rsi}.",
        "drivers": ["Trong 20 phiên giá thay đổi {month} %.", "Khối lượng gấp {volume} lần trung bình 20 phiên."],
        "risks": ["Mô hình đứng sau tín hiệu chưa chứng minh được năng lực.",
                  "Một phiên có thể xóa cả tuần tăng giảm."],
        "disclaimer": "Tạo từ số liệu đã lưu; không phải lời khuyên đầu tư.",
        "above": "trên", "below": "dưới",
    },
}  # fmt: skip


def explanation(stock: Stock, language: str) -> dict:
    """A text in the form of the API."""
    words = _WORDS[language]
    close, mean = stock.price(stock.bars.close[-1]), stock.newest("sma_50") or 0
    as_of = str(stock.bars.dates[-1])
    values = {
        "symbol": stock.symbol, "close": f"{close:,}".replace(",", "." if language == "vi" else ","),
        "change": stock.newest("roc_1"), "mean": words["above" if close > mean else "below"],
        "rsi": stock.newest("rsi_14"), "month": stock.newest("roc_20"), "volume": stock.newest("volume_ratio_20"),
    }  # fmt: skip
    facts = [
        ("close", "Close", close, "VND"),
        ("roc_1", "Change of the close since the session before", values["change"], "%"),
        ("sma_50", "Mean close of 50 sessions", mean, "VND"), ("rsi_14", "Relative strength index, 14 sessions",
        values["rsi"], ""), ("roc_20", "Change of the close over 20 sessions", values["month"], "%"),
    ]  # fmt: skip
    return {
        "analysis_id": "ab" * 16, "symbol": stock.symbol, "as_of": as_of, "language": language,
        "event_time": (dt.datetime.now(dt.UTC) - dt.timedelta(minutes=7)).isoformat(), "ai_analysis_id": "0" * 32,
        "provider": "anthropic", "model": "claude-sonnet-4-5", "prompt_version": "3", "close": close,
        "summary": words["summary"].format(**values), "drivers": [one.format(**values) for one in words["drivers"]],
        "risks": words["risks"], "stance": "neutral", "stance_confidence": "low", "horizon": "days",
        "levels": [{"kind": "support", "fact": "sma_50", "name": "Mean close of 50 sessions", "price": round(mean)}],
        "cited": [{"id": one[0], "name": one[1], "value": one[2], "unit": one[3], "date": as_of,
                   "cited_in": ["summary"]} for one in facts],
        "grounding": {"claims": 14, "faults": 1, "repaired": True, "removed": []},
        "usage": {"calls": 2, "input_tokens": 3120, "output_tokens": 410, "cost_usd": 0.0156},
        "disclaimer": words["disclaimer"], "simulated": False,
    }  # fmt: skip


def story(text: dict) -> Iterator[tuple[str, dict]]:
    """The events while it is written."""
    yield "phase", {"phase": "facts"}
    yield "phase", {"phase": "writing"}
    yield "sentence", {"at": "summary", "text": text["summary"]}
    for number, driver in enumerate(text["drivers"]):
        yield "sentence", {"at": f"drivers.{number}", "text": driver}
    yield "phase", {"phase": "checking"}
    yield "done", {"analysis": text, "served": "written"}
