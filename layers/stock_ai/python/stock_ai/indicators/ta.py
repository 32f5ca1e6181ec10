"""TA-Lib's functions as they are.

Where pandas or polars is installed, `talib` wraps each in a search for their series among the arguments, which takes a
quarter of a call on 500 bars. Ours are arrays, always.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Final

import talib

_talib: Any = talib
ta: Final[Any] = SimpleNamespace(
    **{name: getattr(function := getattr(_talib, name), "__wrapped__", function) for name in _talib.get_functions()},
    MA_Type=_talib.MA_Type,
)
"""`talib`, functions by their names."""
