"""The check of a text against its facts: every number, date, ticker and direction word. Pure, and free of I/O."""

from functions.llm_analysis.grounding.check import check, check_statement
from functions.llm_analysis.grounding.findings import Fault, FaultKind, Findings

__all__ = ["Fault", "FaultKind", "Findings", "check", "check_statement"]
