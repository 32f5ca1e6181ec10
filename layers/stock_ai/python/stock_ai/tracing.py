"""One tracer per process, for functions that send spans of their own to X-Ray."""

from __future__ import annotations

from aws_lambda_powertools.tracing import Tracer

# Patching every library that X-Ray knows would import them all at the start.
tracer = Tracer(auto_patch=False)
