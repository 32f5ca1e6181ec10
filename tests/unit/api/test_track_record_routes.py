"""GET /api/v1/track-record, of the market and of one symbol."""

import datetime as dt

import jsonschema
import numpy as np
import pytest

from api.app import create_app
from functions.ai_analysis.scoring import score
from stock_ai.indicators import Panel
from stock_ai.models.analysis import Signal
from tests.fakes.api_services import NOW, make_bar, memory_services
from tests.fakes.clock import FixedClock
from tests.fakes.daily_bars import daily_bars, weekdays
from tests.fakes.http_client import Client
from tests.fakes.track_record import MODEL, MemoryTrackRecord, make_signal

PATH = "/api/v1/track-record"
DAYS = [day.item() for day in weekdays(40, "2025-06-30")]  # To Friday 2025-08-22
UNPROVEN = MODEL.model_copy(update={"version": "v2", "proven_skill": False})


def panel(source="csv", **changes):
    bars = {f"S{n:02}": daily_bars(20_000 + 10.0 * n * np.arange(40), f"S{n:02}", weekdays(40, "2025-06-30"), source)
            for n in range(12)}  # fmt: skip
    return Panel.of((bars | changes).values())


def scored(*signals, source="csv"):
    store = MemoryTrackRecord()
    store.issue(signals, NOW)
    score(panel(source), store, FixedClock(NOW))
    return store


@pytest.fixture
def store():
    days = [make_signal("S11", day, list(Signal)[place % 3]) for place, day in enumerate(DAYS[:30])]
    return scored(*days, make_signal("S11", DAYS[29], model=UNPROVEN), make_signal("S03", DAYS[38]))


@pytest.fixture
def services(store):
    services = memory_services(track_record=store)
    services.prices.upsert([make_bar("HPG")])
    services.prices.calls = 0
    return services


@pytest.fixture
def client(services):
    return Client(create_app(services), raise_server_exceptions=False)


def test_the_market_is_told_in_one_read(client, services, store):
    store.calls = 0
    answer = client.get(PATH)
    assert answer.status_code == 200
    content = answer.json()
    record = store.records[False].model_dump(mode="json")
    assert {name: content[name] for name in record} == record
    assert content["overall"]["horizons"]["5"]["signals"] == 32
    assert content["overall"]["horizons"]["1"]["hit_rate_interval"] is not None
    assert [group["month"] for group in content["by_month"]] == ["2025-06", "2025-07", "2025-08"]
    assert (content["freshness"]["as_of"], content["freshness"]["simulated"]) == (str(DAYS[38]), False)
    assert (store.calls, services.prices.calls, services.insights.calls) == (1, 0, 0)
    store.calls = 0
    again = client.get(PATH, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert answer.headers["cache-control"].startswith("public, max-age=60")


def test_what_is_not_proven_or_not_real_is_said(client):
    doubts, reading = client.get(PATH).json()["disclaimers"]
    assert doubts.startswith("Model logistic v2 has no proven skill")
    assert "no investment advice" in reading
    simulated = scored(make_signal("S11", DAYS[3], simulated=True, source="simulated"), source="simulated")
    unreal = Client(create_app(memory_services(track_record=simulated)))
    for path in (PATH, f"{PATH}/S11"):
        content = unreal.get(path).json()
        assert content["disclaimers"][0] == "These signals are of a simulated market."
        assert content["freshness"]["simulated"] is True


def test_a_symbol_is_told_with_every_signal_and_what_came_of_it(client, store):
    content = client.get(f"{PATH}/s11", params={"limit": 500}).json()
    assert (content["symbol"], content["issued"], content["next_cursor"]) == ("S11", 31, None)
    assert [one["as_of"] for one in content["signals"]] == [str(DAYS[29]), *map(str, DAYS[29::-1])]
    newest, oldest = content["signals"][0], content["signals"][-1]
    assert (newest["outcomes"]["5"]["status"], newest["outcomes"]["20"]) == ("scored", None)
    row = next(row for row in store.outcomes("S11") if row.horizon == 20)
    assert oldest["outcomes"]["20"] == row.model_dump(mode="json")
    assert (oldest["close"], oldest["band"], oldest["model"]["version"]) == (20_000, 0.02, "v1")
    tally = content["overall"]["horizons"]["5"]
    assert (tally["signals"], tally["scored"], tally["pending"]) == (31, 31, 0)
    assert content["freshness"]["source"] == "csv"


def test_a_correction_is_shown_with_what_it_corrects(client, store):
    corrected = daily_bars(20_000 + 500.0 * np.arange(40), "S11", weekdays(40, "2025-06-30"))
    score(panel(S11=corrected), store, FixedClock(NOW))
    signal = client.get(f"{PATH}/S11", params={"limit": 1}).json()["signals"][0]
    assert (signal["outcomes"]["5"]["revision"], [row["revision"] for row in signal["superseded"]]) == (2, [1, 1])
    assert {row["horizon"] for row in signal["superseded"]} == {1, 5}


@pytest.mark.parametrize("limit", [1, 2, 7, 30])
def test_pages_together_are_every_signal_once(client, limit):
    found, cursor = [], None
    while True:
        query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        content = client.get(f"{PATH}/S11", params=query).json()
        found += [one["signal_id"] for one in content["signals"]]
        cursor = content["next_cursor"]
        if cursor is None:
            break
    assert len(found) == len(set(found)) == 31
    whole = client.get(f"{PATH}/S11", params={"limit": 500}).json()
    assert found == [one["signal_id"] for one in whole["signals"]]


def test_a_known_symbol_without_signals_has_an_empty_record(client):
    content = client.get(f"{PATH}/HPG").json()
    assert (content["signals"], content["issued"], content["overall"]["horizons"]["5"]["signals"]) == ([], 0, 0)
    assert content["freshness"]["as_of"] is None


def test_signals_of_the_other_world_are_left_out(client, store):
    store.issue([make_signal("S11", DAYS[5] - dt.timedelta(days=90), simulated=True, model=UNPROVEN)], NOW)
    assert client.get(f"{PATH}/S11").json()["issued"] == 31


@pytest.mark.parametrize(
    ("path", "status", "kind", "detail"),
    [
        ("/XXX", 404, "unknown-symbol", "XXX is not known"),
        ("/F-T", 422, "invalid-request", "path.symbol"),
        ("/S11?limit=0", 422, "invalid-request", "query.limit"),
        ("/S11?cursor=nonsense", 422, "invalid-request", "query.cursor"),
        ("/S11?page=2", 422, "invalid-request", "query.page"),
    ],
)
def test_what_is_wrong_is_a_problem(client, path, status, kind, detail):
    answer = client.get(PATH + path)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:stock-ai:problem:{kind}")
    assert detail in answer.json()["detail"]


def test_a_cursor_of_another_symbol_is_refused(client):
    cursor = client.get(f"{PATH}/S11", params={"limit": 1}).json()["next_cursor"]
    answer = client.get(f"{PATH}/S03", params={"cursor": cursor})
    assert answer.status_code == 422
    assert "belongs to another question" in answer.json()["detail"]


def test_before_the_first_pass_it_is_pending():
    client = Client(create_app(memory_services()), raise_server_exceptions=False)
    answer = client.get(PATH)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:stock-ai:problem:analysis-pending")


@pytest.mark.parametrize(("path", "route"), [("", ""), ("/S11", "/{symbol}"), ("/HPG", "/{symbol}")])
def test_the_answer_satisfies_its_schema(client, path, route):
    document = client.get("/openapi.json").json()
    schema = document["paths"][PATH + route]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.validate(client.get(PATH + path).json(), schema | {"components": document["components"]})
