"""A call that hangs is left behind, and not too many of them."""

from __future__ import annotations

import threading

import pytest

from stock_ai.errors import InvalidInputError, RetryableError
from stock_ai.resilience.deadline import Deadline


def test_what_is_in_time_comes_through():
    deadline = Deadline(10)
    assert deadline.call(lambda: 42) == 42
    with pytest.raises(InvalidInputError, match="wrong"):
        deadline.call(_raise(InvalidInputError("wrong")))
    with pytest.raises(TimeoutError, match="its own"):
        deadline.call(_raise(TimeoutError("its own")))
    with pytest.raises(SystemExit):
        deadline.call(_raise(SystemExit("bye")))
    assert deadline.left_behind == 0


def test_what_hangs_is_left_behind_until_it_comes_back():
    deadline, released = Deadline(0.02, most_left=2), threading.Event()
    back = threading.Barrier(3)

    def hang():
        released.wait()
        back.wait()

    for _ in range(2):
        with pytest.raises(RetryableError, match=r"no answer within 0\.02 s"):
            deadline.call(hang)
    with pytest.raises(RetryableError, match="2 earlier calls"):
        deadline.call(pytest.fail)
    threads = [thread for thread in threading.enumerate() if thread.name == "with-deadline"]
    assert all(thread.daemon for thread in threads)
    released.set()
    back.wait()
    for thread in threads:
        thread.join()
    assert deadline.left_behind == 0
    assert Deadline(10).call(lambda: "again") == "again"


def _raise(error):
    def work():
        raise error

    return work
