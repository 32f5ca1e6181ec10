"""What collecting needs from outside, but for the source."""

from __future__ import annotations

from dataclasses import dataclass

from stock_ai.clock import Clock
from stock_ai.market.trading_calendar import TradingCalendar
from stock_ai.ports.collection import CollectionLog, CollectionPlans
from stock_ai.ports.prices import Listings, PriceStore, QualityLog
from stock_ai.ports.streams import Publisher


@dataclass(frozen=True, slots=True)
class Ports:
    """One of each; `stock_ai.ports` says what they do."""

    publisher: Publisher
    log: CollectionLog
    plans: CollectionPlans
    store: PriceStore
    quality: QualityLog
    listings: Listings
    calendar: TradingCalendar
    clock: Clock
