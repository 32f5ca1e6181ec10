"""What the symbols of the simulated market are called: names that say that they are not real."""

from __future__ import annotations

import datetime as dt

from stock_ai.market.sessions import Exchange
from stock_ai.market.symbols import VN30
from stock_ai.models.base import SIMULATED
from stock_ai.models.listing import Listing, Sector
from stock_ai.sources.simulated_market import INDEX

_SECTORS = {
    Sector.BANKS: "ACB BID CTG HDB LPB MBB SHB SSB STB TCB TPB VCB VIB VPB",
    Sector.CHEMICALS: "GVR",
    Sector.BASIC_RESOURCES: "HPG",
    Sector.FINANCIAL_SERVICES: "SSI",
    Sector.FOOD_BEVERAGE: "MSN SAB VNM",
    Sector.INSURANCE: "BVH",
    Sector.OIL_GAS: "PLX",
    Sector.REAL_ESTATE: "BCM VHM VIC VRE",
    Sector.RETAIL: "MWG",
    Sector.TECHNOLOGY: "FPT",
    Sector.TRAVEL_LEISURE: "VJC",
    Sector.UTILITIES: "GAS",
}
_SECTOR_OF = {symbol: sector for sector, symbols in _SECTORS.items() for symbol in symbols.split()}


def simulated_listings(on: dt.date) -> list[Listing]:
    """The thirty stocks and VNINDEX, by symbol, always the same; all stocks trade on HOSE, as those of the VN30 do."""
    listings = [_stock(symbol, _SECTOR_OF[symbol], on) for symbol in VN30]
    index = Listing(
        symbol=INDEX,
        name="Chỉ số VN-Index (mô phỏng)",
        name_en="VN-Index (simulated)",
        as_of=on,
        source=SIMULATED,
    )
    return sorted([*listings, index], key=lambda listing: listing.symbol)


def _stock(symbol: str, sector: Sector, on: dt.date) -> Listing:
    return Listing(
        symbol=symbol,
        exchange=Exchange.HOSE,
        name=f"{sector.label_vi} {symbol} (mô phỏng)",
        name_en=f"{symbol} {sector.label} (simulated)",
        sector=sector,
        as_of=on,
        source=SIMULATED,
    )
