"""Language models at work: within the budget, checked against the facts, asked to mend their faults once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from functions.llm_analysis import grounding, money, prompts
from functions.llm_analysis.asking import BrokenAnswerError
from functions.llm_analysis.draft import Draft
from functions.llm_analysis.facts import FactSheet
from functions.llm_analysis.finishing import Finished, cleaned, total
from functions.llm_analysis.narration import Narrator, Teller
from functions.llm_analysis.provider import Brief, Provider, Reply
from stock_ai.errors import BudgetSpentError, RetryableError, RunAbortedError
from stock_ai.llm_engines import Engine
from stock_ai.models.llm import Grounding, Language, LlmUsage
from stock_ai.observability import logger
from stock_ai.settings import LlmProviderName
from stock_ai.storage.llm_usage import Counter, Hold


class UsageStore(Protocol):
    """Money and counts by day; see `stock_ai.storage.llm_usage.RedisLlmUsage`."""

    def reserve(self, upper_bound_usd: float) -> Hold:
        """Set aside what a call may cost at most, or raise `BudgetSpentError`."""

    def settle(self, hold: Hold, provider: str, model: str, usage: LlmUsage, failed: bool = False) -> None:
        """Put what was really used in its place."""

    def count(self, provider: str, model: str, counter: Counter, by: int = 1) -> None:
        """Count something else."""


class Attempt(NamedTuple):
    """What came of asking one engine."""

    finished: Finished | None
    usage: LlmUsage
    answered: bool
    """Whether it said anything, usable or not."""
    obstacle: BudgetSpentError | RunAbortedError | None = None
    """What an asker has to be told when nobody else answers."""


class _Call(NamedTuple):
    reply: Reply | None
    usage: LlmUsage


class _Checked(NamedTuple):
    draft: Draft
    findings: grounding.Findings

    @property
    def faulty(self) -> set[str]:
        return {fault.at for fault in self.findings.faults}


class Authors:
    """The language models that are configured, by the name of their provider.

    `tries` is how often a provider asks for one answer before it gives up: each may cost.
    """

    def __init__(self, providers: Mapping[LlmProviderName, Provider], usage: UsageStore, tries: int) -> None:
        self._providers = providers
        self._usage = usage
        self._tries = tries

    def ask(self, engine: Engine, sheet: FactSheet, language: Language, teller: Teller, latest_call: float) -> Attempt:
        """Let an engine write about the facts, telling of it meanwhile.

        There is no repair when it would begin after `latest_call` (monotonic time).

        Raises:
            RetryableError: Redis is away, or somebody else has taken over (`LeadGoneError`).
        """
        narrator = Narrator(teller, sheet)
        brief = prompts.brief(sheet, language)
        teller.emit("phase", {"phase": "writing"})
        try:
            reply, usage = self._call(engine, brief, narrator)
        except (BudgetSpentError, RunAbortedError) as obstacle:
            logger.warning("author could not be asked", extra={"provider": engine.provider, "fault": str(obstacle)})
            return Attempt(None, LlmUsage(), answered=False, obstacle=obstacle)
        if reply is None or reply.draft is None:
            return Attempt(None, usage, answered=reply is not None)
        teller.emit("phase", {"phase": "checking"})
        first = _Checked(reply.draft, grounding.check(reply.draft, sheet))
        faults = first.findings.faults
        repaired = bool(faults) and time.monotonic() <= latest_call
        answers = [first]
        if repaired:
            teller.emit("phase", {"phase": "repairing"})
            self._usage.count(engine.provider, engine.model, Counter.REPAIRS)
            told = [fault.message for fault in faults]
            second, more = self._mended(engine, prompts.repaired(brief, first.draft, told), sheet, narrator)
            usage = total([usage, more])
            if second is not None:
                # In front: of two that are equally good, the mended one.
                answers.insert(0, second)
        whole = [(answer, result) for answer in answers if (result := cleaned(answer.draft, answer.faulty)) is not None]
        if not whole:
            logger.warning("too little of the text is borne by facts", extra={"faults": len(faults)})
            return Attempt(None, usage, answered=True)
        best, result = min(whole, key=lambda pair: len(pair[0].faulty))
        narrator.finish(best.draft, best.faulty)
        if result.removed:
            self._usage.count(engine.provider, engine.model, Counter.REMOVED_SENTENCES, len(result.removed))
        found = Grounding(
            claims=first.findings.claims,
            faults=len(faults),
            repaired=repaired,
            removed=list(result.removed),
        )
        return Attempt(Finished(result.draft, found, usage), usage, answered=True)

    def _mended(
        self, engine: Engine, brief: Brief, sheet: FactSheet, narrator: Narrator
    ) -> tuple[_Checked | None, LlmUsage]:
        """The second answer, checked; None where there is none, and the first one has to do."""
        try:
            reply, usage = self._call(engine, brief, narrator)
        except (BudgetSpentError, RunAbortedError) as error:
            logger.warning("no repair", extra={"provider": engine.provider, "fault": str(error)})
            return None, LlmUsage()
        if reply is None or reply.draft is None:
            return None, usage
        return _Checked(reply.draft, grounding.check(reply.draft, sheet)), usage

    def _call(self, engine: Engine, brief: Brief, narrator: Narrator) -> _Call:
        """One paid call; without a reply where the provider is away.

        Raises:
            BudgetSpentError: it is not asked.
            RunAbortedError: it refuses this installation.
            RetryableError: Redis is away.
        """
        provider = self._providers[engine.provider]
        hold = self._usage.reserve(money.upper_bound(brief, engine.model, self._tries))
        reply: Reply | None = None
        used = LlmUsage(calls=1)
        try:
            reply = provider.write(brief, narrator)
            used = reply.usage
        except RetryableError as error:
            if isinstance(error, BrokenAnswerError):
                used = error.usage
            logger.warning("provider is away", extra={"provider": engine.provider, "fault": str(error)})
        finally:
            used = used.model_copy(update={"cost_usd": money.cost(used, engine.model)})
            self._usage.settle(hold, engine.provider, engine.model, used, failed=reply is None)
        if reply is not None and reply.fault is not None:
            logger.warning("no usable answer", extra={"provider": engine.provider, "fault": reply.fault})
        return _Call(reply, used)
