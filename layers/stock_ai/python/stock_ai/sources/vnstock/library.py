"""The fence around the vnstock library: nothing else imports it, and nothing of it gets out.

Plain rows come out, and errors of ours. Checked against vnstock 4.0.8 with vnai 2.6.1, which on import read the
environment, write to the home folder, ask the network and print.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib
import json
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from stock_ai.errors import NotFoundError, PaceExceededError, RateLimitedError, RetryableError

KBS: Final = "KBS"
VCI: Final = "VCI"

Row = Mapping[str, object]
"""One bar as a provider gave it: `time`, `open`, `high`, `low`, `close`, `volume`; board rows also `symbol`."""

HISTORY_UNIT: Final = {KBS: 1, VCI: 1000}
"""VND in one unit of a stock's history. Boards are in VND, indices in points."""

_KBS_HISTORY = {"t": "time", "o": "open", "h": "high", "l": "low", "c": "close", "v": "volume"}
_BOARDS: Final[Mapping[str, Mapping[object, str]]] = {
    KBS: {
        "symbol": "symbol",
        "time": "time",
        "open_price": "open",
        "high_price": "high",
        "low_price": "low",
        "close_price": "close",
        "volume_accumulated": "volume",
    },
    VCI: {
        ("listing", "symbol"): "symbol",
        ("listing", "trading_date"): "time",
        ("match", "open_price"): "open",
        ("match", "highest"): "high",
        ("match", "lowest"): "low",
        ("match", "match_price"): "close",
        ("match", "accumulated_volume"): "volume",
    },
}
_COMPANIES: Final[Mapping[object, str]] = {
    "symbol": "symbol",
    "exchange": "exchange",
    "organ_name": "name",
    "en_organ_name": "name_en",
    "type": "kind",
}
_INDUSTRIES: Final[Mapping[object, str]] = {"symbol": "symbol", "icb_level": "level", "icb_code": "code"}
# How each provider's code says that it was given no rows; all it says otherwise is about a broken answer.
_NOTHING: Final = {KBS: "Dữ liệu trống", VCI: "Không tìm thấy dữ liệu."}
# VCI is asked for a number of bars, counted by the library without Saturday sessions.
_VCI_SPARE = dt.timedelta(days=3)
# On their import, which without us would be during a call.
_LOOK_FOR_HOME = ("vnai.beam.auth", "vnai.beam.metrics", "vnai.beam.quota", "vnai.scope.promo")
# vnai counts calls in a moving minute, and says when the minute on the clock ends.
_LIMITER_WINDOW = 60.0

_lock = threading.Lock()
_home: tempfile.TemporaryDirectory[str] | None = None


class NotServedError(NotFoundError):
    """The provider does not have this kind of symbol; nothing was asked of it."""


def load() -> None:
    """Import the library and let it set itself up, once per process (about 3 s).

    Raises:
        RetryableError: it cannot be set up.
        ModuleNotFoundError: it is not installed.
    """
    global _home
    with _lock:
        if _home is not None:
            return
        folder = tempfile.TemporaryDirectory(prefix="vnstock-", ignore_cleanup_errors=True)
        os.environ["VNSTOCK_DISABLE_AGENT_SETUP"] = "1"  # or it writes instructions into files of coding tools
        os.environ["VNSTOCK_TELEMETRY"] = "off"
        os.environ.setdefault("MPLCONFIGDIR", folder.name)
        # An advertisement on standard output would be read as data by whoever reads ours.
        with _home_at(folder.name), contextlib.redirect_stdout(sys.stderr), _translated("vnstock", "set-up"):
            importlib.import_module("vnstock")
            importlib.import_module("vnai").setup()
            for name in _LOOK_FOR_HOME:
                importlib.import_module(name)
        # What goes wrong is said here, once.
        logging.getLogger("vnstock").setLevel(logging.CRITICAL)
        _home = folder


def history(provider: str, symbol: str, start: dt.date, end: dt.date, interval: str) -> list[Row]:
    """The bars of one symbol, in no certain order and perhaps beyond `start` and `end` (exchange dates); may be empty.

    Raises:
        NotServedError: the provider has no such index.
        PaceExceededError: the library refuses to ask so often.
        RateLimitedError: the provider does.
        RetryableError: no answer, or one that cannot be read.
    """
    load()
    import vnstock

    what = f"history of {symbol}"
    try:
        quote = vnstock.Quote(source=provider, symbol=symbol, show_log=False)
    except ValueError as error:
        raise NotServedError(f"{provider} has no symbol {symbol!r}") from error
    try:
        with _translated(provider, what):
            if provider == KBS:
                # As text the answer keeps its decimals and its nulls, and is not cut to the last years.
                text = quote.history(start=f"{start}", end=f"{end}", interval=interval, to_df=False)
                return _renamed(json.loads(text, parse_float=Decimal), _KBS_HISTORY)
            frame = quote.history(start=f"{start - _VCI_SPARE}", end=f"{end}", interval=interval)
            return list(frame.to_dict("records"))
    except _NothingError:
        return []


def board(provider: str, symbols: Sequence[str]) -> list[Row]:
    """One row per symbol that the provider knows, in VND.

    Raises:
        As `history`; RetryableError also when no symbol is known, since KBS answers so for every fault.
    """
    load()
    import vnstock

    with _translated(provider, "price board"):
        frame = vnstock.Trading(source=provider, show_log=False).price_board(symbols_list=list(symbols))
        rows = _renamed(frame.to_dict("records"), _BOARDS[provider])
    if not rows:
        raise RetryableError(f"{provider}: the price board is empty")
    return rows


def listing(provider: str, group: str) -> list[str]:
    """The symbols of VN30, HOSE, HNX or UPCOM.

    Raises:
        As `history`; RetryableError also when there are none.
    """
    load()
    import vnstock

    with _translated(provider, f"listing of {group}"):
        names = [str(name) for name in vnstock.Listing(source=provider, show_log=False).symbols_by_group(group=group)]
    if not names:
        raise RetryableError(f"{provider}: the listing of {group} is empty")
    return names


def companies(provider: str) -> list[Row]:
    """Every security that the provider lists: `symbol`, `kind`, `exchange`, `name`, and of KBS `name_en`.

    Raises:
        As `history`; RetryableError also when there are none, since KBS answers so for every fault.
    """
    load()
    import vnstock

    try:
        with _translated(provider, "list of companies"):
            frame = vnstock.Listing(source=provider, show_log=False).symbols_by_exchange()
            rows = _renamed(frame.to_dict("records"), _COMPANIES)
    except _NothingError:
        rows = []
    if not rows:
        raise RetryableError(f"{provider}: the list of companies is empty")
    return rows


def industries() -> list[Row]:
    """Of every company of VCI one row for each `level` (1 to 4) of the ICB, with `symbol` and `code`.

    KBS has industries of its own only, and asks for each of them.

    Raises:
        As `history`.
    """
    load()
    import vnstock

    with _translated(VCI, "list of industries"):
        frame = vnstock.Listing(source=VCI, show_log=False).symbols_by_industries()
        return _renamed(frame.to_dict("records"), _INDUSTRIES)


class _NothingError(Exception):
    """The provider answered, without rows."""


@contextlib.contextmanager
def _home_at(folder: str) -> Iterator[None]:
    before = os.environ.get("HOME")
    os.environ["HOME"] = folder
    try:
        yield
    finally:
        if before is None:
            del os.environ["HOME"]
        else:
            os.environ["HOME"] = before


@contextlib.contextmanager
def _translated(provider: str, what: str) -> Iterator[None]:
    try:
        yield
    except SystemExit as error:
        raise _refused(error, what) from error
    except ModuleNotFoundError:
        raise
    except Exception as error:
        raise _our_error(provider, what, error) from error


def _refused(error: SystemExit, what: str) -> Exception:
    """vnai ends the process at its limit; why is in the error that it was handling."""
    cause: Any = error.__context__
    wait = _LIMITER_WINDOW
    if getattr(cause, "limit_type", "min") != "min":
        wait = getattr(cause, "retry_after", None) or wait
    return PaceExceededError(f"vnstock refuses the {what}: its own rate limit is reached", wait)


def _our_error(provider: str, what: str, error: Exception) -> Exception:
    from vnstock.core.exceptions import CircuitOpenError, DataSourceBlockedError

    said = str(error).strip().partition("\n")[0][:200]
    message = f"{provider}: {what}: {type(error).__name__}: {said}"
    if isinstance(error, CircuitOpenError):
        return RateLimitedError(message, error.remaining)
    if isinstance(error, DataSourceBlockedError):
        if error.status_code == 429:
            return RateLimitedError(message, error.cooldown)
        return RetryableError(message)
    # Exactly ValueError: answers that are no JSON or do not convert raise kinds of it.
    if type(error) is ValueError and said.startswith(_NOTHING.get(provider, "\0")):
        return _NothingError()
    return RetryableError(message)


def _renamed(rows: Sequence[Mapping[Any, object]], names: Mapping[Any, str]) -> list[Row]:
    return [{ours: row[theirs] for theirs, ours in names.items() if theirs in row} for row in rows]
