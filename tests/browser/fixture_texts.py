"""An explanation as a language model would write it, for the dashboard's tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from functions.llm_analysis import fact_names
from stock_ai.models.llm import Language
from tests.browser.fixture_market import Stock
from tests.fakes.llm_context import every_fact

_WORDS = {
    "en": {
        "summary": "{symbol} closed at {close} VND, {change} % from the session before. It stands {mean} its mean of 50"
        " sessions, and its relative strength index of 14 sessions is {rsi}.",
        "drivers": ["Over 20 sessions it has moved {month} %.", "Volume was {volume} times its mean of 20 sessions."],
        "risks": ["The model behind the signal has no proven skill.", "One session can undo a week of this move."],
        "disclaimer": "Made from stored figures; no investment advice.",
        "above": "above", "below": "below",
        "reason": "return over 20 sessions is 0.0314, above its usual 0.00412: speaks for BUY",
    },
    "vi": {
        "summary": "{symbol} đóng cửa ở {close} đồng, thay đổi {change} % so với phiên trước. Giá nằm {mean} trung bình"
        " 50 phiên, chỉ số sức mạnh tương đối 14 phiên là {rsi}.",
        "drivers": ["Trong 20 phiên giá thay đổi {month} %.", "Khối lượng gấp {volume} lần trung bình 20 phiên."],
        "risks": ["Mô hình đứng sau tín hiệu chưa chứng minh được năng lực.",
                  "Một phiên có thể xóa cả tuần tăng giảm."],
        "disclaimer": "Tạo từ số liệu đã lưu; không phải lời khuyên đầu tư.",
        "above": "trên", "below": "dưới",
        "reason": "Mức thay đổi giá trong 20 phiên đang ở mức cao, ủng hộ tín hiệu BUY.",
    },
}  # fmt: skip


def explanation(stock: Stock, language: str) -> dict:
    """A text in the form of the API."""
    words = _WORDS[language]
    named = {fact.id: fact_names.name(fact, Language(language)) for fact in every_fact()}
    close, mean = stock.price(stock.bars.close[-1]), stock.newest("sma_50") or 0
    as_of = str(stock.bars.dates[-1])
    values = {
        "symbol": stock.symbol, "close": close,
        "change": stock.newest("roc_1"), "mean": words["above" if close > mean else "below"],
        "rsi": stock.newest("rsi_14"), "month": stock.newest("roc_20"), "volume": stock.newest("volume_ratio_20"),
    }  # fmt: skip
    shown = {name: _written(value, language) for name, value in values.items()}
    facts = [
        ("close", close, "VND"), ("return_1", values["change"], "%"), ("level.sma_50", mean, "VND"),
        ("rsi_14", values["rsi"], ""), ("volume", round(float(stock.bars.volume[-1])), "shares"),
        ("volume_ratio_20", values["volume"], "x"), ("signal", stock.signals[-1]["signal"], ""),
        ("model.proven", "no", ""), ("model.trained_until", "2025-07-31", ""),
        ("reason.return_20", words["reason"], ""),
    ]  # fmt: skip
    return {
        "analysis_id": "ab" * 16, "symbol": stock.symbol, "as_of": as_of, "language": language,
        "event_time": (dt.datetime.now(dt.UTC) - dt.timedelta(minutes=7)).isoformat(), "ai_analysis_id": "0" * 32,
        "provider": "anthropic", "model": "claude-sonnet-4-5", "prompt_version": "3", "close": close,
        "summary": words["summary"].format(**shown), "drivers": [one.format(**shown) for one in words["drivers"]],
        "risks": words["risks"], "stance": "neutral", "stance_confidence": "low", "horizon": "days",
        "levels": [{"kind": "support", "fact": "level.sma_50", "name": named["level.sma_50"],
                    "price": round(mean)}],
        "cited": [{"id": fact, "name": named[fact], "value": value, "unit": unit, "date": as_of,
                   "cited_in": ["summary"]} for fact, value, unit in facts],
        "grounding": {"claims": 14, "faults": 1, "repaired": True, "removed": []},
        "usage": {"calls": 2, "input_tokens": 3120, "output_tokens": 410, "cost_usd": 0.0156},
        "disclaimer": words["disclaimer"], "simulated": False,
    }  # fmt: skip


def _written(value: object, language: str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,}".translate(str.maketrans(",.", ".,")) if language == "vi" else f"{value:,}"


def story(text: dict) -> Iterator[tuple[str, dict]]:
    """The events while it is written."""
    yield "phase", {"phase": "facts"}
    yield "phase", {"phase": "writing"}
    yield "sentence", {"at": "summary", "text": text["summary"]}
    for number, driver in enumerate(text["drivers"]):
        yield "sentence", {"at": f"drivers.{number}", "text": driver}
    yield "phase", {"phase": "checking"}
    yield "done", {"analysis": text, "served": "written"}
