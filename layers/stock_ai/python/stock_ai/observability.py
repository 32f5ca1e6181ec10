"""One logger and one metrics object per process. Logs are JSON lines with service, function and request id.

The tracer is in `stock_ai.tracing`: its library alone makes an import of 0.4 s, which the API does without.
"""

from __future__ import annotations

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics

NAMESPACE = "StockAI"

# The service's name comes from POWERTOOLS_SERVICE_NAME, which infra/topology.py sets per function.
logger = Logger()
metrics = Metrics(namespace=NAMESPACE)
