"""Prices by the vnstock library, which is not part of us: personal and non-commercial use, chosen by the operator.

Importing this package does not import that library; its first call does.
"""

from stock_ai.sources.vnstock.source import VnstockSource

__all__ = ["VnstockSource"]
