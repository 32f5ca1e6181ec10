"""How `stock-ai quarantine` shows records: as tables for a person, as JSON for a script."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from local.cli.output import results
from stock_ai.market.calendar import EXCHANGE_ZONE
from stock_ai.models.price import StockPrice
from stock_ai.models.topics import STOCK_PRICES_RAW
from stock_ai.quality.corrections import CORRECTABLE, fields_of
from stock_ai.releasing import bar_of, explanations
from stock_ai.storage.quarantine import KeptRecord, Release

_COMPARED = (*CORRECTABLE, "source", "ingested_at")
_WIDEST = 40


def print_list(found: Sequence[KeptRecord], following: str | None) -> None:
    """A line for each record, and how to go on."""
    if not found:
        results.print("no quarantined records")
        return
    # Lines and no table: of an id and a reason nothing may be broken or cut off, and 80 columns hold these.
    _columns("id", "reason", "record")
    for kept in found:
        released = " released" if kept.released_at else ""
        _columns(kept.record.record_id, kept.record.reasons[0], f"{_title(kept)}{released}")
    if following:
        results.print(f"there are more: --after {following}", highlight=False)
    results.print("next: stock-ai quarantine show ID", highlight=False)


def print_record(kept: KeptRecord, releases: Sequence[Release], stored: StockPrice | None) -> None:
    """Why a record was set aside, its fields beside those of the stored bar, and what was decided about it."""
    record = kept.record
    _line("id", record.record_id)
    _line("record", _title(kept) + (f" from {kept.source}" if kept.source else ""))
    _line("set aside", f"{_at(record.quarantined_at)}, {record.topic}:{record.partition}:{record.offset}")
    refused = " again: the consumer refused it after its release" if kept.refusals else ""
    _line("state", f"released {_at(kept.released_at)}" if kept.released_at else f"quarantined{refused}")
    for reason, text in explanations(record).items():
        _line("why", f"{reason}: {text}")
    fields = fields_of(record.value) if record.topic == STOCK_PRICES_RAW else None
    if fields is None:
        _line("value", _text(record.value))
    if fields is not None or stored is not None:
        results.print(_comparison(fields or {}, stored))
    if stored is None:
        _line("stored now", "no bar of that symbol and time")
    for release in releases:
        changes = ", ".join(f"{name} {before} -> {after}" for name, (before, after) in release.changes.items())
        _line("decision", f"{_at(release.at)} by {release.by}: {changes or 'released as it is'} ({release.note})")
    if kept.released_at is None:
        _line("next", f"stock-ai quarantine correct {record.record_id} --set FIELD=VALUE --note WHY")


def record_json(kept: KeptRecord) -> dict[str, Any]:
    """What a list says of a record."""
    record = kept.record
    return {
        "id": record.record_id,
        "reasons": list(record.reasons),
        "detail": record.detail,
        "symbol": kept.symbol,
        "source": kept.source,
        "quarantined_at": record.quarantined_at.isoformat(),
        "released_at": kept.released_at.isoformat() if kept.released_at else None,
        "refusals": kept.refusals,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "value": _text(record.value),
    }


def release_json(release: Release) -> dict[str, Any]:
    """One decision."""
    return {
        "id": release.record_id,
        "by": release.by,
        "note": release.note,
        "at": release.at.isoformat(),
        "event_id": release.event_id,
        "changes": {name: list(change) for name, change in release.changes.items()},
    }


def bar_json(bar: StockPrice | None) -> dict[str, Any] | None:
    """A stored bar as its message has it."""
    return None if bar is None else json.loads(bar.wire())


def _comparison(fields: dict[str, Any], stored: StockPrice | None) -> Table:
    table = Table("field", "in the record", box=None, pad_edge=False)
    ours = bar_json(stored)
    if ours is not None:
        table.add_column("stored now")
    for name in (*_COMPARED, *(name for name in fields if name not in StockPrice.model_fields)):
        cells = [_cell(content[name]) if name in content else Text("-") for content in (fields, ours or {})]
        style = "bold" if ours and cells[0] != cells[1] else None
        table.add_row(_cell(name), *cells[: len(table.columns) - 1], style=style)
    return table


def _cell(value: Any) -> Text:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _plain(text if len(text) <= _WIDEST else text[:_WIDEST] + "...")


def _columns(record_id: str, reason: str, title: str) -> None:
    results.print(_plain(f"{record_id:<32}  {reason:<18}  {title}"), soft_wrap=True)


def _line(name: str, text: str) -> None:
    results.print(_plain(f"{name:<11} {text}"), soft_wrap=True)


def _plain(text: str) -> Text:
    """Text of a record as it may be shown: it can hold anything, so neither markup nor control characters work."""
    return Text("".join(each if each.isprintable() else repr(each)[1:-1] for each in text))


def _title(kept: KeptRecord) -> str:
    bar = bar_of(kept.record)
    return f"{bar.symbol[:_WIDEST]} {bar.interval} {bar.time.isoformat()}" if bar else kept.symbol or kept.record.topic


def _at(instant: dt.datetime) -> str:
    """An instant on the exchange's clock."""
    return f"{instant.astimezone(EXCHANGE_ZONE):%Y-%m-%d %H:%M}"


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")
