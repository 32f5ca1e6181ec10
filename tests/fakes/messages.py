"""Good messages to start a test from, and their records and events."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

from stock_ai.models.analysis import AiAnalysis, Signal
from stock_ai.models.base import Interval, PriceBasis
from stock_ai.models.llm import Language, LlmAnalysis, Stance
from stock_ai.models.price import StockPrice, price_event_id
from stock_ai.streaming.records import KafkaRecord

NOW = dt.datetime(2025, 8, 25, 9, 0, tzinfo=dt.UTC)


def bar(symbol: str = "FPT", time: dt.date = dt.date(2025, 8, 22), **changes: Any) -> StockPrice:
    """A bar that keeps every hard rule, with the event id of its content."""
    content: dict[str, Any] = {
        "symbol": symbol,
        "interval": Interval.DAY,
        "time": time,
        "open": 100_000,
        "high": 102_000,
        "low": 99_000,
        "close": 101_000,
        "adjusted_close": None,
        "volume": 1_000,
        "source": "csv",
        "provisional": False,
        "basis": PriceBasis.RAW,
    }
    rest = {"ingested_at": NOW, "event_id": None} | {
        name: changes.pop(name) for name in list(changes) if name not in content
    }
    content |= changes
    rest["event_id"] = rest["event_id"] or price_event_id(**content)
    return StockPrice(**content, **rest)


def ai_analysis(
    symbol: str = "FPT", analysis_id: str = "a1", event_time: dt.datetime = NOW, **changes: Any
) -> AiAnalysis:
    return AiAnalysis(
        **{
            "symbol": symbol,
            "analysis_id": analysis_id,
            "event_time": event_time,
            "as_of": dt.date(2025, 8, 22),
            "bars": 300,
            "close": 101_000,
            "signal": Signal.BUY,
            "confidence": 0.5,
            "probabilities": {Signal.BUY: 0.5, Signal.HOLD: 0.3, Signal.SELL: 0.2},
            "indicators": {"rsi_14": 55.5, "sma_200": None},
            "adjusted": True,
            "provisional": False,
            "source": "csv",
            "simulated": False,
        }
        | changes
    )


def llm_analysis(
    symbol: str = "FPT", analysis_id: str = "l1", event_time: dt.datetime = NOW, **changes: Any
) -> LlmAnalysis:
    return LlmAnalysis(
        **{
            "symbol": symbol,
            "analysis_id": analysis_id,
            "event_time": event_time,
            "as_of": dt.date(2025, 8, 22),
            "ai_analysis_id": "a1",
            "provider": "template",
            "model": "template",
            "prompt_version": "1",
            "language": Language.VIETNAMESE,
            "summary": f"Tóm tắt {analysis_id}",
            "drivers": ["RSI"],
            "risks": [],
            "stance": Stance.BULLISH,
            "disclaimer": "Không phải lời khuyên đầu tư.",
            "simulated": False,
        }
        | changes
    )


def record(value: Any, topic: str = "stock_prices_raw", offset: int = 0, **changes: Any) -> KafkaRecord:
    """The record of a message, or of bytes as they are."""
    data = value if isinstance(value, bytes) else value.model_dump_json().encode()
    return KafkaRecord(**{"topic": topic, "partition": 0, "offset": offset, "value": data, "key": b"FPT"} | changes)


def kafka_event(records: list[KafkaRecord]) -> dict[str, Any]:
    """The Lambda Kafka event of some records, as an event source mapping sends it."""
    event: dict[str, Any] = {"eventSource": "aws:kafka", "bootstrapServers": "localhost:9092", "records": {}}
    for each in records:
        data: dict[str, Any] = {
            "topic": each.topic,
            "partition": each.partition,
            "offset": each.offset,
            "timestamp": 0,
            "timestampType": "CREATE_TIME",
            "value": base64.b64encode(each.value).decode(),
            "headers": [{name: list(value)} for name, value in each.headers.items()],
        }
        if each.key is not None:
            data["key"] = base64.b64encode(each.key).decode()
        event["records"].setdefault(f"{each.topic}-{each.partition}", []).append(data)
    return event
