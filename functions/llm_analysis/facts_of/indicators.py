"""Momentum, trend, volatility and volume, as the analysis has computed them on adjusted prices."""

from __future__ import annotations

from functions.llm_analysis.facts_of.table import Table, percent
from stock_ai.models.analysis import AiAnalysis


def indicator_facts(table: Table, ai: AiAnalysis) -> None:
    """Add the indicators that people know; one that is null is left out."""
    known = ai.indicators.get
    for period in (20, 60):
        table.signed(
            f"excess_{period}",
            f"Change over {period} sessions less that of VNINDEX",
            known(f"relative_strength_{period}"),
        )
    table.number("rsi_14", "RSI of 14 sessions (0 to 100)", known("rsi_14"))
    table.number("stochastic_k", "Stochastic %K (0 to 100)", known("stochastic_k"))
    table.signed(
        "macd_histogram",
        "MACD above or below its signal line",
        known("macd_histogram"),
        table.price_unit,
        table.price_places,
    )
    table.number("adx_14", "ADX of 14 sessions: strength of the trend (0 to 100)", known("adx_14"))
    table.number("mfi_14", "Money flow index of 14 sessions (0 to 100)", known("mfi_14"))
    table.number(
        "bollinger_percent_b",
        "Place between the Bollinger bands (0 lower, 1 upper)",
        known("bollinger_percent_b"),
        places=2,
    )
    table.number("atr_percent", "Average true range of 14 sessions, of the close", known("natr_14"), "%")
    table.number("volatility_20", "Volatility of 20 sessions, a year", percent(known("volatility_20")), "%")
    table.signed(
        "volume_ratio_20", "Volume against its mean of 20 sessions", known("volume_ratio_20"), "x", places=2, middle=1
    )
    value = known("traded_value_20")
    table.count(
        "traded_value_20",
        "Mean traded value of 20 sessions",
        # To the million: nobody reads more of it.
        None if value is None else round(value / 1e6) * 1_000_000,
        "VND",
    )
    table.number(
        "position_52w", "Place in the range of 52 weeks (0 low, 100 high)", percent(known("position_52w")), "%"
    )
    table.signed("distance_high_52w", "Close below the high of 52 weeks", known("distance_high_52w"))
    table.number("beta_60", "Beta against VNINDEX, 60 sessions", known("beta_60"), places=2)
