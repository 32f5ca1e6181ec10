"""The stacks in a LocalStack, with servers beside it, and what a test does to them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra import topology
from infra.context import machine_arch
from local.events import ACCOUNT
from tests.localstack.server import REGION, ROOT, LocalStack

_CDKLOCAL = str(ROOT / "node_modules" / ".bin" / "cdklocal")
_COMMAND = str(Path(sys.executable).with_name("stock-ai"))


@dataclass(frozen=True, slots=True)
class Servers:
    """Kafka, MongoDB and Redis, as seen from this machine."""

    kafka: str
    mongodb: str
    redis: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """Stacks that were deployed."""

    server: LocalStack
    servers: Servers
    aws: Callable[[str], Any]

    def output(self, stack: str, name: str) -> str:
        """An output of a stack."""
        described = self.aws("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}[name]

    def invoke(self, name: str, event: Mapping[str, Any]) -> Any:
        """The answer of a function; an error it ends with fails the test."""
        function = topology.function(name).deployed_name
        answer = self.aws("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
        content = json.load(answer["Payload"])
        assert "FunctionError" not in answer, f"{name}: {content}"
        return content

    def get(self, path: str) -> tuple[int, Any]:
        """Status and JSON body that the deployed REST API answers with."""
        root = f"{self.server.address}/_aws/execute-api/{self.output('StockAi-Api', 'ApiId')}/v1"
        try:
            with urllib.request.urlopen(f"{root}{path}", timeout=60) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def triggers(self, *arguments: str) -> subprocess.Popen[str]:
        """`stock-ai triggers`, started."""
        environment = self.server.client_environment | {
            "KAFKA_BOOTSTRAP_SERVERS": self.servers.kafka,
            "MONGODB_URI": self.servers.mongodb,
            "REDIS_URL": self.servers.redis,
            "COLUMNS": "200",
        }
        return subprocess.Popen(
            [_COMMAND, "triggers", *arguments],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def triggers_once(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of a run that ends by itself."""
        with self.triggers("--once", "--json", *arguments) as process:
            try:
                output, errors = process.communicate(timeout=240)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return process.returncode, output, errors


def deploy(server: LocalStack, servers: Servers, aws: Callable[[str], Any], folder: Path) -> Deployment:
    """Bootstrap and deploy every stack of the target localstack; `folder` takes the synthesised templates."""
    context = {
        "target": "localstack",
        "arch": machine_arch(),
        "kafka": servers.kafka,
        "mongodb": servers.mongodb,
        "redis": servers.redis,
    }
    given = [part for name, value in context.items() for part in ("-c", f"{name}={value}")]
    environment = server.client_environment | {
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        # cdklocal drops the caller's variables for AWS but for these, and would deploy to us-east-1.
        "AWS_ENVAR_ALLOWLIST": "AWS_REGION,AWS_DEFAULT_REGION",
    }
    app = f"{sys.executable} -m infra.app"
    _run([_CDKLOCAL, "synth", "--quiet", "--app", app, "--output", str(folder), *given], environment)
    _run([_CDKLOCAL, "bootstrap", f"aws://{ACCOUNT}/{REGION}", "--app", str(folder)], environment)
    straight = ("--require-approval", "never", "--method", "direct")
    _run([_CDKLOCAL, "deploy", "--all", *straight, "--app", str(folder)], environment)
    return Deployment(server, servers, aws)


def _run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-4000:]}\n{done.stderr[-8000:]}"
    return done
