"""Adapters behind the API. The libraries of a store are imported, and it is connected, when a route first needs it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING

from api.connections import mongo_database, once, redis_client, trading_calendar
from api.degradation import degradable
from api.llm_invoker import LambdaLlmInvoker, lambda_client
from api.probes import LIMIT_SECONDS, kafka_probe
from api.services import (
    AnalysisReader,
    ChangeFeed,
    ListingReader,
    LlmFlights,
    LlmLimit,
    LlmTerms,
    LlmTexts,
    LlmUsageBook,
    Probe,
    QualityStore,
    RequestCounts,
    Services,
    TrackRecordReader,
)
from stock_ai.clock import utc_now

if TYPE_CHECKING:
    from api.settings import ApiSettings
    from stock_ai.clock import Clock
    from stock_ai.llm_engines import Engine
    from stock_ai.market.trading_calendar import TradingCalendar
    from stock_ai.ports.analyses import InsightReader, LlmInvoker, MarketReader
    from stock_ai.ports.prices import PriceStore
    from stock_ai.settings import KafkaSettings, LlmSettings, MongoSettings, RedisSettings


class StoreServices:
    """Implements `Services` over real stores. Both drivers pool connections and are shared between threads."""

    def __init__(
        self,
        mongo: MongoSettings,
        redis: RedisSettings,
        kafka: KafkaSettings,
        llm: LlmInvoker,
        llm_settings: LlmSettings,
        llm_terms: LlmTerms,
    ) -> None:
        self._bars = once(functools.partial(mongo_database, mongo))
        self._cache = once(functools.partial(redis_client, redis))
        self._prices = once(self._price_store)
        self._insights = once(self._insight_store)
        self._market = once(self._market_views)
        self._analyses = once(self._analysis_reader)
        self._changes = once(self._change_feed)
        self._request_counts = once(self._shared_counts)
        self._listings = once(self._kept_listings)
        self._quality = once(self._quality_store)
        self._track_record = once(self._track_record_store)
        self._calendar = once(trading_calendar)
        self._llm_settings = llm_settings
        self._llm_texts = once(self._text_store)
        self._llm_flights = once(self._flight_store)
        self._llm_usage = once(self._usage_store)
        self._llm_limit = once(self._client_limit)
        self.llm_engine = functools.cache(self._engine)
        self.llm = llm
        self.llm_terms = llm_terms
        self.clock: Clock = utc_now
        self.probes: Mapping[str, Probe] = {
            "mongodb": self._ask_mongodb,
            "redis": self._ask_redis,
            "kafka": kafka_probe(kafka),
        }

    @property
    def prices(self) -> PriceStore:
        """Bars in MongoDB."""
        return self._prices()

    @property
    def insights(self) -> InsightReader:
        """Insights in Redis."""
        return self._insights()

    @property
    def market(self) -> MarketReader:
        """The market's rows in Redis."""
        return self._market()

    @property
    def analyses(self) -> AnalysisReader:
        """Insights and rows from the analyses in MongoDB."""
        return self._analyses()

    @property
    def changes(self) -> ChangeFeed:
        """The stream of changes in Redis."""
        return self._changes()

    @property
    def request_counts(self) -> RequestCounts:
        """Counters in Redis."""
        return self._request_counts()

    @property
    def listings(self) -> ListingReader:
        """Listings in MongoDB, read once a minute."""
        return self._listings()

    @property
    def quality(self) -> QualityStore:
        """Quality reports in MongoDB."""
        return self._quality()

    @property
    def track_record(self) -> TrackRecordReader:
        """Issued signals and their outcomes in MongoDB."""
        return self._track_record()

    @property
    def calendar(self) -> TradingCalendar:
        """The packaged calendar with the closures of the operator's file."""
        return self._calendar()

    @property
    def llm_texts(self) -> LlmTexts:
        """Kept explanations in Redis."""
        return self._llm_texts()

    @property
    def llm_flights(self) -> LlmFlights:
        """Explanations that are being written, in Redis."""
        return self._llm_flights()

    @property
    def llm_usage(self) -> LlmUsageBook:
        """What language models cost, in Redis."""
        return self._llm_usage()

    @property
    def llm_limit(self) -> LlmLimit:
        """How often one client may have a text written, counted in Redis."""
        return self._llm_limit()

    def _price_store(self) -> PriceStore:
        from stock_ai.storage.prices import MongoPriceStore

        return MongoPriceStore(self._bars())

    def _insight_store(self) -> InsightReader:
        from stock_ai.storage.insights import RedisInsightStore

        return RedisInsightStore(self._cache())

    def _market_views(self) -> MarketReader:
        from stock_ai.storage.market_views import RedisMarketViews

        return RedisMarketViews(self._cache())

    def _analysis_reader(self) -> AnalysisReader:
        from stock_ai.storage.insight_reader import MongoInsightReader

        return MongoInsightReader(self._bars(), lambda: [info.symbol for info in self.prices.symbols()], self.clock)

    def _change_feed(self) -> ChangeFeed:
        from stock_ai.storage.market_views import RedisMarketViews

        return RedisMarketViews(self._cache())

    def _shared_counts(self) -> RequestCounts:
        from api.limits import RedisRequestCounts

        return RedisRequestCounts(self._cache())

    def _kept_listings(self) -> ListingReader:
        from stock_ai.storage.listings import KeptListings, MongoListings

        return KeptListings(MongoListings(self._bars()), self.clock)

    def _quality_store(self) -> QualityStore:
        from stock_ai.storage.quality import MongoQualityStore

        return MongoQualityStore(self._bars())

    def _track_record_store(self) -> TrackRecordReader:
        from stock_ai.storage.track_record import MongoTrackRecord

        return MongoTrackRecord(self._bars())

    def _text_store(self) -> LlmTexts:
        from stock_ai.storage.answers import RedisTexts

        return RedisTexts(self._cache(), self._llm_settings.cache_seconds)

    def _flight_store(self) -> LlmFlights:
        from stock_ai.storage.flights import RedisFlights

        return RedisFlights(self._cache())

    def _usage_store(self) -> LlmUsageBook:
        from stock_ai.storage.llm_usage import RedisLlmUsage

        return RedisLlmUsage(self._cache(), self.clock, self._llm_settings.daily_budget_usd)

    def _client_limit(self) -> LlmLimit:
        from api.client_limits import ClientLimit

        return ClientLimit(self._cache(), self.llm_terms.requests_per_minute)

    def _engine(self, provider: str | None) -> Engine:
        from stock_ai.llm_engines import engines
        from stock_ai.settings import LlmProviderName

        chosen = {} if provider is None else {"provider": LlmProviderName(provider)}
        return engines(self._llm_settings.model_copy(update=chosen))[0]

    def _ask_mongodb(self) -> None:
        import pymongo

        with pymongo.timeout(LIMIT_SECONDS * 0.9):
            self._bars().command("ping")

    def _ask_redis(self) -> None:
        self._cache().ping()


def connect(
    mongo: MongoSettings,
    redis: RedisSettings,
    kafka: KafkaSettings,
    llm: LlmInvoker,
    llm_settings: LlmSettings,
    llm_terms: LlmTerms,
) -> Services:
    """The API's services over real stores, each of which may be away; nothing is connected yet."""
    return degradable(StoreServices(mongo, redis, kafka, llm, llm_settings, llm_terms))


def build() -> tuple[Services, ApiSettings]:
    """The services of the deployed API, from the environment.

    Raises:
        InvalidInputError: a setting is missing or wrong; the message names it.
    """
    from api.settings import ApiSettings
    from stock_ai.settings import KafkaSettings, LlmSettings, MongoSettings, RedisSettings

    settings = ApiSettings.load()
    invoker = LambdaLlmInvoker(
        settings.llm_function_name, functools.partial(lambda_client, settings.llm_terms.wait_seconds)
    )
    services = connect(
        MongoSettings.load(),
        RedisSettings.load(),
        KafkaSettings.load(),
        invoker,
        LlmSettings.load(),
        settings.llm_terms,
    )
    return services, settings
