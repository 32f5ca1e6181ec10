"""What one run of the pipeline did, for people and for scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass
class RunSummary:
    """Counts of one run. `read == stored + unchanged + sum(quarantined)` when every record came through."""

    source: str
    read: int = 0
    published: int = 0
    stored: int = 0
    unchanged: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    analyses: int = 0
    insights: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add_consumed(self, response: Mapping[str, Any]) -> None:
        """Add one answer of kafka_consumer."""
        self.stored += response["stored"]
        self.unchanged += response["unchanged"]
        self.quarantined.update(response["quarantined"])

    def forget_consumed(self) -> None:
        """Count from zero again, for a run whose collection starts anew."""
        self.stored = self.unchanged = 0
        self.quarantined.clear()

    @property
    def consumed(self) -> int:
        """Records that came through the consumer."""
        return self.stored + self.unchanged + self.quarantined.total()

    def as_json(self) -> dict[str, Any]:
        """The object of `stock-ai up --once --json`; its form is a contract that scripts rely on."""
        return {
            "source": self.source,
            "bars": {
                "read": self.read,
                "published": self.published,
                "stored": self.stored,
                "unchanged": self.unchanged,
                "quarantined": dict(sorted(self.quarantined.items())),
            },
            "analyses": self.analyses,
            "insights": self.insights,
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
        }

    def show(self, console: Console) -> None:
        """Print a table and what is worth saying."""
        table = Table(title=f"Source: {self.source}", title_justify="left", show_header=False)
        table.add_column(justify="right", style="bold")
        table.add_column()
        for count, what in (
            (self.read, "bars read"),
            (self.published, "published"),
            (self.stored, "stored, new or changed"),
            (self.unchanged, "unchanged"),
            *((count, f"quarantined: {reason}") for reason, count in sorted(self.quarantined.items())),
            (self.analyses, "symbols analysed"),
            (self.insights, "insights"),
        ):
            table.add_row(f"{count:,}", what)
        console.print(table)
        console.print("  ".join(f"{stage} {seconds:.1f} s" for stage, seconds in self.seconds.items()), style="dim")
        for note in self.notes:
            console.print(f"[yellow]{note}[/yellow]")
