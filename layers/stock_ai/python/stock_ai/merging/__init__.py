"""How analyses become one insight and its history, as pure functions. The same set gives the same in any order."""

from stock_ai.merging.histories import HISTORY_LENGTH, history_entry, history_members, history_page, newest
from stock_ai.merging.insights import merge, restated, version
from stock_ai.merging.instants import from_milliseconds, milliseconds, to_millisecond

__all__ = [
    "HISTORY_LENGTH",
    "from_milliseconds",
    "history_entry",
    "history_members",
    "history_page",
    "merge",
    "milliseconds",
    "newest",
    "restated",
    "to_millisecond",
    "version",
]
