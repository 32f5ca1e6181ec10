"""The service: who writes, what is checked, kept, published and told, and what happens when somebody is away."""

import dataclasses

import pytest

from stock_ai.errors import BudgetSpentError, InvalidInputError, NotFoundError, RetryableError, RunAbortedError
from stock_ai.llm_engines import TEMPLATE_MODEL, Engine
from stock_ai.models import topics
from stock_ai.models.llm import Explained, Language, LlmAnalysis, Served
from stock_ai.settings import LlmProviderName
from stock_ai.storage.flights import LeadGoneError
from tests.fakes.explaining import (
    ALSO_WRONG,
    ANTHROPIC,
    CLOSED,
    HOT,
    NOW,
    OPENAI,
    ROSE,
    WRONG,
    MemoryFlights,
    MemoryTexts,
    MemoryUsage,
    Scripted,
    Sheets,
    explaining,
    make_draft,
    make_sheet,
    statement,
)

EN = Language.ENGLISH
TEMPLATE = Engine(LlmProviderName.TEMPLATE, TEMPLATE_MODEL)


def anthropic(*answers, **options):
    return Scripted(list(answers) or [make_draft()], **options)


def openai(*answers):
    return Scripted(list(answers) or [make_draft()], name="openai", model=OPENAI.model)


def text_id(engine, sheet=None):
    return engine.text_id("FPT", (sheet or make_sheet()).analysis_id, EN)


# --- a text is written once


def test_a_text_is_written_published_kept_and_told():
    service = explaining(anthropic())
    explained = service.explain("FPT", EN)
    text = explained.analysis
    assert explained.served is Served.WRITTEN
    assert (text.provider, text.model, text.analysis_id) == ("anthropic", ANTHROPIC.model, text_id(ANTHROPIC))
    assert (text.symbol, text.ai_analysis_id, text.event_time, text.close) == ("FPT", "ai-1", NOW, 99_000)
    assert (text.summary, text.drivers) == ("FPT closed at 99,000 VND.", ["It rose 3.2% in 5 sessions."])
    [level] = text.levels
    assert (level.price, level.fact, level.kind) == (95_000, "level.low_20", "support")
    [sent] = service.publisher.sent
    assert (sent.topic, sent.key) == (topics.LLM_ANALYSIS_RESULTS, "FPT")
    assert LlmAnalysis.model_validate_json(sent.value) == text
    assert service.publisher.flushes == 1
    assert service.texts.get("FPT", text.analysis_id) == service.texts.latest("FPT", EN) == text
    assert Explained.model_validate(service.flights.told("done")[0]) == explained
    phases = [data["phase"] for data in service.flights.told("phase")]
    assert phases == ["facts", "writing", "checking"]
    assert not service.flights.leads


def test_the_facts_a_text_rests_on_are_named_with_their_places():
    both = statement("It rose 3.2%, RSI stands at 71.5.", "rsi_14", "return_5")
    draft = make_draft(summary=[CLOSED, ROSE], risks=[HOT, both])
    cited = explaining(anthropic(draft)).explain("FPT", EN).analysis.cited
    assert [(fact.id, fact.value, fact.unit, fact.cited_in) for fact in cited] == [
        ("close", 99_000, "VND", ["summary"]),
        ("return_5", 3.2, "%", ["summary", "drivers.0", "risks.1"]),
        ("rsi_14", 71.5, "", ["risks.0", "risks.1"]),
        ("level.low_20", 95_000, "VND", ["levels.0"]),
    ]


def test_a_kept_text_is_given_again_and_nobody_is_asked():
    provider = anthropic()
    service = explaining(provider)
    first = service.explain("FPT", EN)
    second = service.explain("FPT", EN)
    assert (second.served, second.analysis) == (Served.CACHED, first.analysis)
    assert len(provider.briefs) == 1
    assert len(service.publisher.sent) == 1
    assert service.usage.counts == {("anthropic", "cached"): 1}


def test_new_facts_and_another_language_have_texts_of_their_own():
    service = explaining(anthropic())
    texts = [service.explain("FPT", EN), service.explain("FPT", Language.VIETNAMESE)]
    service.context.known["FPT"] = make_sheet(analysis_id="ai-2")
    texts.append(service.explain("FPT", EN))
    assert len({explained.analysis.analysis_id for explained in texts}) == 3
    assert all(explained.served is Served.WRITTEN for explained in texts)


def test_a_text_that_was_kept_while_the_lead_was_taken_is_not_written_again():
    class Late(MemoryTexts):
        def get(self, symbol, name):
            found = super().get(symbol, name)
            self.kept[symbol, name] = kept
            return found

    kept = explaining(anthropic()).explain("FPT", EN).analysis
    provider = anthropic()
    service = explaining(provider, texts=Late())
    assert service.explain("FPT", EN).served is Served.CACHED
    assert provider.briefs == []
    assert service.flights.told("done"), "those who follow have to hear of it"


def test_simulated_data_are_named_once_in_front():
    service = explaining(anthropic(), context=Sheets({"FPT": make_sheet(simulated=True)}))
    text = service.explain("FPT", EN).analysis
    assert text.simulated
    assert text.summary.startswith("These data are simulated")
    assert text.summary.endswith("FPT closed at 99,000 VND.")


# --- faults


def test_an_author_mends_its_faults_once_and_both_calls_are_counted():
    provider = anthropic(make_draft(risks=[WRONG]), make_draft())
    service = explaining(provider)
    text = service.explain("FPT", EN).analysis
    assert text.risks == ["RSI stands at 71.5."]
    assert (text.grounding.faults, text.grounding.repaired, text.grounding.removed) == (1, True, [])
    assert text.grounding.claims > 1
    assert provider.briefs[0].repair is None
    assert provider.briefs[1].repair.answer == make_draft(risks=[WRONG])
    assert "37.5" in " ".join(provider.briefs[1].repair.faults)
    assert (text.usage.calls, text.usage.input_tokens, text.usage.output_tokens) == (2, 4000, 1000)
    assert text.usage.cost_usd == pytest.approx(2 * (2000 * 3 + 500 * 15) / 1e6)
    assert service.usage.spent == pytest.approx(text.usage.cost_usd)
    assert service.usage.held == 0
    assert service.usage.counts == {("anthropic", "repairs"): 1}


def test_sentences_that_stay_wrong_are_removed():
    provider = anthropic(make_draft(risks=[HOT, WRONG], drivers=[ROSE, ALSO_WRONG]))
    service = explaining(provider)
    text = service.explain("FPT", EN).analysis
    assert len(provider.briefs) == 2
    assert (text.drivers, text.risks) == (["It rose 3.2% in 5 sessions."], ["RSI stands at 71.5."])
    assert text.grounding.removed == ["FPT closed at 88,000 VND.", "RSI stands at 37.5."]
    assert text.grounding.faults == 2
    assert service.usage.counts["anthropic", "removed_sentences"] == 2
    told = {data["text"] for data in service.flights.told("sentence")}
    assert told == {"FPT closed at 99,000 VND.", "It rose 3.2% in 5 sessions.", "RSI stands at 71.5."}


def test_of_two_answers_the_one_with_fewer_faults_is_taken():
    provider = anthropic(make_draft(risks=[HOT, WRONG]), make_draft(risks=[HOT, WRONG], drivers=[ALSO_WRONG]))
    text = explaining(provider).explain("FPT", EN).analysis
    assert text.drivers == ["It rose 3.2% in 5 sessions."]


@pytest.mark.parametrize(
    "second", [RetryableError("away"), RunAbortedError("key"), BudgetSpentError("spent"), "truncated"]
)
def test_without_a_second_answer_the_first_one_is_cleaned(second):
    service = explaining(anthropic(make_draft(risks=[HOT, WRONG]), second))
    explained = service.explain("FPT", EN)
    assert explained.served is Served.WRITTEN
    assert explained.analysis.grounding.removed == ["RSI stands at 37.5."]


@pytest.mark.parametrize(
    "draft", [make_draft(risks=[WRONG]), make_draft(summary=[ALSO_WRONG]), "refused", "malformed: risks"]
)
def test_a_text_of_which_too_little_is_left_is_replaced_by_the_template(draft):
    service = explaining(anthropic(draft))
    explained = service.explain("FPT", EN)
    assert explained.served is Served.SUBSTITUTE
    assert (explained.analysis.provider, explained.analysis.model) == ("template", TEMPLATE_MODEL)
    assert explained.analysis.usage.calls == (1 if isinstance(draft, str) else 2)
    # Neither kept nor published.
    assert service.publisher.sent == []
    assert service.texts.kept == service.texts.newest == {}
    assert service.usage.counts["anthropic", "fallbacks"] == 1


def test_there_is_no_repair_when_no_time_is_left_for_it():
    provider = anthropic(make_draft(risks=[HOT, WRONG]))
    text = explaining(provider).explain("FPT", EN, seconds=20).analysis
    assert len(provider.briefs) == 1
    assert (text.grounding.repaired, text.grounding.removed) == (False, ["RSI stands at 37.5."])


# --- who answers


def test_the_next_of_the_chain_writes_when_the_first_is_away():
    first, second = anthropic(RetryableError("overloaded")), openai()
    service = explaining(first, second)
    explained = service.explain("FPT", EN)
    assert (explained.served, explained.analysis.provider) == (Served.WRITTEN, "openai")
    assert explained.analysis.analysis_id == text_id(OPENAI)
    assert explained.analysis.usage.calls == 2
    settled = [(provider, failed) for provider, _, failed in service.usage.settled]
    assert settled == [("anthropic", True), ("openai", False)]
    assert service.usage.counts == {("anthropic", "fallbacks"): 1}
    # Whoever is chosen is asked again, and while it is away the other one's text is found.
    assert service.explain("FPT", EN).served is Served.CACHED
    assert (len(first.briefs), len(second.briefs)) == (2, 1)


def test_without_time_for_another_call_the_chain_ends():
    second = openai()
    service = explaining(anthropic(RetryableError("slow")), second)
    assert service.explain("FPT", EN, seconds=20).served is Served.SUBSTITUTE
    assert second.briefs == []


def test_an_older_text_is_given_when_everybody_is_away():
    provider = anthropic(make_draft(), RetryableError("away"))
    service = explaining(provider)
    old = service.explain("FPT", EN).analysis
    service.context.known["FPT"] = make_sheet(analysis_id="ai-2")
    explained = service.explain("FPT", EN)
    assert (explained.served, explained.analysis) == (Served.STALE, old)
    assert len(service.publisher.sent) == 1
    # Not in another language.
    assert service.explain("FPT", Language.VIETNAMESE).served is Served.SUBSTITUTE


def test_a_refused_key_is_told_only_when_nobody_else_answers():
    broken = RunAbortedError("Anthropic refused the key in ANTHROPIC_API_KEY")
    assert explaining(anthropic(broken), openai()).explain("FPT", EN).analysis.provider == "openai"
    service = explaining(anthropic(broken), openai(RetryableError("away")))
    with pytest.raises(RunAbortedError, match="ANTHROPIC_API_KEY"):
        service.explain("FPT", EN)
    assert service.flights.told("failed") == [{"kind": "RunAbortedError", "message": str(broken), "retry_after": None}]
    assert not service.flights.leads
    # One that has answered badly has answered.
    assert explaining(anthropic(broken), openai("refused")).explain("FPT", EN).served is Served.SUBSTITUTE


def test_a_spent_budget_refuses_every_paid_call_and_no_free_one():
    provider = anthropic()
    service = explaining(provider, usage=MemoryUsage(budget=0))
    with pytest.raises(BudgetSpentError):
        service.explain("FPT", EN)
    assert provider.briefs == []
    assert service.explain("FPT", EN, LlmProviderName.TEMPLATE).analysis.provider == "template"
    assert explaining(chain=(TEMPLATE,), usage=MemoryUsage(budget=0)).explain("FPT", EN).served is Served.WRITTEN


def test_a_wrong_key_comes_before_a_spent_budget():
    # There is room for the cheap one only, which refuses the key.
    service = explaining(anthropic(), openai(RunAbortedError("OPENAI_API_KEY")), usage=MemoryUsage(budget=0.05))
    with pytest.raises(RunAbortedError):
        service.explain("FPT", EN)


def test_the_template_as_author_is_published_and_kept_like_any_other():
    service = explaining(chain=(TEMPLATE,))
    explained = service.explain("FPT", EN)
    text = explained.analysis
    assert (explained.served, text.provider, text.analysis_id) == (Served.WRITTEN, "template", text_id(TEMPLATE))
    assert (text.grounding.faults, text.usage.calls) == (0, 0)
    assert text.grounding.claims > 0
    assert len(service.publisher.sent) == 1
    assert service.texts.latest("FPT", EN) == text
    assert service.explain("FPT", EN).served is Served.CACHED


def test_a_named_provider_is_asked_alone():
    first, second = anthropic(), openai()
    service = explaining(first, second)
    text = service.explain("FPT", EN, LlmProviderName.OPENAI).analysis
    assert (text.provider, first.briefs) == ("openai", [])
    assert service.texts.latest("FPT", EN) == text


def test_a_named_author_outside_the_chain_is_kept_but_is_no_text_of_the_installation():
    service = explaining(anthropic())
    text = service.explain("FPT", EN, LlmProviderName.TEMPLATE).analysis
    assert service.texts.get("FPT", text_id(TEMPLATE)) == text
    assert service.texts.newest == {}
    assert service.publisher.sent == []
    assert service.explain("FPT", EN).analysis.provider == "anthropic"


def test_a_provider_without_a_key_is_refused_by_the_name_of_its_setting():
    with pytest.raises(InvalidInputError, match="OPENAI_API_KEY"):
        explaining(anthropic()).explain("FPT", EN, LlmProviderName.OPENAI)


def test_an_unknown_symbol_is_not_found_before_anybody_leads():
    service = explaining(anthropic())
    with pytest.raises(NotFoundError):
        service.explain("VCB", EN)
    assert service.flights.events == []


# --- somebody else writes


def written():
    return explaining(anthropic()).explain("FPT", EN)


def test_the_outcome_of_another_one_is_given_on():
    theirs = written()
    provider = anthropic()
    service = explaining(provider, flights=MemoryFlights(others=[("done", theirs.model_dump(mode="json"))]))
    assert service.explain("FPT", EN) == theirs
    assert provider.briefs == service.publisher.sent == []
    [account] = service.reports
    assert (account.led, account.usage.calls) == (False, 0)


def test_the_failure_of_another_one_is_given_on():
    failure = {"kind": "BudgetSpentError", "message": "spent", "retry_after": 1800}
    with pytest.raises(BudgetSpentError) as told:
        explaining(anthropic(), flights=MemoryFlights(others=[("failed", failure)])).explain("FPT", EN)
    assert told.value.retry_after == 1800


def test_a_lead_that_vanishes_is_taken_over():
    provider = anthropic()
    service = explaining(provider, flights=MemoryFlights(others=[LeadGoneError("gone")]))
    assert service.explain("FPT", EN).served is Served.WRITTEN
    assert len(provider.briefs) == 1


def test_one_who_has_lost_the_lead_publishes_nothing_and_waits_for_the_next():
    theirs = written()
    service = explaining(provider := anthropic())

    def lose():
        next(iter(service.flights.leads.values())).lost = True
        service.flights.others.append(("done", theirs.model_dump(mode="json")))

    provider.before = lose
    assert service.explain("FPT", EN) == theirs
    assert service.publisher.sent == []
    assert service.usage.held == 0


def test_waiting_has_an_end():
    with pytest.raises(RetryableError, match="still being written"):
        explaining(anthropic(), flights=MemoryFlights(others=[("phase", {})] * 3)).explain("FPT", EN, seconds=0)


# --- stores that are away


def test_without_redis_nobody_is_paid_and_the_template_answers():
    provider = anthropic()
    away = {"texts": MemoryTexts(down=True), "flights": MemoryFlights(down=True), "usage": MemoryUsage(down=True)}
    service = explaining(provider, **away)
    explained = service.explain("FPT", EN)
    assert (explained.served, explained.analysis.provider) == (Served.SUBSTITUTE, "template")
    assert provider.briefs == service.publisher.sent == []
    with pytest.raises(RetryableError, match="Redis"):
        service.explain("FPT", EN, LlmProviderName.ANTHROPIC)
    assert service.explain("FPT", EN, LlmProviderName.TEMPLATE).served is Served.SUBSTITUTE


def test_redis_that_goes_away_meanwhile_is_not_taken_for_the_provider():
    class Failing(MemoryUsage):
        def settle(self, *arguments, **options):
            raise RetryableError("Redis: TimeoutError")

    second = openai()
    service = explaining(anthropic(), second, usage=Failing())
    with pytest.raises(RetryableError, match="Redis"):
        service.explain("FPT", EN)
    assert second.briefs == []
    assert service.flights.told("failed")


def test_a_text_that_could_not_be_published_is_not_kept():
    service = explaining(anthropic())
    service.publisher.down = True
    with pytest.raises(RetryableError, match="broker"):
        service.explain("FPT", EN)
    assert service.texts.kept == {}
    assert [data["kind"] for data in service.flights.told("failed")] == ["RetryableError"]
    assert not service.flights.leads


def test_a_bug_ends_the_flight_for_those_who_wait():
    service = explaining(anthropic(ZeroDivisionError("key sk-123")))
    with pytest.raises(ZeroDivisionError):
        service.explain("FPT", EN)
    [told] = service.flights.told("failed")
    assert told["kind"] == "RetryableError"
    assert "sk-123" not in told["message"]
    assert service.usage.held == 0


# --- accounts


def test_each_question_is_accounted_for():
    service = explaining(anthropic(make_draft(risks=[HOT, WRONG]), make_draft()))
    service.explain("FPT", EN)
    service.explain("FPT", EN)
    first, second = (dataclasses.asdict(account) for account in service.reports)
    assert (first["led"], first["faults"], first["usage"].calls) == (True, 1, 2)
    assert (second["led"], second["faults"], second["usage"].calls) == (False, 0, 0)
