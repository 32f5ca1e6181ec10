"""A batch is retried, split, partly accepted and given up by Lambda's rules."""

import datetime as dt
import threading
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.topology import KafkaTrigger
from local.events import Record
from local.function_process import FunctionError
from local.triggers.delivery import Backoff, Delivery, Stopped
from stock_ai.errors import RetryableError
from tests.fakes.clock import FixedClock
from tests.fakes.dead_letters import RecordingDeadLetters

NOW = dt.datetime(2024, 6, 3, 8, 0, tzinfo=dt.UTC)
NOW_MS = int(NOW.timestamp() * 1000)

AT_ONCE = Backoff(0, 0)


def record(offset, partition=0, value=b"{}", timestamp=NOW_MS):
    return Record("prices", partition, offset, timestamp, 0, b"FPT", value)


class Scene:
    """A delivery with fakes around it. `function` maps a list of (partition, offset) to an answer or raises."""

    def __init__(self, function, backoff=AT_ONCE, on_failure=None, dead_letters=None, **rules):
        self.trigger = KafkaTrigger(
            **{
                "topic": "prices",
                "batch_size": 100,
                "window_seconds": 1,
                "max_retries": 2,
                "max_age_seconds": 3600,
                "dead_letter_topic": "prices_dead_letter",
                **rules,
            }
        )
        self.function = function
        self.invoked, self.responses, self.failures = [], [], []
        self.dead_letters = dead_letters or RecordingDeadLetters()
        self.stop = threading.Event()
        self.clock = FixedClock(NOW)
        self.delivery = Delivery(
            self.trigger,
            self._invoke,
            self.dead_letters,
            bootstrap_servers="h:1",
            stop=self.stop,
            clock=self.clock,
            on_response=self.responses.append,
            on_failure=on_failure or self.failures.append,
            backoff=backoff,
        )

    def _invoke(self, event):
        items = [(entry["partition"], entry["offset"]) for entries in event["records"].values() for entry in entries]
        self.invoked.append(items)
        return self.function(items)

    def deliver(self, *records):
        self.delivery.deliver(records)
        return self


def failing_on(*bad, error=ValueError):
    def function(items):
        if set(items) & set(bad):
            raise error("cannot")
        return {"batchItemFailures": []}

    return function


def naming(*bad):
    def function(items):
        return {
            "batchItemFailures": [
                {"itemIdentifier": {"partition": f"prices-{partition}", "offset": offset}}
                for partition, offset in items
                if (partition, offset) in bad
            ]
        }

    return function


def test_success_is_one_invocation():
    scene = Scene(failing_on()).deliver(record(1), record(2))
    assert scene.invoked == [[(0, 1), (0, 2)]]
    assert scene.responses == [{"batchItemFailures": []}]
    assert not scene.failures


def test_a_poison_record_is_bisected_out_and_given_up_after_its_retries():
    scene = Scene(failing_on((0, 3))).deliver(*map(record, range(1, 5)))
    assert scene.invoked == [
        [(0, 1), (0, 2), (0, 3), (0, 4)],
        [(0, 1), (0, 2)],
        [(0, 3), (0, 4)],
        *[[(0, 3)]] * 3,
        [(0, 4)],
    ]
    assert scene.dead_letters.reasons == {(0, 3): "retries_exhausted"}
    assert scene.dead_letters.letters[0][2] == "cannot"


def test_without_bisection_the_whole_batch_is_retried_and_given_up():
    scene = Scene(failing_on((0, 2)), bisect_on_error=False).deliver(record(1), record(2))
    assert scene.invoked == [[(0, 1), (0, 2)]] * 3
    assert list(scene.dead_letters.reasons) == [(0, 1), (0, 2)]


@pytest.mark.parametrize("error", [RetryableError, lambda text: FunctionError("RetryableError", text, [])])
def test_a_store_that_is_away_is_waited_for_with_the_batch_whole(error):
    answers = iter([error("away"), error("away"), None])

    def function(items):
        if (answer := next(answers)) is not None:
            raise answer
        return {}

    scene = Scene(function).deliver(record(1), record(2))
    assert scene.invoked == [[(0, 1), (0, 2)]] * 3
    assert not scene.dead_letters.letters


def test_ten_retries_span_minutes():
    waits = [Backoff().seconds(retry) for retry in range(10)]
    assert waits == sorted(waits)
    assert 5 * 60 < sum(waits) < 15 * 60
    assert max(waits) == 120


def test_named_failures_are_retried_from_the_lowest_offset_of_their_partition():
    seen = []

    def function(items):
        seen.append(items)
        return naming((0, 2), (0, 3))(items) if len(seen) == 1 else None

    scene = Scene(function).deliver(record(1), record(2), record(3), record(4), record(9, partition=1))
    assert scene.invoked[1:] == [[(0, 2), (0, 3), (0, 4)]]
    assert not scene.dead_letters.letters


def test_a_record_named_forever_is_given_up_and_its_followers_are_not():
    scene = Scene(naming((0, 2))).deliver(record(1), record(2), record(3), record(4, partition=1))
    assert scene.dead_letters.reasons == {(0, 2): "retries_exhausted"}
    assert scene.invoked[-1] == [(0, 3)]


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}])
def test_lambdas_forms_of_success(answer):
    scene = Scene(lambda items: answer).deliver(record(1))
    assert len(scene.invoked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        "done",
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"id": "prices-0"}]},
        {"batchItemFailures": [{"itemIdentifier": {"partition": "prices-0", "offset": 99}}]},
        {"batchItemFailures": "all"},
    ],
)
def test_a_malformed_answer_fails_the_whole_batch(answer):
    scene = Scene(lambda items: answer, bisect_on_error=False).deliver(record(1), record(2))
    assert scene.invoked == [[(0, 1), (0, 2)]] * 3
    assert scene.responses == []
    assert set(scene.dead_letters.reasons.values()) == {"retries_exhausted"}


def test_item_failures_mean_nothing_where_the_mapping_does_not_ask_for_them():
    scene = Scene(naming((0, 1)), report_item_failures=False).deliver(record(1))
    assert len(scene.invoked) == 1


def test_records_too_old_are_never_sent():
    hour = 3600 * 1000
    scene = Scene(failing_on()).deliver(
        record(1, timestamp=NOW_MS - hour - 1), record(2, timestamp=NOW_MS - hour), record(3, timestamp=-1)
    )
    assert scene.invoked == [[(0, 2), (0, 3)]]
    assert scene.dead_letters.reasons == {(0, 1): "record_too_old"}


def test_records_grow_old_between_retries():
    def function(items):
        scene.clock.advance(hours=2)
        raise RetryableError("away")

    scene = Scene(function)
    scene.deliver(record(1))
    assert len(scene.invoked) == 1
    assert scene.dead_letters.reasons == {(0, 1): "record_too_old"}


def test_a_record_larger_than_the_payload_is_given_up_unsent():
    scene = Scene(failing_on()).deliver(record(1, value=b"x" * 5_000_000))
    assert scene.invoked == []
    assert scene.dead_letters.reasons == {(0, 1): "record_too_large"}


def test_stop_interrupts_a_long_wait():
    scene = Scene(failing_on((0, 1)), backoff=Backoff(3600, 3600), on_failure=lambda line: scene.stop.set())
    with pytest.raises(Stopped):
        scene.deliver(record(1))
    assert not scene.dead_letters.letters


def test_a_failure_after_stop_is_not_counted():
    def function(items):
        scene.stop.set()
        raise FunctionError("Runtime.ExitError", "killed", [])

    scene = Scene(function, max_retries=0)
    with pytest.raises(Stopped):
        scene.deliver(record(1))
    assert not scene.dead_letters.letters


@st.composite
def deliveries(draw):
    offsets = draw(st.lists(st.integers(0, 2), min_size=1, max_size=16))
    counters = defaultdict(int)
    records = []
    for partition in offsets:
        records.append((partition, counters[partition]))
        counters[partition] += 1
    kinds = draw(st.lists(st.sampled_from(["fine", "poison", "named"]), min_size=len(records), max_size=len(records)))
    moods = draw(st.lists(st.sampled_from(["fine", "away", "crash", "malformed"]), max_size=8))
    return records, dict(zip(records, kinds, strict=True)), moods, draw(st.booleans()), draw(st.integers(0, 3))


@given(deliveries())
def test_each_record_is_processed_or_a_dead_letter_in_the_order_of_its_partition(case):
    """Whatever fails and however: nothing is lost and nothing overtakes."""
    records, kinds, moods, bisect, retries = case
    finished, processed = [], set()
    moods = iter(moods)

    def function(items):
        mood = next(moods, "fine")
        if mood == "away":
            raise RetryableError("away")
        if mood == "crash" or any(kinds[item] == "poison" for item in items):
            raise ValueError("crash")
        if mood == "malformed":
            return "what?"
        named = [item for item in items if kinds[item] == "named"]
        answer = naming(*named)(items)
        for item in items:
            if not any(bad[0] == item[0] and bad[1] <= item[1] for bad in named):
                processed.add(item)
                finished.append(item)
        return answer

    class Observed(RecordingDeadLetters):
        def put(self, given, reason, detail):
            super().put(given, reason, detail)
            finished.extend((given_up.partition, given_up.offset) for given_up in given)

    scene = Scene(function, dead_letters=Observed(), bisect_on_error=bisect, max_retries=retries)
    scene.deliver(*[record(offset, partition) for partition, offset in records])

    dead = set(scene.dead_letters.reasons)
    assert processed | dead == set(records)
    assert not processed & dead
    assert {item for item, kind in kinds.items() if kind != "fine"} <= dead
    assert len(finished) == len(records)
    for partition in {0, 1, 2}:
        of_partition = [item for item in finished if item[0] == partition]
        assert of_partition == sorted(of_partition)
