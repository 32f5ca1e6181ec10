"""The form of a panel snapshot: the stored daily bars as columns, and where in the log of changes they were read.

```
16 bytes    what it is, with the version of this form
32 bytes    SHA-256 of all that follows
 8 bytes    length of the header
 header     JSON, filled up with spaces to a multiple of 8: watermark, symbols, counts, sources
 columns    little endian: numbers (float64), dates (int32, days since 1970), source, flags (uint8 each)
```
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from stock_ai.storage.bar_changes import Watermark
from stock_ai.storage.bar_columns import NUMBERS, BarColumns

VERSION: Final = 1
_NAME: Final = b"stock_ai panel"
_DIGEST: Final = 32
_LENGTH: Final = 8
_PROVISIONAL, _ADJUSTED = 1, 2


class UnusableSnapshotError(Exception):
    """The bytes are no sound snapshot of this version; the message says why."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All daily bars as of a watermark."""

    columns: BarColumns
    mark: Watermark


def encode(snapshot: Snapshot) -> bytes:
    """The snapshot as bytes, the same for the same content."""
    columns = snapshot.columns
    header = json.dumps(
        {
            "mark": asdict(snapshot.mark),
            "symbols": columns.symbols,
            "counts": columns.counts.tolist(),
            "sources": columns.sources,
        }
    ).encode()
    header += b" " * (-len(header) % 8)
    flags = columns.provisional * _PROVISIONAL + columns.adjusted * _ADJUSTED
    parts = (
        len(header).to_bytes(_LENGTH, "little"),
        header,
        columns.numbers.astype("<f8", copy=False).data,
        columns.dates.astype("<i4").data,
        columns.source.astype("<u1").data,
        flags.astype("<u1").data,
    )
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return b"".join((_magic(VERSION), digest.digest(), *parts))


def decode(content: bytes) -> Snapshot:
    """The snapshot that `encode` made of.

    Raises:
        UnusableSnapshotError: it is none, of another version, or not as it was written.
    """
    start = len(_magic(VERSION))
    if content[: len(_NAME)] != _NAME:
        raise UnusableSnapshotError("not a panel snapshot")
    if content[:start] != _magic(VERSION):
        found = int.from_bytes(content[len(_NAME) : start], "little")
        raise UnusableSnapshotError(f"version {found}, and this is {VERSION}")
    body = memoryview(content)[start + _DIGEST :]
    if hashlib.sha256(body).digest() != content[start : start + _DIGEST]:
        raise UnusableSnapshotError("its checksum does not match")
    # What the checksum covers is as `encode` wrote it.
    end = _LENGTH + int.from_bytes(body[:_LENGTH], "little")
    header: dict[str, Any] = json.loads(bytes(body[_LENGTH:end]))
    counts = np.array(header["counts"], dtype=np.int64)
    bars = int(counts.sum())
    columns: dict[str, Any] = {}
    layout = (("numbers", "<f8", len(NUMBERS)), ("dates", "<i4", 1), ("source", "u1", 1), ("flags", "u1", 1))
    for name, kind, rows in layout:
        columns[name] = np.frombuffer(body, kind, rows * bars, end)
        end += columns[name].nbytes
    mark = header["mark"]
    return Snapshot(
        BarColumns(
            symbols=tuple(header["symbols"]),
            counts=counts,
            dates=columns["dates"].astype("datetime64[D]"),
            numbers=columns["numbers"].astype(np.float64, copy=False).reshape(len(NUMBERS), bars),
            sources=tuple(header["sources"]),
            source=columns["source"].astype(np.int64),
            provisional=(columns["flags"] & _PROVISIONAL).astype(np.bool_),
            adjusted=(columns["flags"] & _ADJUSTED).astype(np.bool_),
        ),
        Watermark(mark["number"], mark["token"], tuple(mark["open"])),
    )


def _magic(version: int) -> bytes:
    return _NAME + version.to_bytes(2, "little")
