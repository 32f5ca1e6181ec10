"""A year replayed through the real pipeline, and every score of it computed once more, by hand, from the CSV files."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import math
from collections import Counter

import numpy as np
import pytest
from pymongo import MongoClient

from functions.aggregation.service import aggregate
from functions.ai_analysis.scoring import score
from functions.ai_analysis.service import analyse
from functions.model_training.service import train_challenger
from local.embedded.mongodb import MongoServer
from stock_ai.indicators import Panel
from stock_ai.ml.labels import REACH
from stock_ai.ml.manager import ModelManager
from stock_ai.models import topics
from stock_ai.models.analysis import AiAnalysis
from stock_ai.storage.track_record import MongoTrackRecord
from tests.fakes.clock import FixedClock
from tests.fakes.ledger import MemoryLedger
from tests.fakes.messages import record
from tests.fakes.models import MemoryRegistry
from tests.fakes.panels import cut, real_panel, tail
from tests.fakes.publisher import RecordingPublisher
from tests.fakes.stores import MemoryAnalysisStore, MemoryInsightStore, MemoryQuarantine

STOCKS = 24
FIRST, LAST, END = "2024-01-02", "2024-12-31", "2025-04-30"
WARM_UP = "2022-11-15"
LEARNT_FROM = "2021-07-01"
"""The first bar that models are trained on; with the warm-up, their first row is a year later."""
ROOT_5 = math.sqrt(5)


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """On a server of its own, which is thrown away whole: to drop so many documents takes longer than the replay."""
    with MongoServer(tmp_path_factory.mktemp("replay")) as server, MongoClient(server.address, tz_aware=True) as client:
        yield client["replay"]


def analysed(panel, model, ledger, now) -> list[bytes]:
    """What one close analysis publishes."""
    publisher = RecordingPublisher()
    analyse(panel, model, publisher, ledger, now, lambda: 10**9)
    return [sent.value for sent in publisher.sent]


@dataclasses.dataclass
class Replay:
    """What the year has left: the store, all that was published, and which model was asked on which date."""

    store: MongoTrackRecord
    published: list[bytes]
    models: ModelManager
    asked: dict[dt.date, str]


@pytest.fixture(scope="module")
def replay(shared_data, database):
    """Every session of the year: analysed, stored, scored, and trained anew once the champion has expired."""
    whole = real_panel(shared_data, STOCKS, LEARNT_FROM)
    panel = Panel.of(tail(bars, int((bars.dates >= np.datetime64(WARM_UP)).sum())) for bars in whole)
    models, asked = ModelManager(MemoryRegistry()), {}
    store, ledger, published = MongoTrackRecord(database), MemoryLedger(), []
    fakes = MemoryAnalysisStore(), store, MemoryInsightStore(), MemoryQuarantine(), RecordingPublisher()
    days = next(bars for bars in panel if bars.symbol == "VNINDEX").dates
    replayed = days[(days >= np.datetime64(FIRST)) & (days <= np.datetime64(LAST))]
    for place, day in enumerate(replayed):
        known, now = cut(panel, day), dt.datetime.combine(day.item(), dt.time(8, 20), dt.UTC)
        # The newest label is `REACH` sessions old: from then on the champion has expired for the judge as well.
        if not models.has_model(replayed[max(place - REACH, 0)].item()):
            assert train_challenger(cut(whole, day), models, FixedClock(now))["promoted"]
        if models.has_model(day.item()):
            asked[day.item()] = models.current_card().version
        messages = analysed(known, models.current(), ledger, now)
        published += messages
        aggregate([record(value, topics.AI_ANALYSIS_RESULTS) for value in messages], *fakes, FixedClock(now))
        if place % 10 == 0:
            score(known, store, FixedClock(now))
    for end in (LAST, "2025-02-14", END):
        now = dt.datetime.combine(dt.date.fromisoformat(end), dt.time(8, 20), dt.UTC)
        score(cut(panel, np.datetime64(end)), store, FixedClock(now))
    return Replay(store, published, models, asked)


@dataclasses.dataclass
class ByHand:
    """The market as the files have it: plain dictionaries and loops."""

    prices: dict[str, dict[str, float]]
    sessions: list[str]
    known: dict[tuple[dt.date, int], tuple[str, str, dict[str, float]]] = dataclasses.field(default_factory=dict)

    def span(self, as_of: dt.date, horizon: int) -> tuple[str, str, dict[str, float]]:
        """(entry, exit, return of each stock that has both prices); the same for all signals of a date."""
        if (as_of, horizon) not in self.known:
            later = [day for day in self.sessions if day > str(as_of)]
            entry, end = later[0], later[horizon]
            moves = {
                symbol: own[end] / own[entry] - 1 for symbol, own in self.prices.items() if entry in own and end in own
            }
            self.known[as_of, horizon] = entry, end, moves
        return self.known[as_of, horizon]

    def outcome(self, said: AiAnalysis, horizon: int):
        """(entry, exit, return, excess, hit) of a signal; the numbers None where the stock has no price."""
        entry, end, moves = self.span(said.as_of, horizon)
        if said.symbol not in moves:
            return entry, end, None, None, None
        excess = moves[said.symbol] - sum(moves.values()) / len(moves)
        edge = said.band / ROOT_5 * math.sqrt(horizon)
        side = "BUY" if excess > edge else "SELL" if excess < -edge else "HOLD"
        return entry, end, moves[said.symbol], excess, side == said.signal.value


@pytest.fixture(scope="module")
def by_hand(shared_data):
    prices: dict[str, dict[str, float]] = {}
    names = sorted(path.stem for path in (shared_data / "vn_daily").glob("*.csv"))
    for symbol in [name for name in names if name != "VNINDEX"][:STOCKS]:
        with (shared_data / "vn_daily" / f"{symbol}.csv").open(encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                open_, high, low, close = (float(row[name]) for name in ("open", "high", "low", "close"))
                sound = 0 < low <= min(open_, close) and max(open_, close) <= high
                if sound and WARM_UP <= row["date"] <= END:
                    prices.setdefault(symbol, {})[row["date"]] = float(row["adjusted_close"])
    days = Counter(day for own in prices.values() for day in own)
    return ByHand(prices, sorted(day for day, stocks in days.items() if stocks >= 10))


@pytest.fixture(scope="module")
def first(replay):
    """The first signal of each symbol and date, from the messages."""
    said: dict[tuple[str, dt.date], AiAnalysis] = {}
    for value in replay.published:
        one = AiAnalysis.model_validate_json(value)
        if one.signal:
            said.setdefault((one.symbol, one.as_of), one)
    assert len(said) > 0.9 * STOCKS * len(replay.asked)
    return said


def test_each_signal_is_of_the_model_that_served_on_its_date_and_there_is_none_without(replay, first):
    assert {as_of: one.model.version for (_, as_of), one in first.items()} == replay.asked
    cards = {entry.version: replay.models.look(entry.version).card for entry in replay.models.history()}
    assert len(cards) >= 3
    assert list(cards) == list(dict.fromkeys(replay.asked.values()))
    for (_, as_of), one in first.items():
        card = cards[one.model.version]
        assert card.trained_until < card.tested_until < as_of <= card.expires_on
        likeliest = max(one.probabilities, key=one.probabilities.get)
        assert one.signal == (likeliest if one.probabilities[likeliest] >= card.threshold else "HOLD")


def test_every_score_equals_the_one_computed_by_hand(replay, first, by_hand):
    store = replay.store
    rows = {}
    for symbol in {symbol for symbol, _ in first}:
        for row in store.outcomes(symbol):
            assert row.revision == 1
            rows[row.symbol, row.as_of, row.horizon] = row
    assert set(rows) == {(*key, horizon) for key in first for horizon in (1, 5, 20)}
    missing = 0
    for (symbol, as_of, horizon), row in rows.items():
        entry, end, gain, excess, hit = by_hand.outcome(first[symbol, as_of], horizon)
        assert (str(row.entry_date), str(row.exit_date), row.timely) == (entry, end, True)
        if gain is None:
            missing += 1
            assert (row.status.value, row.hit) == ("no_price", None)
            continue
        assert row.stock_return == pytest.approx(gain, abs=1e-12)
        assert row.excess == pytest.approx(excess, abs=1e-12)
        assert row.hit is hit
        assert row.direction_hit is (None if first[symbol, as_of].signal == "HOLD" else (excess > 0) is (
            first[symbol, as_of].signal == "BUY"
        ))  # fmt: skip
    assert missing < 0.02 * len(rows)


def test_the_tallies_equal_counting_by_hand(replay, first, by_hand):
    store = replay.store
    record_ = store.record()
    groups = {
        "all": (lambda said: "", {"": record_.overall}),
        "signal": (lambda said: said.signal, {one.signal: one for one in record_.by_signal}),
        "model": (lambda said: said.model.version, {one.version: one for one in record_.by_model}),
        "month": (lambda said: str(said.as_of)[:7], {one.month: one for one in record_.by_month}),
        "confidence": (
            lambda said: math.floor(said.confidence / 0.05 + 1e-12),
            {round(one.at_least / 0.05): one for one in record_.by_confidence},
        ),
    }
    for horizon in (1, 5, 20):
        fates = [(said, by_hand.outcome(said, horizon)) for said in first.values()]
        for key, told in groups.values():
            assert set(told) == {key(said) for said, _ in fates}
            for name, tallies in told.items():
                tally = tallies.horizons[horizon]
                own = [(said, fate) for said, fate in fates if key(said) == name]
                good = [(said, fate) for said, fate in own if fate[2] is not None]
                assert (tally.signals, tally.scored, tally.pending) == (len(own), len(good), 0)
                assert tally.hits == sum(fate[4] for _, fate in good)
                assert tally.mean_excess == pytest.approx(sum(fate[3] for _, fate in good) / len(good), abs=1e-12)
                assert tally.mean_confidence == pytest.approx(sum(said.confidence for said, _ in good) / len(good))
    assert len(record_.by_month) == 12
    assert record_.late.horizons[5].signals == 0
    assert store.open_days() == []
