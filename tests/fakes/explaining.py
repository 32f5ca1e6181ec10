"""The explaining service with its ports in memory, and language models that answer as they are told."""

from __future__ import annotations

import datetime as dt
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from types import SimpleNamespace

from functions.llm_analysis.authors import Authors
from functions.llm_analysis.draft import Draft
from functions.llm_analysis.facts import Fact, FactSheet
from functions.llm_analysis.provider import Reply
from functions.llm_analysis.service import Explainer
from stock_ai.errors import BudgetSpentError, NotFoundError, RetryableError
from stock_ai.llm_engines import Engine
from stock_ai.models.llm import LlmUsage
from stock_ai.settings import LlmProviderName
from stock_ai.storage.flights import FlightEvent, LeadGoneError
from stock_ai.storage.llm_usage import Hold
from tests.fakes.clock import FixedClock
from tests.fakes.publisher import RecordingPublisher

NOW = dt.datetime(2025, 8, 25, 9, 0, tzinfo=dt.UTC)
DAY = dt.date(2025, 8, 22)
USED = LlmUsage(calls=1, input_tokens=2000, output_tokens=500)

ANTHROPIC = Engine(LlmProviderName.ANTHROPIC, "claude-sonnet-4-5")
OPENAI = Engine(LlmProviderName.OPENAI, "gpt-5-mini")


def make_sheet(symbol="FPT", analysis_id="ai-1", simulated=False) -> FactSheet:
    return FactSheet(
        symbol=symbol,
        as_of=DAY,
        analysis_id=analysis_id,
        close=99_000,
        simulated=simulated,
        facts=(
            Fact("close", "Close as traded", 99_000, "VND", DAY),
            Fact("return_5", "Return over 5 sessions", 3.2, "%", DAY, direction=1),
            Fact("rsi_14", "RSI over 14 sessions", 71.5, "", DAY),
            Fact("level.low_20", "Lowest price of 20 sessions", 95_000, "VND", DAY),
        ),
    )


def statement(text, *facts):
    return {"text": text, "facts": list(facts)}


CLOSED = statement("{symbol} closed at 99,000 VND.", "close")
ROSE = statement("It rose 3.2% in 5 sessions.", "return_5")
HOT = statement("RSI stands at 71.5.", "rsi_14")
WRONG = statement("RSI stands at 37.5.", "rsi_14")
ALSO_WRONG = statement("{symbol} closed at 88,000 VND.", "close")


def make_draft(summary=(CLOSED,), drivers=(ROSE,), risks=(HOT,), symbol="FPT", **changes) -> Draft:
    parts = {"summary": summary, "drivers": drivers, "risks": risks}
    said = {
        part: [{**each, "text": each["text"].format(symbol=symbol)} for each in statements]
        for part, statements in parts.items()
    }
    rest = {
        "levels": [{"kind": "support", "fact": "level.low_20"}],
        "stance": "bullish",
        "stance_confidence": "low",
        "horizon": "days",
    }
    return Draft.model_validate(said | rest | changes)


@dataclass
class Scripted:
    """A `Provider` that gives its answers in turn, the last one again and again; an error is raised.

    An answer may be a function of the brief. A draft is told piece by piece beforehand, as it would be streamed.
    """

    answers: list
    name: str = "anthropic"
    model: str = ANTHROPIC.model
    briefs: list = field(default_factory=list)
    before: object = None
    """Called before each answer."""
    used: LlmUsage = USED
    lock: object = field(default_factory=threading.Lock)

    def write(self, brief, on_text):
        with self.lock:
            self.briefs.append(brief)
            answer = self.answers[min(len(self.briefs), len(self.answers)) - 1]
        if callable(answer):
            answer = answer(brief)
        if self.before is not None:
            self.before()
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, str):
            return Reply(None, answer, self.used)
        text = answer.model_dump_json()
        for end in range(40, len(text), 40):
            on_text(text[:end])
        return Reply(answer, None, self.used)


@dataclass
class _Away:
    """Fails as an absent server does while it is `down`."""

    down: bool = False

    def _reach(self):
        if self.down:
            raise RetryableError("Redis: ConnectionError")


@dataclass
class MemoryTexts(_Away):
    """Implements the service's `Texts`."""

    kept: dict = field(default_factory=dict)
    newest: dict = field(default_factory=dict)

    def get(self, symbol, text_id):
        self._reach()
        return self.kept.get((symbol, text_id))

    def latest(self, symbol, language):
        self._reach()
        return self.newest.get((symbol, language))

    def put(self, text, latest):
        self._reach()
        self.kept[text.symbol, text.analysis_id] = text
        if latest:
            self.newest[text.symbol, text.language] = text


@dataclass
class MemoryLead:
    """Implements the service's `Lead`; `lost` makes it one that another has taken over."""

    flights: MemoryFlights
    text_id: str
    lost: bool = False

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.flights.leads.pop(self.text_id, None)

    def emit(self, event, data):
        if self.lost:
            raise LeadGoneError("taken over")
        self.flights.events.append((event, dict(data)))

    def done(self, explained):
        self.emit("done", explained.model_dump(mode="json"))

    def failed(self, error):
        self.emit("failed", {"kind": type(error).__name__, "message": str(error), "retry_after": None})


@dataclass
class MemoryFlights(_Away):
    """Implements the service's `Flights`; `others` are what followers of somebody else's flight see, in turn."""

    events: list = field(default_factory=list)
    leads: dict = field(default_factory=dict)
    others: list = field(default_factory=list)

    def lead(self, text_id):
        self._reach()
        if self.others:
            return None
        return self.leads.setdefault(text_id, MemoryLead(self, text_id))

    def follow(self, text_id, timeout_seconds):
        self._reach()
        happened = self.others.pop(0)
        if isinstance(happened, Exception):
            raise happened
        yield FlightEvent("1-0", *happened)

    def told(self, event):
        return [data for name, data in self.events if name == event]


@dataclass
class MemoryUsage(_Away):
    """Implements the service's `UsageStore`; money is that of one day."""

    budget: float = 1.0
    held: float = 0.0
    spent: float = 0.0
    settled: list = field(default_factory=list)
    counts: dict = field(default_factory=lambda: defaultdict(int))

    def reserve(self, upper_bound_usd):
        self._reach()
        if self.spent + self.held + upper_bound_usd > self.budget:
            raise BudgetSpentError("the budget is spent", 1800)
        self.held += upper_bound_usd
        return Hold(DAY, round(upper_bound_usd * 1e6))

    def settle(self, hold, provider, model, usage, failed=False):
        self._reach()
        self.held = round(self.held - hold.micro_usd / 1e6, 5)
        self.spent += usage.cost_usd
        self.settled.append((provider, usage, failed))

    def count(self, provider, model, counter, by=1):
        self._reach()
        self.counts[provider, counter.value] += by


@dataclass
class Sheets:
    """Implements the service's `ContextSource`: knows FPT and whatever else it is given."""

    known: dict = field(default_factory=lambda: {"FPT": make_sheet()})

    def sheet(self, symbol):
        if symbol not in self.known:
            raise NotFoundError(f"symbol {symbol} has no analysis to explain")
        return self.known[symbol]


def explaining(*providers, chain=None, **given):
    """An `Explainer` around providers, asked in this order; its ports are attributes beside it."""
    asked = {LlmProviderName(provider.name): provider for provider in providers}
    ports = {
        "context": Sheets(),
        "texts": MemoryTexts(),
        "flights": MemoryFlights(),
        "usage": MemoryUsage(),
        "publisher": RecordingPublisher(),
        "clock": FixedClock(NOW),
    } | given
    reports = []
    explainer = Explainer(
        chain=chain or tuple(Engine(name, provider.model) for name, provider in asked.items()),
        models={name: provider.model for name, provider in asked.items()},
        authors=Authors(asked, ports["usage"], tries=2),
        report=reports.append,
        **ports,
    )
    return SimpleNamespace(explain=explainer.explain, reports=reports, **ports)
