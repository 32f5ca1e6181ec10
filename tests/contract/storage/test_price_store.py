"""`MongoPriceStore` over a real server."""

import datetime as dt
import random
from decimal import Decimal

import pymongo
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stock_ai.errors import InvalidInputError, RetryableError
from stock_ai.models.base import Interval, PriceBasis
from stock_ai.ports.prices import StoreCounts, SymbolInfo
from stock_ai.settings import MongoSettings
from stock_ai.storage.mongo import claim_world, database
from stock_ai.storage.prices import MongoPriceStore
from tests.fakes.messages import NOW, bar
from tests.fakes.stores import MemoryPriceStore

MINUTE = dt.timedelta(minutes=1)
FIRST = dt.date(2024, 1, 1)


@pytest.fixture
def store(mongo_database):
    return MongoPriceStore(mongo_database)


def days(count, symbol="FPT", **changes):
    return [bar(symbol, FIRST + dt.timedelta(days=day), **changes) for day in range(count)]


def everything(store, symbol="FPT", interval=Interval.DAY):
    return list(store.bars(symbol, interval, None, None, 10_000))


def test_a_bar_comes_back_as_it_was_stored(store):
    stock = bar(adjusted_close=None, volume=3_000_000_000, provisional=True)
    index = bar("VNINDEX", open=Decimal("1640.15"), high=Decimal("1650"), low=Decimal("1630.1"), close=Decimal("1645"))
    intraday = bar(interval=Interval.MINUTES_15, time=NOW, volume=None)
    assert store.upsert([stock, index, intraday]) == StoreCounts(stored=3)
    assert everything(store) == [stock]
    assert everything(store, "VNINDEX") == [index]
    assert everything(store, "FPT", Interval.MINUTES_15) == [intraday]
    assert type(everything(store)[0].volume) is int
    assert store.count() == 3


def test_a_repeated_batch_changes_nothing(store):
    batch = days(30)
    assert store.upsert(batch) == StoreCounts(stored=30)
    assert store.upsert(batch) == StoreCounts(unchanged=30)
    assert store.upsert([]) == StoreCounts()
    assert everything(store) == batch


def test_the_newer_version_wins_in_either_order(store):
    older, newer = days(5), days(5, close=99_500, ingested_at=NOW + MINUTE)
    store.upsert(older)
    assert store.upsert(newer) == StoreCounts(stored=5)
    assert store.upsert(older) == StoreCounts(unchanged=5)
    assert everything(store) == newer


def test_a_batch_with_several_versions_keeps_the_newest_and_counts_every_bar(store):
    versions = [bar(close=100_000 + step, ingested_at=NOW + step * MINUTE) for step in (1, 0, 2)]
    assert store.upsert(versions) == StoreCounts(stored=1, unchanged=2)
    assert everything(store) == [versions[2]]


def test_the_same_content_again_is_unchanged_but_counts_as_newer_from_then_on(store):
    again = bar(ingested_at=NOW + 2 * MINUTE)
    late = bar(close=100_500, ingested_at=NOW + MINUTE)
    store.upsert([bar()])
    assert store.upsert([again]) == StoreCounts(unchanged=1)
    assert store.upsert([late]) == StoreCounts(unchanged=1)
    assert everything(store) == [again]


def test_new_content_under_a_known_event_id_is_not_lost(store):
    store.upsert([bar(event_id="same")])
    corrected = bar(close=100_500, event_id="same", ingested_at=NOW + MINUTE)
    assert store.upsert([corrected]) == StoreCounts(stored=1)
    assert everything(store) == [corrected]


def test_instants_are_compared_as_finely_as_they_are_kept(store):
    low, high = sorted([bar(close=100_500), bar(close=100_600)], key=lambda each: each.event_id)
    finer = low.model_copy(update={"ingested_at": NOW + dt.timedelta(microseconds=900)})
    store.upsert([high])
    assert store.upsert([finer]) == StoreCounts(unchanged=1)
    assert everything(store) == [high]


versions = st.lists(
    st.builds(
        lambda symbol, day, micros, close: bar(
            symbol, dt.date(2025, 8, day), close=close, ingested_at=NOW + dt.timedelta(microseconds=micros)
        ),
        st.sampled_from(["FPT", "VCB"]),
        st.integers(1, 3),
        st.sampled_from([0, 1_000, 2_000]),
        st.sampled_from([100_000, 100_500, 101_000]),
    ),
    min_size=1,
    max_size=10,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(versions, st.randoms(use_true_random=False), st.integers(1, 5))
def test_any_order_repetition_and_splitting_ends_in_the_newest_versions(
    mongo_database, bars, shuffler: random.Random, size
):
    mongo_database["prices"].delete_many({})
    mongo_database["symbols"].delete_many({})
    store, model = MongoPriceStore(mongo_database), MemoryPriceStore()
    model.upsert(bars)
    repeated = bars * 2
    shuffler.shuffle(repeated)
    for start in range(0, len(repeated), size):
        batch = repeated[start : start + size]
        counts = store.upsert(batch)
        assert counts.stored + counts.unchanged == len(batch)
        assert store.upsert(batch) == StoreCounts(unchanged=len(batch))
    assert store.symbols() == model.symbols()
    for symbol in ("FPT", "VCB"):
        assert everything(store, symbol) == model.bars(symbol, Interval.DAY, None, None, 10)


def test_prices_as_traded_stay_and_take_only_the_adjusted_close_of_a_later_adjusted_bar(store):
    traded = bar(close=101_000, adjusted_close=101_000)
    adjusted = bar(
        **dict.fromkeys(("open", "high", "low", "close", "adjusted_close"), 90_000),
        basis=PriceBasis.ADJUSTED,
        ingested_at=NOW + MINUTE,
    )
    store.upsert([traded])
    assert store.upsert([adjusted]) == StoreCounts(stored=1)
    assert everything(store) == [traded.model_copy(update={"adjusted_close": 90_000})]
    assert store.upsert([adjusted]) == StoreCounts(unchanged=1)
    again = bar(close=101_000, adjusted_close=80_000, ingested_at=NOW + 2 * MINUTE)
    assert store.upsert([again]) == StoreCounts(stored=1)
    assert everything(store) == [again]
    assert store.upsert([adjusted]) == StoreCounts(unchanged=1)


def test_prices_as_traded_replace_adjusted_ones_even_when_they_are_older(store):
    adjusted = bar(close=90_000, adjusted_close=90_000, basis=PriceBasis.ADJUSTED, ingested_at=NOW + MINUTE)
    store.upsert([adjusted])
    assert store.upsert([bar(close=101_000, adjusted_close=101_000)]) == StoreCounts(stored=1)
    (kept,) = everything(store)
    assert (kept.basis, kept.close, kept.adjusted_close) == (PriceBasis.RAW, 101_000, 90_000)


mixed = st.lists(
    st.builds(
        lambda minute, close, basis, adjusted: bar(
            close=close, adjusted_close=adjusted, basis=basis, ingested_at=NOW + minute * MINUTE
        ),
        st.integers(0, 3),
        st.sampled_from([100_000, 100_500]),
        st.sampled_from(PriceBasis),
        st.sampled_from([None, 90_000, 95_000]),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mixed, st.randoms(use_true_random=False), st.integers(1, 4))
def test_traded_and_adjusted_versions_come_to_the_same_in_any_order(
    mongo_database, bars, shuffler: random.Random, size
):
    mongo_database["prices"].delete_many({})
    mongo_database["symbols"].delete_many({})
    store = MongoPriceStore(mongo_database)
    repeated = bars * 2
    shuffler.shuffle(repeated)
    for start in range(0, len(repeated), size):
        store.upsert(repeated[start : start + size])
    main = max(bars, key=lambda each: (each.basis is PriceBasis.RAW, each.ingested_at, each.event_id))
    adjusted = max(bars, key=lambda each: (each.ingested_at, each.event_id))
    assert everything(store) == [main.model_copy(update={"adjusted_close": adjusted.adjusted_close})]


def test_reads_are_bounded_and_give_the_newest_oldest_first(store):
    batch = days(400)
    store.upsert(batch)
    assert store.bars("FPT", Interval.DAY, None, None, 7) == batch[-7:]
    assert store.bars("FPT", Interval.DAY, batch[10].time, batch[20].time, 500) == batch[10:21]
    assert store.bars("FPT", Interval.DAY, batch[10].time, batch[20].time, 3) == batch[18:21]
    assert store.bars("FPT", Interval.DAY, None, FIRST - dt.timedelta(days=1), 3) == []
    assert store.bars("FPT", Interval.DAY, dt.date(2030, 1, 1), None, 3) == []
    assert store.bars("NONE", Interval.DAY, None, None, 3) == []


def test_a_read_over_gaps_goes_back_until_it_has_enough(store):
    sparse = [bar("FPT", FIRST + dt.timedelta(days=100 * step)) for step in range(12)]
    store.upsert(sparse)
    assert store.bars("FPT", Interval.DAY, None, None, 5) == sparse[-5:]
    assert store.bars("FPT", Interval.DAY, None, None, 50) == sparse


def test_intraday_reads_are_bounded_by_trading_dates_of_the_exchange(store):
    # 16:59 and 17:00 UTC are the last minute of one date and the first of the next in Ho Chi Minh City.
    before, after = (
        bar(interval=Interval.MINUTE, time=dt.datetime(2025, 8, 21, hour, minute, tzinfo=dt.UTC))
        for hour, minute in ((16, 59), (17, 0))
    )
    store.upsert([after, before])
    day = dt.date(2025, 8, 21)
    assert store.bars("FPT", Interval.MINUTE, None, day, 9) == [before]
    assert store.bars("FPT", Interval.MINUTE, day + dt.timedelta(days=1), None, 9) == [after]
    assert store.bars("FPT", Interval.MINUTE, None, None, 1) == [after]
    assert store.symbols() == []


def test_symbols_know_their_span_and_survive_another_writer(store, mongo_database):
    other = MongoPriceStore(mongo_database)
    store.upsert(days(3))
    other.upsert([bar("FPT", dt.date(2020, 1, 1)), bar("ACB", FIRST)])
    store.upsert([bar("FPT", dt.date(2025, 1, 1))])
    span = SymbolInfo("FPT", dt.date(2020, 1, 1), dt.date(2025, 1, 1))
    assert store.symbols() == [SymbolInfo("ACB", FIRST, FIRST), span]
    assert store.symbol("FPT") == span
    assert store.symbol("NONE") is None


def test_an_absent_server_is_retryable_and_no_secret_is_told():
    settings = MongoSettings.model_validate({"MONGODB_URI": "mongodb://ann:hunter2@127.0.0.1:1"})
    away = MongoPriceStore(database(settings))
    for call in (lambda: away.upsert([bar()]), away.symbols, lambda: everything(away), away.count):
        with pymongo.timeout(0.3), pytest.raises(RetryableError) as caught:
            call()
        assert "hunter2" not in str(caught.value)


def test_a_uri_that_cannot_be_understood_is_refused_without_telling_it():
    settings = MongoSettings.model_validate({"MONGODB_URI": "mongodb://ann:hunter2@host:notaport"})
    with pytest.raises(InvalidInputError) as caught:
        database(settings)
    assert "hunter2" not in str(caught.value)
    assert "MONGODB_URI" in str(caught.value)


def test_a_database_holds_one_world(mongo_database):
    claim_world(mongo_database, simulated=True)
    claim_world(mongo_database, simulated=True)
    with pytest.raises(InvalidInputError, match="simulated"):
        claim_world(mongo_database, simulated=False)


def test_a_writer_that_was_overtaken_between_read_and_write_does_not_undo_the_newer(mongo_database):
    class Overtaken(MongoPriceStore):
        """Another writer stores its version after this one's first read."""

        other = None

        def _stored_versions(self, documents):
            pairs = list(super()._stored_versions(documents))
            if self.other:
                other, self.other = self.other, None
                MongoPriceStore(mongo_database).upsert([other])
            return iter(pairs)

    store = Overtaken(mongo_database)
    versions = [bar(close=100_000 + step, ingested_at=NOW + step * MINUTE) for step in range(4)]
    store.upsert([versions[0]])
    store.other = versions[2]
    assert store.upsert([versions[1]]) == StoreCounts(unchanged=1)
    assert everything(store) == [versions[2]]
    store.other = bar(close=100_500, ingested_at=NOW + 2.5 * MINUTE)
    assert store.upsert([versions[3]]) == StoreCounts(stored=1)
    assert everything(store) == [versions[3]]
