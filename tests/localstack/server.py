"""LocalStack without Docker: its own Python 3.13 environment, made from a lock file, and a process of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.embedded.process import HOST, EmbeddedServer

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "tests" / "localstack" / "executor"
BUILT = ROOT / "build" / "localstack"
REGION = "ap-southeast-1"
_UV = str(Path(sys.executable).with_name("uv"))


def install(interpreter: Path) -> None:
    """Make the environment of LocalStack and the folder of Lambda's runtime what the lock file says."""
    project = ("--project", str(PROJECT), "--frozen", "--quiet")
    _run(
        [_UV, "sync", *project, "--python", str(interpreter), "--no-default-groups"],
        UV_PROJECT_ENVIRONMENT=str(BUILT / "venv"),
    )
    requirements = BUILT / "runtime.txt"
    wanted = _run([_UV, "export", *project, "--only-group", "runtime", "--no-header"]).stdout
    if requirements.is_file() and requirements.read_text() == wanted:
        return
    # Written last: what is half done is done again.
    requirements.unlink(missing_ok=True)
    draft = BUILT / "runtime.new"
    draft.write_text(wanted)
    shutil.rmtree(BUILT / "runtime", ignore_errors=True)
    into = ("--python", str(interpreter), "--target", str(BUILT / "runtime"))
    _run([_UV, "pip", "install", "--quiet", "--require-hashes", *into, "-r", str(draft)])
    draft.replace(requirements)


def _run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    run = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"{' '.join(command)}:\n{run.stderr}"
    return run


class LocalStack(EmbeddedServer):
    """Runs functions by the executor in `executor/`, with nothing of the caller's environment."""

    name = "localstack"

    def __init__(self, folder: Path, interpreter: Path) -> None:
        super().__init__(folder)
        self._interpreter = interpreter

    @property
    def address(self) -> str:
        """http://127.0.0.1:PORT"""
        return f"http://{HOST}:{self.port}"

    @property
    def client_environment(self) -> dict[str, str]:
        """What boto3, the CDK and our own commands need to talk to it, and to nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ENDPOINT_URL_S3": self.address,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def _command(self, data: Path) -> list[str]:
        temporary = data / "tmp"
        temporary.mkdir(exist_ok=True)
        settings = {
            "PATH": os.environ["PATH"],
            "HOME": str(data),
            "TMPDIR": str(temporary),
            "FILESYSTEM_ROOT": str(data),
            "GATEWAY_LISTEN": f"{HOST}:{self.port}",
            "DISABLE_EVENTS": "1",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "EAGER_SERVICE_LOADING": "0",
            "LAMBDA_RUNTIME_EXECUTOR": "subprocess",
            "LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT": "60",
            "LAMBDA_RETRY_BASE_DELAY": "1",
            "STOCK_AI_PYTHON313": str(self._interpreter),
            "STOCK_AI_LAMBDA_RUNTIME": str(BUILT / "runtime"),
        }
        python = str(BUILT / "venv" / "bin" / "python")
        variables = [f"{name}={value}" for name, value in settings.items()]
        return ["env", "-i", *variables, python, "-m", "localstack.runtime.main"]

    def _ping(self) -> None:
        with urllib.request.urlopen(f"{self.address}/_localstack/health", timeout=5) as answer:
            health = json.load(answer)
        assert health["services"]["lambda"] in {"available", "running"}, health


@contextmanager
def localstack(folder: Path, interpreter: Path) -> Iterator[LocalStack]:
    """A LocalStack of its own while the body runs."""
    install(interpreter)
    with LocalStack(folder, interpreter) as server:
        yield server
