"""Tickers and company names in a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from functions.llm_analysis.facts import Fact, FactSheet
from functions.llm_analysis.grounding.text import Sentence
from stock_ai.market.symbols import INDICES

_TOKEN: Final = re.compile(
    r"(?<![\w%/.-])(?:(?!MA\d|[DWMQH]\d\d)[A-Z][A-Z0-9]{2}|[A-Z]{4}\d{4}|FUE[A-Z0-9]{5}|E1VFVN30)(?![\w%])(?!-[A-Z])"
)
_INDEX: Final = re.compile(r"\b(?:vn|hnx|upcom)[- ]?(?:index|30|100|midcap|allshare)\b")
_KNOWN: Final = frozenset({
    # Indicators and measures.
    "RSI", "SMA", "EMA", "WMA", "ADX", "MFI", "ATR", "OBV", "CCI", "ROC", "CMF", "SAR", "KDJ", "DMI", "AVG", "STD",
    "MAX", "MIN", "PCT", "YTD", "TTM", "EPS", "ROE", "ROA", "NAV", "IPO", "CEO", "ESG", "ATH", "EOD", "CFD",
    # Money, places, markets.
    "USD", "VND", "EUR", "JPY", "CNY", "HNX", "HSX", "HCM", "SSC", "UPC", "ETF", "GDP", "CPI", "FED", "USA", "API",
    "CSV", "UTC", "ATO", "ATC",
    # Signals, and plain words in capitals.
    "BUY", "MUA", "BAN", "GIU", "CAO", "NAY", "AND", "BUT", "FOR", "NOT", "THE", "ALL", "ANY", "ARE", "CAN", "HAS",
    "ITS", "ONE", "TWO", "NEW", "OFF", "OUT", "WAS", "LOW", "TOP", "NOR", "YET", "WHO", "WHY", "HOW", "LLM",
})  # fmt: skip
_COMPANIES: Final = {
    "vinamilk": "VNM", "hòa phát": "HPG", "hoà phát": "HPG", "hoa phat": "HPG", "vietcombank": "VCB", "bidv": "BID",
    "vietinbank": "CTG", "techcombank": "TCB", "vpbank": "VPB", "mbbank": "MBB", "sacombank": "STB", "hdbank": "HDB",
    "tpbank": "TPB", "vingroup": "VIC", "vinhomes": "VHM", "vincom retail": "VRE", "masan": "MSN", "vietjet": "VJC",
    "petrolimex": "PLX", "sabeco": "SAB", "bảo việt": "BVH", "bao viet": "BVH", "becamex": "BCM", "pv gas": "GAS",
    "thế giới di động": "MWG", "mobile world": "MWG", "lpbank": "LPB", "seabank": "SSB", "hoa sen": "HSG",
    "novaland": "NVL", "gelex": "GEX",
}  # fmt: skip
_COMPANY: Final = re.compile(r"\b(?:" + "|".join(_COMPANIES) + r")\b")
_RELATIVE: Final = ("excess_", "beta_")


def ticker_claims(sentence: Sentence, sheet: FactSheet, cited: list[Fact]) -> Iterator[tuple[str, str | None]]:
    """Each ticker, index and company name with what is wrong with it, or None.

    Only the symbol itself may be named; of indices also the VNINDEX that facts compare with, and any index where no
    comparison is made.
    """
    other = f"the facts are about {sheet.symbol}"
    quoted = {word for fact in cited for word in _TOKEN.findall(f"{fact.name} {fact.value}")}
    for match in _TOKEN.finditer(sentence.text):
        token = match[0]
        if token == sheet.symbol:
            yield token, None
        elif token not in _KNOWN and token not in quoted and token not in INDICES:
            yield token, other
    for match in _COMPANY.finditer(sentence.lower):
        right = _COMPANIES[match[0]] == sheet.symbol
        yield sentence.text[match.start() : match.end()], None if right else other
    compared = any(fact.id.startswith(_RELATIVE) for fact in cited) or sheet.symbol in INDICES
    for match in _INDEX.finditer(sentence.lower):
        name = re.sub(r"[- ]", "", match[0]).upper()
        wrong = compared and name not in ("VNINDEX", sheet.symbol)
        yield sentence.text[match.start() : match.end()], "the facts compare with VNINDEX" if wrong else None
