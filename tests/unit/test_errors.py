"""Errors that pass from one process to another."""

from __future__ import annotations

import pytest

from stock_ai import errors
from stock_ai.errors import PoisonRecordError, RateLimitedError, RetryableError, StockAIError, told

OURS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, StockAIError) and kind not in (StockAIError, PoisonRecordError)
]


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_an_error_keeps_its_type_across_processes(kind):
    error = told(kind.__name__, "why", 3.5)
    assert (type(error), str(error)) == (kind, "why")
    assert getattr(error, "retry_after", None) == (3.5 if issubclass(kind, RateLimitedError) else None)


@pytest.mark.parametrize("name", ["KeyError", "Sandbox.Timedout", "PoisonRecordError", "told"])
def test_what_nobody_raised_on_purpose_may_pass(name):
    error = told(name, "why")
    assert (type(error), str(error)) == (RetryableError, f"{name}: why")
