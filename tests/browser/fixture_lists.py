"""Lists that the API of the dashboard's tests filters, sorts and pages."""

from __future__ import annotations

from tests.browser.fixture_answers import Answers


def stock_list(answers: Answers, query: dict[str, str], limit: int) -> dict:
    """A page of GET /stocks."""
    wanted = query.get("q", "").upper()
    found = [one for one in answers.stocks.values() if wanted in one.symbol or wanted.lower() in one.name_en.lower()]
    found.sort(key=lambda one: (not one.symbol.startswith(wanted), one.symbol))
    rows = [answers.stock(one) for one in found[:limit]]
    return {"total": len(found), "stocks": rows, "next_cursor": None, "freshness": answers.freshness()}


def screen(answers: Answers, query: dict[str, str], limit: int) -> dict:
    """A page of GET /signals."""
    rows = [row for row in answers.rows() if row["signal"]]
    for name in ("signal", "sector", "exchange"):
        if name in query:
            rows = [row for row in rows if row[name] == query[name]]
    rows = [row for row in rows if row["confidence"] >= float(query.get("min_confidence", 0))]
    rows = [row for row in rows if row["traded_value"] >= float(query.get("min_traded_value", 0))]
    orders = {
        "-confidence": lambda row: -row["confidence"], "confidence": lambda row: row["confidence"],
        "-change": lambda row: -(row["change_percent"] or 0), "-traded_value": lambda row: -row["traded_value"],
        "symbol": lambda row: row["symbol"],
    }  # fmt: skip
    rows.sort(key=orders[query.get("sort", "-confidence")])
    first = int(query.get("cursor", 0))
    after = str(first + limit) if first + limit < len(rows) else None
    fresh = answers.freshness()
    return {"total": len(rows), "signals": rows[first : first + limit], "next_cursor": after, "freshness": fresh}
