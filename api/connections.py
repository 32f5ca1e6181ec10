"""What the API's stores are reached by, each made when it is first needed: most routes need few of them."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from stock_ai.errors import InvalidInputError, RunAbortedError

if TYPE_CHECKING:
    import redis
    from pymongo.database import Database

    from stock_ai.market.trading_calendar import TradingCalendar
    from stock_ai.settings import MongoSettings, RedisSettings
    from stock_ai.storage.mongo import Document

_T = TypeVar("_T")


def once(make: Callable[[], _T]) -> Callable[[], _T]:
    """`make`, called at most once, whichever threads ask.

    Raises:
        RunAbortedError: a setting was wrong, which is no fault of whoever asked the API.
    """
    lock = threading.Lock()
    kept = functools.cache(make)

    def made() -> _T:
        with lock:
            try:
                return kept()
            except InvalidInputError as error:
                raise RunAbortedError(str(error)) from error

    return made


def mongo_database(settings: MongoSettings) -> Database[Document]:
    """The database; its driver is imported here."""
    from stock_ai.storage.mongo import database

    return database(settings)


def trading_calendar() -> TradingCalendar:
    """The packaged calendar with the closures of the operator's file."""
    from stock_ai.settings import CalendarSettings

    return CalendarSettings.load().calendar()


def redis_client(settings: RedisSettings) -> redis.Redis:
    """The client; its library is imported here."""
    from stock_ai.storage import redis_client as storage

    return storage.redis_client(settings)
