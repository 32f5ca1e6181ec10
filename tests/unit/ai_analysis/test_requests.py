"""What an event may ask for."""

import pytest

from functions.ai_analysis.request import requested
from stock_ai.errors import InvalidInputError


@pytest.mark.parametrize(
    ("detail", "symbols"), [({}, ()), ({"symbols": []}, ()), ({"symbols": [" fpt", "VCB"]}, ("FPT", "VCB"))]
)
def test_an_event_may_name_symbols(detail, symbols):
    assert requested({"detail": detail}).symbols == symbols
    assert requested({}).symbols == ()


@pytest.mark.parametrize(
    ("detail", "message"),
    [
        ({"symbols": "FPT"}, r"detail.symbols 'FPT'"),
        ({"symbols": ["FPT", 5]}, r"detail.symbols.1 5"),
        ({"symbol": "FPT"}, r"detail.symbol 'FPT'"),
    ],
)
def test_a_wrong_event_is_refused_with_field_and_value(detail, message):
    with pytest.raises(InvalidInputError, match=message):
        requested({"detail": detail})
