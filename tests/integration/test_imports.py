"""What an import brings with it, each in a process of its own: it is paid at every cold start."""

from __future__ import annotations

import os
import subprocess
import sys


def test_importing_the_door_imports_nothing_heavy_and_connects_to_nothing():
    """Without any setting."""
    probe = "import sys, api.handler; print('\\n'.join(sys.modules))"
    environment = {name: value for name, value in os.environ.items() if not name.endswith(("_URI", "_URL", "_SERVERS"))}
    run = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, env=environment, timeout=60
    )
    heavy = {
        "anthropic",
        "sklearn",
        "talib",
        "pyarrow",
        "numpy",
        "kafka",
        "boto3",
        "openai",
        "pandas",
        "limits",
        "brotli",
        "httpx",
    }
    heavy |= {"pymongo", "bson", "redis", "aws_xray_sdk", "pydantic_settings", "stock_ai.secrets"}
    heavy |= {"stock_ai.ports", "stock_ai.quality.report"}
    assert not heavy & set(run.stdout.split())


def test_a_route_makes_only_the_store_it_uses():
    """A kept text needs Redis and no MongoDB, whose driver takes 50 ms to import; without Redis an insight needs it."""
    probe = """
import sys
from fastapi.testclient import TestClient
from api.app import create_app
from api.services import LlmTerms
from api.wiring import connect
from stock_ai.settings import KafkaSettings, LlmSettings, MongoSettings, RedisSettings
client = TestClient(create_app(connect(
    MongoSettings(MONGODB_URI="mongodb://127.0.0.1:1"),
    RedisSettings(REDIS_URL="redis://127.0.0.1:1"),
    KafkaSettings(KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1"),
    None,
    LlmSettings(),
    LlmTerms(),
)))
assert client.get("/").status_code == 200
assert not {"pymongo", "redis", "kafka"} & set(sys.modules)
assert client.post("/api/v1/analysis/FPT/llm").status_code == 503
assert "redis" in sys.modules
assert not {"pymongo", "kafka", "limits", "anthropic", "openai", "boto3"} & set(sys.modules)
assert client.get("/api/v1/analysis/FPT/insight").status_code == 503
assert "pymongo" in sys.modules
"""
    subprocess.run([sys.executable, "-c", probe], check=True, timeout=60)


def test_importing_the_sources_does_not_import_arrow():
    code = "import sys, stock_ai.sources.registry; sys.exit('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
