"""Collectors that share a Redis share one pace."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import time
from fractions import Fraction

import pytest
import redis

from stock_ai.clock import utc_now
from stock_ai.errors import PaceExceededError, RetryableError
from stock_ai.resilience.pacing import MovingWindowPacer

LATER = dt.datetime(2999, 1, 1, tzinfo=dt.UTC)


def _collect(url, turns, took):
    with redis.Redis.from_url(url) as client:
        pacer = MovingWindowPacer("vnstock", Fraction(10), utc_now, client)
        for _ in range(turns):
            pacer.acquire(LATER)
            took.put(time.time())


def test_several_processes_together_keep_the_rate(redis_client, redis_url):
    spawn = multiprocessing.get_context("spawn")
    took = spawn.Queue()
    workers = [spawn.Process(target=_collect, args=(redis_url, 11, took)) for _ in range(3)]
    for worker in workers:
        worker.start()
    turns = sorted(took.get(timeout=60) for _ in range(33))
    for worker in workers:
        worker.join()
    # A turn is noted a little after it is given, so windows are measured a little short.
    assert all(after - before > 0.9 for before, after in zip(turns, turns[10:], strict=False))
    assert redis_client.keys() == [b"pace:vnstock"]
    assert 0 < redis_client.ttl("pace:vnstock") <= 1


def test_another_rate_still_shares_the_turns(redis_client):
    slow = MovingWindowPacer("vnstock", Fraction(1, 4), utc_now, redis_client, pytest.fail)
    fast = MovingWindowPacer("vnstock", Fraction(5, 6), utc_now, redis_client, pytest.fail)
    fast.acquire(LATER)
    with pytest.raises(PaceExceededError) as refused:
        slow.acquire(utc_now())
    assert 3.5 < refused.value.retry_after < 4.1


def test_without_redis_nobody_has_a_turn():
    away = redis.Redis(port=1, socket_connect_timeout=0.2)
    with pytest.raises(RetryableError, match="the pace of vnstock cannot be read"):
        MovingWindowPacer("vnstock", Fraction(1), utc_now, away).acquire(LATER)
