"""Rows that were read and are not wanted yet, in a temporary file: memory does not grow with the market."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Hashable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from stock_ai.sources.csv_formats import DATE, SYMBOL


class Spill:
    """The rows of files by symbol. The temporary file goes when this object does."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the finalizer
        weakref.finalize(self, self._file.close)
        self._end = 0
        self._schemas: dict[Hashable, pa.Schema] = {}
        self._places: dict[Hashable, dict[str, list[tuple[int, int]]]] = {}

    def add(self, source: Hashable, table: pa.Table) -> None:
        """Put by the rows of `table`, in any order; all tables of one `source` have the same columns."""
        table = table.sort_by([(SYMBOL, "ascending"), (DATE, "ascending")]).combine_chunks()
        counts = pc.value_counts(table[SYMBOL]).to_pylist()
        table = table.drop_columns([SYMBOL])
        self._schemas[source] = table.schema
        places = self._places.setdefault(source, {})
        start = 0
        for count in counts:
            for batch in table.slice(start, count["counts"]).to_batches():
                places.setdefault(count["values"], []).append(self._written(batch))
            start += count["counts"]

    def symbols(self, source: Hashable) -> Sequence[str]:
        """The symbols of which `source` has rows."""
        return list(self._places.get(source, {}))

    def rows(self, source: Hashable, symbol: str) -> pa.Table | None:
        """The rows of one symbol by date, those of one date in the order in which they came; None without any."""
        places = self._places.get(source, {}).get(symbol)
        if places is None:
            return None
        schema = self._schemas[source]
        table = pa.Table.from_batches([self._read(place, schema) for place in places], schema)
        return table if len(places) == 1 else table.sort_by(DATE)

    def _written(self, batch: pa.RecordBatch) -> tuple[int, int]:
        content = batch.serialize()
        self._file.seek(self._end)
        self._file.write(content)
        place = self._end, content.size
        self._end += content.size
        return place

    def _read(self, place: tuple[int, int], schema: pa.Schema) -> Any:
        offset, size = place
        self._file.seek(offset)
        return pa.ipc.read_record_batch(pa.py_buffer(self._file.read(size)), schema)
