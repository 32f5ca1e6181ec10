"""`RedisFlights` over a real server: one lead, many who follow."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from stock_ai.errors import BudgetSpentError, NotFoundError, RateLimitedError, RetryableError, RunAbortedError
from stock_ai.models import keys
from stock_ai.models.llm import Explained, Served
from stock_ai.storage.flights import FLIGHT_SECONDS, LeadGoneError, RedisFlights, told_error
from tests.fakes.messages import llm_analysis

OUTCOME = Explained(analysis=llm_analysis(), served=Served.WRITTEN)


@pytest.fixture
def flights(redis_client):
    return RedisFlights(redis_client)


def happened(flights, after=None, timeout=0):
    return [(event.event, event.data) for event in flights.follow("t", timeout, after)]


def names(flights, **options):
    return [event for event, _ in happened(flights, **options)]


def vanish(redis_client):
    """What is left of a lead whose process was killed, once its key has expired."""
    redis_client.delete(keys.llm_lead("t"))


def test_followers_see_everything_from_the_start_however_late_they_come(flights):
    early = []
    with ThreadPoolExecutor() as pool:
        with flights.lead("t") as lead:
            assert flights.lead("t") is None
            assert flights.running("t")
            waiting = pool.submit(lambda: early.extend(names(flights, timeout=30)))
            lead.emit("phase", {"phase": "viết"})
            lead.emit("sentence", {"at": "summary.0", "text": "Tăng."})
            lead.done(OUTCOME)
        waiting.result()
    late = happened(flights)
    assert [event for event, _ in late] == early == ["phase", "sentence", "done"]
    assert late[0][1] == {"phase": "viết"}
    assert Explained.model_validate(late[-1][1]) == OUTCOME
    assert not flights.running("t")


def test_one_who_was_cut_off_goes_on_after_the_last_event_it_saw(flights):
    with flights.lead("t") as lead:
        lead.emit("phase", {"phase": "writing"})
        seen = next(flights.follow("t", 0))
        lead.emit("phase", {"phase": "checking"})
        lead.done(OUTCOME)
    assert names(flights, after=seen.id) == ["phase", "done"]


def test_waiting_ends_without_an_outcome_when_its_time_is_over(flights, redis_client):
    with flights.lead("t") as lead:
        lead.emit("phase", {"phase": "writing"})
        began = time.monotonic()
        assert names(flights, timeout=1.5) == ["phase"]
        assert 1.4 < time.monotonic() - began < 3
        assert 0 < redis_client.ttl(keys.llm_flight("t")) <= FLIGHT_SECONDS


def test_who_waits_is_served_at_once(flights):
    told = threading.Event()
    with flights.lead("t") as lead, ThreadPoolExecutor() as pool:

        def wait():
            for event in flights.follow("t", 30):
                told.set()
                if event.event == "done":
                    return time.monotonic()
            return None

        waiting = pool.submit(wait)
        lead.emit("phase", {"phase": "writing"})
        assert told.wait(5)
        began = time.monotonic()
        lead.done(OUTCOME)
        assert waiting.result() - began < 0.5


def test_a_finished_flight_is_followed_and_not_led_again(flights):
    with flights.lead("t") as lead:
        lead.done(OUTCOME)
    assert flights.lead("t") is None
    assert not flights.running("t")
    assert names(flights) == ["done"]


def test_a_failure_reaches_those_who_waited_and_no_new_question(flights):
    with flights.lead("t") as lead:
        lead.emit("phase", {"phase": "writing"})
        patient = flights.follow("t", 30)
        assert next(patient).event == "phase"
        lead.failed(RunAbortedError("wrong key"))
    # Whoever polls after it has waited too.
    assert names(flights) == ["phase", "failed"]
    with flights.lead("t") as lead:
        lead.emit("phase", {"phase": "checking"})
        # The one who has waited longest hears of its own flight, although the next one has begun.
        last = list(patient)
        assert [event.event for event in last] == ["failed"]
        assert last[0].data == {"kind": "RunAbortedError", "message": "wrong key", "retry_after": None}
        assert happened(flights) == [("phase", {"phase": "checking"})]
        lead.done(OUTCOME)
    assert names(flights) == ["phase", "done"]


def test_a_new_lead_that_has_not_begun_yet_does_not_pass_on_the_failure_before(flights, redis_client):
    with flights.lead("t") as lead:
        lead.failed(RetryableError("away"))
    redis_client.set(keys.llm_lead("t"), "another")
    assert names(flights) == []


def test_a_vanished_lead_is_noticed_and_its_flight_goes_on_under_the_next(flights, redis_client):
    with flights.lead("t") as dead:
        dead.emit("phase", {"phase": "writing"})
        vanish(redis_client)
        following = flights.follow("t", 30)
        assert next(following).event == "phase"
        with pytest.raises(LeadGoneError):
            next(following)
        with flights.lead("t") as lead:
            # The one that was only slow may neither tell nor end anything any more.
            with pytest.raises(LeadGoneError):
                dead.emit("phase", {"phase": "checking"})
            with pytest.raises(LeadGoneError):
                dead.done(OUTCOME)
            lead.emit("phase", {"phase": "checking"})
            assert [data["phase"] for _, data in happened(flights)] == ["writing", "checking"]
            dead.__exit__(None, None, None)
            assert flights.running("t"), "a lead has released that of another"
            lead.done(OUTCOME)
    assert names(flights) == ["phase", "phase", "done"]


def test_there_is_nothing_to_follow_where_nobody_leads(flights):
    with pytest.raises(LeadGoneError):
        names(flights, timeout=30)


def test_a_lead_lasts_while_it_works_and_expires_soon_after_its_death(redis_client):
    flights = RedisFlights(redis_client, lead_seconds=0.3)
    with flights.lead("t"):
        until = time.monotonic() + 1
        while time.monotonic() < until:
            assert flights.running("t")
            assert redis_client.pttl(keys.llm_lead("t")) <= 300
    assert not flights.running("t")
    # Never entered, so never renewed: as if its process had been killed.
    assert flights.lead("t") is not None
    with pytest.raises(LeadGoneError):
        names(flights, timeout=30)
    assert flights.lead("t") is not None


def test_of_many_at_once_one_leads(flights):
    with ThreadPoolExecutor(32) as pool:
        leads = [lead for lead in pool.map(lambda _: flights.lead("t"), range(64)) if lead is not None]
    assert len(leads) == 1


def test_flights_of_two_texts_do_not_touch(flights):
    with flights.lead("t"), flights.lead("u") as other:
        other.emit("phase", {"phase": "writing"})
        assert names(flights) == []


@pytest.mark.parametrize(
    "error",
    [
        NotFoundError("no FPT"),
        RunAbortedError("ANTHROPIC_API_KEY"),
        RetryableError("busy"),
        RateLimitedError("slowly", 3.5),
        BudgetSpentError("spent", 1800),
        LeadGoneError("gone"),
    ],
)
def test_an_error_is_told_with_its_kind(flights, error):
    with flights.lead("t") as lead:
        lead.failed(error)
    [(_, data)] = happened(flights)
    told = told_error(data)
    if isinstance(error, LeadGoneError):
        assert (type(told), str(told)) == (RetryableError, f"LeadGoneError: {error}")
    else:
        assert (type(told), str(told)) == (type(error), str(error))
    assert getattr(told, "retry_after", None) == getattr(error, "retry_after", None)
