"""The fact sheet of FPT from real stores, checked against the published file."""

import csv
import datetime as dt

import pytest
from pymongo import MongoClient
from redis import Redis

from functions.llm_analysis import prompts, template
from functions.llm_analysis.facts_of.track import DAYS
from local.embedded.mongodb import MongoServer
from local.embedded.valkey import ValkeyServer
from stock_ai.models.llm import Language
from tests.fakes.real_context import SYMBOL, filled


@pytest.fixture(scope="module")
def stores(shared_data, tmp_path_factory):
    """On servers of their own, which are thrown away whole: to drop so many documents takes long."""
    with (
        MongoServer(tmp_path_factory.mktemp("mongo")) as mongo,
        ValkeyServer(tmp_path_factory.mktemp("redis")) as valkey,
        MongoClient(mongo.address, tz_aware=True) as client,
        Redis.from_url(valkey.address) as redis,
    ):
        yield filled(shared_data, client["context"], redis)


@pytest.fixture
def rows(shared_data):
    """The sound rows of the file, newest last."""
    with (shared_data / "vn_daily" / f"{SYMBOL}.csv").open(encoding="utf-8-sig") as file:
        found = list(csv.DictReader(file))
    return [row for row in found if float(row["close"]) > 0 and float(row["low"]) > 0]


def in_todays_terms(row, name):
    return float(row[name]) * float(row["adjusted_close"]) / float(row["close"])


def test_every_price_is_that_of_the_file(stores, rows):
    sheet = stores.context.sheet(SYMBOL)
    value = {fact.id: fact.value for fact in sheet.facts}
    last, before = rows[-1], rows[-2]
    assert sheet.as_of == dt.date.fromisoformat(last["date"])
    # The adjusted series meets the traded one at its end: all terms are today's.
    assert last["adjusted_close"] == last["close"]
    assert value["close"] == float(last["close"])
    assert value["previous_close"] == float(before["adjusted_close"])
    assert value["return_1"] == round(100 * (float(last["close"]) / float(before["adjusted_close"]) - 1), 1)
    assert value["volume"] == int(last["volume"])
    assert value["adjusted"] == "yes"
    for window, suffix in ((20, "20"), (252, "52w")):
        lows = [in_todays_terms(row, "low") for row in rows[-window:]]
        highs = [in_todays_terms(row, "high") for row in rows[-window:]]
        assert value[f"level.low_{suffix}"] == round(min(lows))
        assert value[f"level.high_{suffix}"] == round(max(highs))
    # Within the year there was a dividend or a split, else the test would not tell the terms apart.
    assert any(row["adjusted_close"] != row["close"] for row in rows[-252:])
    for window in (50, 200):
        average = sum(float(row["adjusted_close"]) for row in rows[-window:]) / window
        assert value[f"level.sma_{window}"] == round(average)
        assert value[f"versus_sma_{window}"] == round(100 * (float(last["close"]) / average - 1), 1)


def test_the_signal_the_record_and_the_quality_are_those_of_the_stores(stores):
    sheet = stores.context.sheet(SYMBOL)
    value = {fact.id: fact.value for fact in sheet.facts}
    since = stores.ai.as_of - dt.timedelta(days=DAYS)
    own = [row for row in stores.track.outcomes(SYMBOL) if row.horizon == 5 and row.timely and row.as_of >= since]
    overall = stores.track.record().overall.horizons[5]
    assert value["signal"] == stores.ai.signal
    assert value["confidence"] == round(100 * stores.ai.confidence, 1)
    assert value["model.proven"] == "no"
    assert value["track.scored"] == len(own) > 30
    assert value["track.hits"] == sum(row.hit for row in own)
    assert value["track.base"] == round(100 * overall.hit_rate, 1)
    assert value["track.base_low"] < value["track.base"] < value["track.base_high"]
    assert 99 < value["quality.completeness"] <= 100
    assert value["phase"] == "closed"
    assert value["quality.sessions_behind"] == 1
    assert len(sheet.facts) <= 70


@pytest.mark.parametrize("language", list(Language))
def test_the_template_writes_about_it(stores, language):
    sheet = stores.context.sheet(SYMBOL)
    draft = template.write(sheet, language)
    assert SYMBOL in draft.summary[0].text
    assert len(draft.levels) == 4
    assert draft.drivers
    assert len(draft.risks) > 1
    assert len(prompts.brief(sheet, language).facts) < 7_500
