"""The committed contracts are those of the code, and the code's messages satisfy them."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
from pydantic import ValidationError

from infra import contracts, topology
from stock_ai.models import topics
from stock_ai.models.base import Interval, PriceBasis
from stock_ai.models.price import StockPrice, price_event_id

COMMITTED = Path(__file__).parents[3] / "docs" / "contracts"
NOW = dt.datetime(2026, 11, 25, 3, 0, tzinfo=dt.UTC)


def bar(**changes):
    fields = {
        "event_id": "e1",
        "symbol": "FPT",
        "time": dt.date(2025, 8, 22),
        "open": 101600,
        "high": 101600,
        "low": 98800,
        "close": 99000,
        "adjusted_close": 99000,
        "volume": 7_212_000,
        "source": "csv",
        "ingested_at": NOW,
    }
    return StockPrice(**(fields | changes))


def test_committed_contracts_are_up_to_date():
    committed = {path.name: path.read_text(encoding="utf-8") for path in COMMITTED.iterdir()}
    assert committed == contracts.documents(), "run: make contracts"


def test_every_topic_has_a_channel_and_every_reference_resolves():
    document = contracts.asyncapi()
    assert set(document["channels"]) == {*topics.TOPICS, *topics.DEAD_LETTER_TOPICS}
    for channel in document["channels"].values():
        for reference in channel["messages"].values():
            assert reference["$ref"].removeprefix("#/components/messages/") in document["components"]["messages"]
    for operation in document["operations"].values():
        assert operation["channel"]["$ref"].removeprefix("#/channels/") in document["channels"]


@pytest.mark.parametrize(
    "message",
    [bar(), bar(symbol="VNINDEX", open=Decimal("1680.42"), close=None, volume=None)],
    ids=["stock", "index with gaps"],
)
def test_a_message_satisfies_its_schema_and_survives_the_wire(message):
    wire = message.model_dump_json()
    jsonschema.validate(json.loads(wire), contracts.schema(StockPrice), jsonschema.Draft202012Validator)
    assert StockPrice.model_validate_json(wire) == message
    assert StockPrice.model_validate_json(wire, strict=True) == message


def test_prices_are_exact_numbers_on_the_wire():
    wire = json.loads(bar(open=Decimal("1680.42"), high=2**53 - 1).model_dump_json())
    assert (wire["open"], wire["high"]) == (1680.42, 2**53 - 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"time": dt.datetime(2025, 8, 22, 2, tzinfo=dt.UTC)},
        {"interval": Interval.MINUTES_5},
        {"ingested_at": dt.datetime(2025, 8, 22)},
        {"close": "99000"},
        {"close": True},
        {"close": float("nan")},
    ],
    ids=["instant for a day", "date for five minutes", "naive instant", "text price", "truth for a price", "nan price"],
)
def test_malformed_messages_are_refused(changes):
    with pytest.raises(ValidationError):
        bar(**changes)


def test_unknown_fields_are_ignored_so_that_adding_one_is_compatible():
    wire = json.loads(bar().model_dump_json()) | {"added_later": 1}
    assert StockPrice.model_validate_json(json.dumps(wire)) == bar()


def test_event_id_names_the_content_and_not_the_moment():
    content = ("FPT", Interval.DAY, dt.date(2025, 8, 22), 1, 2, 1, 2, 2, 100, "csv", False, PriceBasis.RAW)
    assert price_event_id(*content) == price_event_id(*content)
    others = {0: "VCB", 2: dt.date(2025, 8, 25), 6: 3, 7: None, 9: "simulated", 10: True, 11: PriceBasis.ADJUSTED}
    for place, other in others.items():
        changed = (*content[:place], other, *content[place + 1 :])
        assert price_event_id(*changed) != price_event_id(*content)


def test_topology_names_known_topics_and_settles_every_topic():
    declared = {topic.name for topic in topology.TOPICS}
    assert declared == {*topics.TOPICS, *topics.DEAD_LETTER_TOPICS}
    triggered = [trigger for function in topology.FUNCTIONS for trigger in function.kafka]
    assert {trigger.topic for trigger in triggered} == set(topics.TOPICS)
    assert all(trigger.dead_letter_topic == topics.dead_letter(trigger.topic) for trigger in triggered)


def test_topology_stays_within_the_limits_of_lambda():
    for function in topology.FUNCTIONS:
        limit = 840 if function.kafka else 900  # Kafka event sources cap a function's timeout at 14 minutes.
        assert function.timeout_seconds <= limit
        assert all(1 <= trigger.batch_size <= 10_000 for trigger in function.kafka)
        assert all(0 <= trigger.window_seconds <= 300 for trigger in function.kafka)
        assert 128 <= function.memory_mb <= 10_240
