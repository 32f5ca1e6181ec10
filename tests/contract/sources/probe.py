"""A process that asks the real vnstock through `VnstockSource`, for a test that reads what it says.

Run as a module: one request as a line of JSON on standard input, one answer as a line on standard output. A process of
its own since vnstock changes the one it is in, and counts calls per process.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import logging
import sys
from decimal import Decimal
from typing import Any

from stock_ai.errors import RateLimitedError, StockAIError
from stock_ai.models.base import Interval
from stock_ai.ports.sources import SourceBar
from stock_ai.quality.crosscheck import crosscheck
from stock_ai.resilience.retrying import Backoff
from stock_ai.sources.vnstock import VnstockSource, library


class Unpaced:
    """Every turn at once."""

    per_second = 1000.0

    def acquire(self, deadline: dt.datetime) -> None:
        pass


class Counted:
    """The real library, counting calls."""

    load = staticmethod(library.load)
    calls = 0

    def __getattr__(self, name: str) -> Any:
        Counted.calls += 1
        return getattr(library, name)


class Logged(logging.Handler):
    """Keeps what is logged until it is read."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def _date(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    return f"{value} points" if isinstance(value, Decimal) else value


def _do(source: VnstockSource, request: dict[str, Any], now: dt.datetime) -> list[Any]:
    match request["do"]:
        case "bars":
            found = source.bars(request["symbol"], _date(request.get("since")), _date(request.get("until")))
        case "intraday":
            since, until = dt.date.fromisoformat(request["since"]), dt.date.fromisoformat(request["until"])
            found = source.intraday(request["symbol"], Interval(request["interval"]), since, until)
        case "opinions":
            since, until = dt.date.fromisoformat(request["since"]), dt.date.fromisoformat(request["until"])
            opinions = source.opinions(request["symbol"], since, until)
            return [crosscheck(request["symbol"], opinions, now).model_dump(mode="json")]
        case "board":
            found = source.board(request["symbols"])
        case "listing":
            return list(source.listing(request["group"]))
        case "descriptions":
            return [
                {name: _plain(value) for name, value in dataclasses.asdict(listing).items()}
                for listing in source.descriptions()
            ]
        case other:
            raise ValueError(other)
    return [dict(zip(SourceBar._fields, map(_plain, bar), strict=True)) for bar in found]


def main() -> None:
    """Answer until standard input ends."""
    answers, sys.stdout = sys.stdout, sys.stderr
    logged = Logged()
    logging.getLogger("stock_ai").addHandler(logged)
    sources: dict[str, VnstockSource] = {}
    for line in sys.stdin:
        request = json.loads(line)
        if request.get("fresh", True):
            sources.clear()
            if "vnstock" in sys.modules:
                from vnstock.core.utils.circuit import reset_circuit

                reset_circuit()
        now = dt.datetime.fromisoformat(request["now"])
        source = sources.setdefault(
            "source",
            VnstockSource(
                lambda now=now: now,
                Unpaced(),
                Counted(),
                deadline=request.get("deadline", 20.0),
                backoff=Backoff(attempts=1),
            ),
        )
        reply: dict[str, Any] = {}
        try:
            reply["found"] = _do(source, request, now)
        except StockAIError as error:
            reply |= {"error": type(error).__name__, "message": str(error)}
            if isinstance(error, RateLimitedError):
                reply["retry_after"] = error.retry_after
        reply |= {"said": logged.said, "calls": Counted.calls}
        logged.said = []
        print(json.dumps(reply), file=answers, flush=True)


if __name__ == "__main__":
    main()
