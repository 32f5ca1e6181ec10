"""Forms of Vietnamese symbols and the units their prices come in."""

from __future__ import annotations

import re

# Stocks: three characters. ETFs and covered warrants: eight.
_SECURITY = re.compile(r"[A-Z0-9]{3}|[A-Z0-9]{8}")

INDICES = frozenset(
    {
        "VNINDEX", "VN30", "VN100", "VNALL", "VNMID", "VNSML", "VNXALL", "VNX50",
        "HNXINDEX", "HNX30", "UPCOMINDEX",
    }
)  # fmt: skip
"""Index names as sources write them, upper case, no dash."""

VN30 = (
    "ACB", "BCM", "BID", "BVH", "CTG", "FPT", "GAS", "GVR", "HDB", "HPG",
    "LPB", "MBB", "MSN", "MWG", "PLX", "SAB", "SHB", "SSB", "SSI", "STB",
    "TCB", "TPB", "VCB", "VHM", "VIB", "VIC", "VJC", "VNM", "VPB", "VRE",
)  # fmt: skip
"""The thirty names of the VN30 basket as of the first half of 2025."""


GROUPS = ("VN30", "HOSE", "HNX", "UPCOM", "ALL")
"""Names of lists that stand for their symbols; ALL is what the three exchanges list."""


def is_index(symbol: str) -> bool:
    """Whether `symbol` is an index, whose prices are points and not VND."""
    return symbol in INDICES


def is_symbol(text: str) -> bool:
    """Whether `text` has the form of a symbol of HOSE, HNX or UPCOM, or is a known index."""
    return _SECURITY.fullmatch(text) is not None or text in INDICES
