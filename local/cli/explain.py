"""`stock-ai explain`: one symbol in words, with the facts the text rests on."""

from __future__ import annotations

import json as jsonlib
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from http import HTTPStatus
from http.client import HTTPException
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from api.kept_texts import KeptTexts, Question, explained_body
from api.services import LlmTerms, Services
from api.wiring import connect as connect_api
from infra import topology
from local.cli.output import JsonOption, print_json, results, run_progress
from local.function_process import FunctionError, FunctionProcess
from local.home import Home
from local.session import Session, connect
from stock_ai.errors import InvalidInputError, RetryableError, RunAbortedError, StockAIError, told
from stock_ai.models.llm import Explained, Language
from stock_ai.settings import KafkaSettings, LlmProviderName, LlmSettings, MongoSettings, RedisSettings
from stock_ai.storage.flights import LeadGoneError

_HTTP_SECONDS = 30.0
"""Longer than the API waits for a text."""
_GIVE_UP_SECONDS = 180.0
_POLL_SECONDS = 1.0
_BEGIN_SECONDS = 0.2
_SERVED = {
    "written": "written now",
    "cached": "kept from before, its facts still hold",
    "stale": "from older facts, since every author is away",
    "substitute": "by rule, since every language model is away",
}

Say = Callable[[str], None]
"""Shows what is being done."""


def explain(
    symbol: Annotated[str, typer.Argument(help="Symbol such as FPT or VNINDEX; case does not matter.")],
    language: Annotated[Language, typer.Option(help="Language of the text.")] = Language.ENGLISH,
    provider: Annotated[
        LlmProviderName | None, typer.Option(help="Who is to write it, in place of whom the settings choose.")
    ] = None,
    api: Annotated[str | None, typer.Option(help="URL of another API to ask, e.g. https://host/v1.")] = None,
    json: JsonOption = False,
) -> None:
    """Explain a symbol in words from its current analysis. A text that is kept costs nothing."""
    question = Question(symbol.strip().upper(), language, None if provider is None else provider.value)
    with run_progress() as progress:
        progress.stage("asking")
        answer = _asked(api, question, progress.stage)
    if json:
        print_json(answer)
    else:
        results.print(rendered(answer))


def _asked(api: str | None, question: Question, say: Say) -> dict[str, Any]:
    """The answer of the API that is named, else of the running one, else made here from the stores."""
    if api is not None:
        return over_http(api.rstrip("/"), question, say)
    with connect(Home.from_environment()) as session:
        if session.shared and session.endpoints.api is not None:
            return over_http(session.endpoints.api, question, say)
        return _made_here(session, question, say)


def _made_here(session: Session, question: Question, say: Say) -> dict[str, Any]:
    log = session.home.data(session.world, "logs") / "llm_analysis.log"
    function = FunctionProcess(topology.function("llm_analysis"), session.environment, log)

    def invoke(request: dict[str, str]) -> Explained:
        try:
            return Explained.model_validate(function.invoke(request))
        except FunctionError as error:
            raise told(error.error_type, error.message) from error

    with closing(function):
        services = connect_api(
            MongoSettings.model_validate(session.environment),
            RedisSettings.model_validate(session.environment),
            KafkaSettings.model_validate(session.environment),
            invoke,
            LlmSettings.load(),
            LlmTerms(),
        )
        return from_stores(services, question, say)


def from_stores(services: Services, question: Question, say: Say) -> dict[str, Any]:
    """As `POST /api/v1/analysis/{symbol}/llm` answers, however long it takes.

    Raises:
        StockAIError: as the function.
    """
    kept = KeptTexts(services)
    found = kept.find(question)
    answer = kept.answer(found)
    if answer is not None:
        content = answer.content
    else:
        if found.text_id is not None:
            _watch(_phases_in_redis(services, found.text_id), say)
        content = explained_body(services, services.llm(question.request), found.facts)
    decoded: dict[str, Any] = jsonlib.loads(content)
    return decoded


def over_http(url: str, question: Question, say: Say) -> dict[str, Any]:
    """Ask an API, and ask again while it is still writing.

    Raises:
        InvalidInputError: it refuses the question or does not know the symbol, or is no API of ours.
        RunAbortedError: it is not configured to answer.
        RetryableError: it is away, cannot have the text written, or takes too long.
    """
    path = f"{url}/api/v1/analysis/{quote(question.symbol, safe='')}/llm"
    asked = {name: value for name, value in question.request.items() if name != "symbol"}
    if question.provider is None:
        _watch(_phases_of_stream(f"{path}/stream?language={question.language}"), say)
    deadline = time.monotonic() + _GIVE_UP_SECONDS
    status, answer = _fetch(path, asked)
    while status == HTTPStatus.ACCEPTED:
        if time.monotonic() > deadline:
            raise RetryableError(f"the text about {question.symbol} is still being written; ask again later")
        time.sleep(_POLL_SECONDS)
        status, answer = _fetch(f"{path}/{answer['location'].rsplit('/', 1)[1]}")
    return answer


def _fetch(url: str, content: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    """Status and JSON of a GET, or of a POST of `content`."""
    data = None if content is None else jsonlib.dumps(content).encode()
    try:
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - the user's own
        with urllib.request.urlopen(request, timeout=_HTTP_SECONDS) as answer:  # noqa: S310
            return answer.status, jsonlib.load(answer)
    except urllib.error.HTTPError as error:
        raise _problem(error) from None
    except ValueError as error:
        raise InvalidInputError(f"{url} is no API of Stock AI: {error}") from None
    except OSError as error:
        raise RetryableError(f"{url} does not answer: {getattr(error, 'reason', error)}") from None


def _problem(error: urllib.error.HTTPError) -> StockAIError:
    """A problem document as the error that it tells of."""
    try:
        problem = jsonlib.load(error)
        kind, detail = problem["type"].rsplit(":", 1)[-1], problem["detail"]
    except (ValueError, LookupError, TypeError):
        return RetryableError(f"{error.url} answered {error.code} {error.reason}")
    if kind == "llm-misconfigured":
        return RunAbortedError(detail)
    return InvalidInputError(detail) if error.code in (400, 404, 422) else RetryableError(detail)


def _watch(phases: Iterable[str], say: Say) -> None:
    """Show phases as they come. They are for the eye: an answer waits for none of them, nor fails with them."""

    def show() -> None:
        with suppress(OSError, ValueError, HTTPException, StockAIError):
            for phase in phases:
                say(phase)

    threading.Thread(target=show, name="phases", daemon=True).start()


def _phases_of_stream(url: str) -> Iterator[str]:
    with urllib.request.urlopen(url, timeout=_HTTP_SECONDS) as stream:  # noqa: S310 - the user's own URL
        for line in stream:
            if line.startswith(b'data: {"phase": '):
                yield jsonlib.loads(line.removeprefix(b"data: "))["phase"]


def _phases_in_redis(services: Services, text_id: str) -> Iterator[str]:
    deadline = time.monotonic() + _GIVE_UP_SECONDS
    while time.monotonic() < deadline:
        with suppress(LeadGoneError):
            for event in services.llm_flights.follow(text_id, _GIVE_UP_SECONDS):
                if event.event == "phase":
                    yield event.data["phase"]
            return
        time.sleep(_BEGIN_SECONDS)


def rendered(answer: dict[str, Any]) -> Group:
    """An answer for a terminal. Text of others is never taken for markup."""
    title = f"{answer['symbol']} at the close of {answer['as_of']}: {answer['stance']}"
    sure = f"confidence {answer['stance_confidence']}, horizon {answer['horizon']}"
    parts: list[Any] = [Text(f"{title} ({sure}){' (SIMULATED)' if answer['simulated'] else ''}", style="bold")]
    parts += [Text(""), Text(answer["summary"])]
    for name in ("drivers", "risks"):
        if answer[name]:
            parts += [Text(f"\n{name.capitalize()}", style="bold"), *(Text(f"- {each}") for each in answer[name])]
    if answer["levels"]:
        table = _table("Levels", "kind", "level", "price")
        for level in answer["levels"]:
            table.add_row(Text(level["kind"]), Text(level["name"]), _figure(level["price"]))
        parts += [Text(""), table]
    if answer["cited"]:
        table = _table("Sources", "fact", "value", "unit", "date", "used in")
        for fact in answer["cited"]:
            used = ", ".join(fact["cited_in"])
            table.add_row(*map(Text, (fact["name"], _figure(fact["value"]), fact["unit"], fact["date"], used)))
        parts += [Text(""), table]
    return Group(*parts, Text(f"\n{_origin(answer)}", style="dim"), Text(answer["disclaimer"], style="dim"))


def _origin(answer: dict[str, Any]) -> str:
    usage = answer["usage"]
    cost = f"{usage['cost_usd']:.4f} USD for {usage['calls']} calls" if usage["calls"] else "free"
    return (
        f"By {answer['provider']} ({answer['model']}, {answer['prompt_version']}), {_SERVED[answer['served']]};"
        f" {_age(answer['age_seconds'])} old; {cost}."
    )


def _age(seconds: int) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _figure(value: object) -> str:
    return f"{value:,}" if isinstance(value, (int, float)) else str(value)


def _table(title: str, *columns: str) -> Table:
    return Table(*columns, title=title, title_justify="left", title_style="bold")
