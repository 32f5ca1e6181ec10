"""One logger, tracer and metrics object per process. Logs are JSON lines with service, function and request id."""

from __future__ import annotations

from aws_lambda_powertools import Logger, Metrics, Tracer

NAMESPACE = "StockAI"

# The service's name comes from POWERTOOLS_SERVICE_NAME, which infra/topology.py sets per function.
logger = Logger()
tracer = Tracer()
metrics = Metrics(namespace=NAMESPACE)
