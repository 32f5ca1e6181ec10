"""Handlers that a worker process runs in tests: each shows one thing that can happen inside a Lambda function."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from stock_ai.errors import RetryableError
from stock_ai.observability import logger, metrics
from stock_ai.tracing import tracer


def echo(event, context):
    print("echo was called")
    return {
        "event": event,
        "request_id": context.aws_request_id,
        "remaining_ms": context.get_remaining_time_in_millis(),
        "memory": context.memory_limit_in_mb,
        "arn": context.invoked_function_arn,
        "log_group": context.log_group_name,
        "pid": os.getpid(),
    }


def environment(event, context):
    return dict(os.environ)


def fail(event, context):
    raise RetryableError("MongoDB is away")


def crash(event, context):
    os.kill(os.getpid(), signal.SIGKILL)


def leave(event, context):
    raise SystemExit(7)


def answer_with_a_set(event, context):
    return {1, 2}


def sleep(event, context):
    """Sleeps `seconds`, after touching `started`, with a child process of its own whose pid it writes there."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    draft = Path(event["started"] + ".new")
    draft.write_text(f"{os.getpid()} {child.pid}")
    draft.replace(event["started"])
    time.sleep(event.get("seconds", 300))


def sleep_when_asked(event, context):
    time.sleep(event.get("seconds", 0))
    return os.getpid()


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def observed(event, context):
    logger.info("observed")
    return context.aws_request_id
