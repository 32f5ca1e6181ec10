"""The servers for LocalStack with Docker: pinned, watched, and where the stacks and this machine look for them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from infra.context import Context

FILE = Path(__file__).resolve().parents[2] / "docker-compose.localstack.yml"


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load(FILE.read_text())


def test_every_image_is_pinned_and_every_service_has_a_health_check(compose):
    assert set(compose["services"]) == {"localstack", "kafka", "mongodb", "redis"}
    for name, service in compose["services"].items():
        assert re.fullmatch(r"[a-z/]+:\d+\.\d+\.\d+(-[a-z]+)?", service["image"]), name
        assert service["healthcheck"]["test"], name
        assert service["networks"] == ["stock-ai"], name
    assert compose["services"]["localstack"]["image"] == "localstack/localstack:4.14.0"


def test_functions_find_the_servers_where_the_stacks_look_for_them(compose):
    context = Context.read({"target": "localstack"}.get)
    services = compose["services"]
    assert services["localstack"]["environment"]["LAMBDA_DOCKER_NETWORK"] == compose["networks"]["stock-ai"]["name"]
    assert f"FUNCTIONS://{context.kafka}" in services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    for url, port in ((context.mongodb, 27017), (context.redis, 6379)):
        host = re.fullmatch(rf"[a-z]+://([a-z]+):{port}", url)[1]
        assert host in services


def test_ports_are_open_to_this_machine_only_and_lead_to_the_advertised_listener(compose):
    ports = [port for service in compose["services"].values() for port in service["ports"]]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert ports == [f"127.0.0.1:{port}:{port}" for port in (4566, 29092, 27017, 6379)]
    assert "MACHINE://localhost:29092" in compose["services"]["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]


def _command() -> list[str] | None:
    if shutil.which("docker"):
        plugin = ["docker", "compose"]
        if subprocess.run([*plugin, "version"], capture_output=True, check=False).returncode == 0:
            return plugin
    return ["docker-compose"] if shutil.which("docker-compose") else None


def test_compose_itself_takes_the_file():
    command = _command()
    if command is None:
        pytest.skip("neither `docker compose` nor docker-compose is installed; no engine is needed for this")
    run = subprocess.run([*command, "-f", str(FILE), "config", "--quiet"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
