"""The door: what an event may ask, and what is counted of an answer."""

import pytest

from functions.llm_analysis.accounts import Account, report
from functions.llm_analysis.request import Request, parse_symbol, requested
from stock_ai.errors import InvalidInputError
from stock_ai.market.symbols import is_symbol
from stock_ai.models.llm import Explained, Language, LlmUsage, Served
from stock_ai.observability import metrics
from stock_ai.settings import LlmProviderName
from tests.fakes.messages import llm_analysis


def test_an_event_names_symbol_language_and_provider():
    assert requested({"symbol": "fpt"}) == Request("FPT", Language.ENGLISH, None)
    asked = requested({"symbol": "VNINDEX", "language": "vi", "provider": "openai"})
    assert asked == Request("VNINDEX", Language.VIETNAMESE, LlmProviderName.OPENAI)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({}, "symbol None"),
        ({"symbol": "F P"}, "symbol 'F P'"),
        ({"symbol": 7}, "symbol 7"),
        ({"symbol": "FPT", "language": "de"}, "language 'de' is not one of en, vi"),
        ({"symbol": "FPT", "language": None}, "language None"),
        ({"symbol": "FPT", "provider": "me"}, "provider 'me' is not one of anthropic, openai, template"),
    ],
)
def test_what_is_wrong_is_named(event, message):
    with pytest.raises(InvalidInputError, match=message):
        requested(event)


@pytest.mark.parametrize("value", ["FPT", "fpt", "E1VFVN30", "VN-INDEX", "fpt ", "", "ﬀ", "FPT\n", "A" * 30])
def test_a_symbol_is_one_in_upper_case(value):
    if value.isascii() and is_symbol(value.upper()):
        assert parse_symbol(value) == value.upper()
    else:
        with pytest.raises(InvalidInputError):
            parse_symbol(value)


def test_a_question_makes_one_line_without_its_text_and_five_metrics(caplog):
    text = llm_analysis(summary="A secret summary.")
    usage = LlmUsage(calls=2, input_tokens=10, output_tokens=20, cost_usd=0.03)
    metrics.clear_metrics()
    report(Account(Explained(analysis=text, served=Served.WRITTEN), usage, faults=1, led=True, seconds=1.23456))
    counted = metrics.serialize_metric_set()
    metrics.clear_metrics()
    assert {name: counted[name] for name in ("Explanations", "LlmCalls", "LlmCostUsd", "LlmFaults")} == {
        "Explanations": [1.0], "LlmCalls": [2.0], "LlmCostUsd": [0.03], "LlmFaults": [1.0]
    }  # fmt: skip
    assert counted["provider"] == text.provider
    [record] = caplog.records
    said = vars(record)
    assert (said["symbol"], said["served"], said["cost_usd"], said["faults"]) == ("FPT", "written", 0.03, 1)
    assert (said["calls"], said["output_tokens"], said["seconds"]) == (2, 20, 1.235)
    assert "secret" not in str(said)
