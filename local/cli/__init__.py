"""`stock-ai`: the command line of a local run."""

from local.cli.app import main

__all__ = ["main"]
