"""What each function takes on Lambda, against Lambda's limit and our own budgets. `python -m infra.packaging.sizes`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from infra import topology
from infra.packaging.archives import unzipped_bytes
from infra.packaging.functions import function_archive
from infra.packaging.layers import ARCHITECTURES, layer_archive
from stock_ai.errors import InvalidInputError, StockAIError

MB = 1024 * 1024
"""As Lambda counts: its 250 MB are 262,144,000 bytes."""

LIMIT_MB = 250
"""AWS Lambda developer guide, "Quotas": function and layers together, unzipped."""

BUDGETS_MB = {"api": 95, "data_collector": 200, "ai_analysis": 240, "model_training": 240}
"""Stricter limits of our own; any other function has Lambda's."""


@dataclass(frozen=True, slots=True)
class Size:
    """Unzipped bytes of one function with its layers."""

    function: str
    code: int
    layers: dict[str, int]

    @property
    def total(self) -> int:
        """Code and layers, in bytes."""
        return self.code + sum(self.layers.values())

    @property
    def limit_mb(self) -> int:
        """What it may take, in MB."""
        return min(LIMIT_MB, BUDGETS_MB.get(self.function, LIMIT_MB))

    @property
    def ok(self) -> bool:
        """Whether it keeps its limit."""
        return self.total <= self.limit_mb * MB


def sizes(arch: str) -> list[Size]:
    """The size of every function, building what is not built yet.

    Raises:
        RunAbortedError: a tool failed or a file is missing; the message says which.
    """
    return [
        Size(
            function.name,
            unzipped_bytes(function_archive(function)),
            {name: unzipped_bytes(layer_archive(name, arch)) for name in function.layers},
        )
        for function in topology.FUNCTIONS
    ]


def table(measured: Sequence[Size], arch: str) -> str:
    """The sizes in MB as text for people."""
    lines = [f"{'function (' + arch + ')':<26}{'MB':>8}{'limit':>7}      of which"]
    for size in measured:
        parts = ", ".join(f"{name} {size_of / MB:.1f}" for name, size_of in {"code": size.code, **size.layers}.items())
        state = "ok" if size.ok else "OVER"
        lines.append(f"{size.function:<26}{size.total / MB:>8.1f}{size.limit_mb:>7}  {state:<4}{parts}")
    return "\n".join(lines)


def check(arch: str) -> None:
    """Nothing when every function keeps its limit.

    Raises:
        InvalidInputError: one does not; the message is the table.
        RunAbortedError: a tool failed or a file is missing; the message says which.
    """
    refuse_over(sizes(arch), arch)


def refuse_over(measured: Sequence[Size], arch: str) -> None:
    """See `check`, for sizes that are known already."""
    over = [size.function for size in measured if not size.ok]
    if over:
        raise InvalidInputError(f"too large for Lambda or its budget: {', '.join(over)}\n{table(measured, arch)}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 when a function is over its limit, 2 when nothing could be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arch", choices=ARCHITECTURES, default="arm64")
    arch = parser.parse_args(arguments).arch
    try:
        measured = sizes(arch)
    except StockAIError as error:
        print(error, file=sys.stderr)
        return 2
    print(table(measured, arch))
    return 0 if all(size.ok for size in measured) else 1


if __name__ == "__main__":
    sys.exit(main())
