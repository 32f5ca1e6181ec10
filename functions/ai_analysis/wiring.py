"""The adapters of ai_analysis, connected at the first event and kept while the process is warm."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from stock_ai.clock import utc_now
from stock_ai.indicators import Panel
from stock_ai.keeping import kept
from stock_ai.market.trading_calendar import TradingCalendar
from stock_ai.ml.manager import ModelManager
from stock_ai.ports.analyses import OutcomeStore
from stock_ai.ports.streams import Publisher
from stock_ai.quality.report import Background, SetAside
from stock_ai.settings import CalendarSettings, KafkaSettings, ModelSettings, MongoSettings, PanelSettings
from stock_ai.storage.listings import MongoListings
from stock_ai.storage.model_registry import open_registry
from stock_ai.storage.mongo import database
from stock_ai.storage.objects import open_object
from stock_ai.storage.panels import PanelStore
from stock_ai.storage.published import MongoPublishedAnalyses
from stock_ai.storage.quality import MongoQualityStore, read_set_aside
from stock_ai.storage.track_record import MongoTrackRecord
from stock_ai.streaming.publisher import KafkaPublisher


@dataclass(frozen=True, slots=True)
class Ports:
    """What the service needs from outside."""

    panel: Callable[[], Panel]
    models: ModelManager
    publisher: Publisher
    ledger: MongoPublishedAnalyses
    set_aside: Callable[[], Iterable[SetAside]]
    background: Callable[[], Background]
    quality: MongoQualityStore
    track_record: OutcomeStore
    calendar: TradingCalendar


@kept
def build() -> Ports:
    """Wire adapters from the environment, once per cold start.

    Raises:
        InvalidInputError: a setting is missing or wrong; the message names it.
        RetryableError: the broker does not answer.
    """
    calendar = CalendarSettings.load().calendar()
    stored = database(MongoSettings.load())
    quality, listings = MongoQualityStore(stored), MongoListings(stored)
    return Ports(
        panel=PanelStore(stored, open_object(PanelSettings.load().snapshot, "PANEL_SNAPSHOT"), utc_now).refresh,
        models=ModelManager(open_registry(ModelSettings.load().registry)),
        publisher=KafkaPublisher(KafkaSettings.load()),
        ledger=MongoPublishedAnalyses(stored),
        set_aside=functools.partial(read_set_aside, stored),
        background=lambda: quality.background(listings.exchanges()),
        quality=quality,
        track_record=MongoTrackRecord(stored),
        calendar=calendar,
    )
