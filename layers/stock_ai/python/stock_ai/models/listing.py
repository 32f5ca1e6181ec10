"""`Listing`: what a symbol is called, where it trades and what its company does."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from stock_ai.models.base import SIMULATED


class Sector(StrEnum):
    """What a company does, by the supersectors (level 2) of the ICB in the edition that Vietnamese sources use.

    The value is a stable key; the name in English and in Vietnamese is for people.
    """

    OIL_GAS = "oil_gas", "0500", "Oil & gas", "Dầu khí"
    CHEMICALS = "chemicals", "1300", "Chemicals", "Hóa chất"
    BASIC_RESOURCES = "basic_resources", "1700", "Basic resources", "Tài nguyên cơ bản"
    CONSTRUCTION_MATERIALS = "construction_materials", "2300", "Construction & materials", "Xây dựng và vật liệu"
    INDUSTRIALS = "industrials", "2700", "Industrial goods & services", "Hàng và dịch vụ công nghiệp"
    AUTOMOBILES = "automobiles", "3300", "Automobiles & parts", "Ô tô và phụ tùng"
    FOOD_BEVERAGE = "food_beverage", "3500", "Food & beverage", "Thực phẩm và đồ uống"
    PERSONAL_GOODS = "personal_goods", "3700", "Personal & household goods", "Hàng cá nhân và gia dụng"
    HEALTH_CARE = "health_care", "4500", "Health care", "Y tế"
    RETAIL = "retail", "5300", "Retail", "Bán lẻ"
    MEDIA = "media", "5500", "Media", "Truyền thông"
    TRAVEL_LEISURE = "travel_leisure", "5700", "Travel & leisure", "Du lịch và giải trí"
    TELECOMMUNICATIONS = "telecommunications", "6500", "Telecommunications", "Viễn thông"
    UTILITIES = "utilities", "7500", "Utilities", "Điện, nước và khí đốt"
    BANKS = "banks", "8300", "Banks", "Ngân hàng"
    INSURANCE = "insurance", "8500", "Insurance", "Bảo hiểm"
    REAL_ESTATE = "real_estate", "8600", "Real estate", "Bất động sản"
    FINANCIAL_SERVICES = "financial_services", "8700", "Financial services", "Dịch vụ tài chính"
    FUNDS = "funds", "8900", "Investment funds", "Quỹ đầu tư"
    TECHNOLOGY = "technology", "9500", "Technology", "Công nghệ"

    icb: str
    """Four digits."""
    label: str
    """English."""
    label_vi: str

    def __new__(cls, key: str, icb: str, label: str, label_vi: str) -> Self:
        sector = str.__new__(cls, key)
        sector._value_ = key
        sector.icb, sector.label, sector.label_vi = icb, label, label_vi
        return sector


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What is known of one symbol; None is not known. An index has no exchange and no sector."""

    symbol: str
    exchange: str | None = None
    """HOSE, HNX or UPCOM, see `stock_ai.market.sessions.Exchange`."""
    name: str | None = None
    """Vietnamese, with accents."""
    name_en: str | None = None
    sector: Sector | None = None
    as_of: dt.date
    """The day at the exchange on which this was last said."""
    source: str | None = None
    """Who named the symbol; None where no more than its exchange is known."""

    @property
    def simulated(self) -> bool:
        """Whether the symbol is one of the simulated market."""
        return self.source == SIMULATED
