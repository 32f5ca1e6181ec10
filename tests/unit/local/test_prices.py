"""Which prices a run asks for: as settings of a collector on this machine, or in the event of a deployed one."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions.data_collector.request import requested
from local.cli.prices import SourceName, price_request
from stock_ai.errors import InvalidInputError
from stock_ai.settings import SourceSettings


def test_both_forms_say_the_same_to_the_collector():
    request = price_request(SourceName.SIMULATED, None, ["fpt,vcb", "VNM"], "2024-01-02", "2024-02-01")
    by_event = requested({"detail": request.detail()}, SourceSettings.model_validate({"PRICE_SOURCE": "csv"})).settings
    by_settings = SourceSettings.model_validate({name: value for name, value in request.settings().items() if value})
    assert by_event == by_settings
    assert by_event.symbols == ("FPT", "VCB", "VNM")


def test_what_was_not_asked_for_is_left_to_the_deployed_function():
    request = price_request(SourceName.AUTO, None, None, None, None)
    assert request.detail() == {}


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        ((SourceName.VNSTOCK, Path("prices"), None, None, None), "--data"),
        ((SourceName.CSV, None, None, None, None), "--data"),
        ((SourceName.SIMULATED, Path("prices"), None, None, None), "--data"),
        ((SourceName.AUTO, Path("prices"), None, None, None), "--data"),
        ((SourceName.AUTO, None, None, "2024-13-01", None), "--since"),
        ((SourceName.AUTO, None, None, "2024-02-01", "2024-01-01"), "--since"),
    ],
)
def test_a_wrong_option_is_named(arguments, option):
    with pytest.raises(InvalidInputError, match=option):
        price_request(*arguments)
