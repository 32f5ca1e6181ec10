"""Logins at real clients: a password rotated at Valkey, kafka-python's first bytes, a MongoDB that refuses."""

from __future__ import annotations

import uuid
from urllib.parse import urlsplit

import pytest
import redis
from botocore.exceptions import ClientError, ConnectTimeoutError
from kafka.net.sasl import get_sasl_mechanism
from pymongo.errors import OperationFailure

from stock_ai import secrets
from stock_ai.errors import InvalidInputError, RetryableError
from stock_ai.keeping import kept
from stock_ai.settings import KafkaSettings, MongoSettings, RedisSettings
from stock_ai.storage.mongo import database, translated
from stock_ai.storage.redis_client import redis_client as connect
from stock_ai.streaming.client import client_options


@pytest.fixture
def login(redis_client):
    """Sets the password of a user of Valkey; the user is gone afterwards."""
    user = f"u{uuid.uuid4().hex[:8]}"

    def rotate(password):
        redis_client.execute_command("ACL", "SETUSER", user, "on", "resetpass", f">{password}", "~*", "+@all")
        return user

    yield rotate
    redis_client.execute_command("ACL", "DELUSER", user)


def test_a_warm_process_takes_up_a_rotated_password_after_one_refusal(secrets_manager, monkeypatch, login, redis_url):
    parts = urlsplit(redis_url)
    user = login("old-hush")
    monkeypatch.setenv("REDIS_URL", f"redis://{user}@{parts.hostname}:{parts.port}{parts.path}")
    secrets_manager.create_secret(Name="valkey", SecretString="old-hush")
    monkeypatch.setenv("REDIS_PASSWORD_SECRET", "valkey")
    build = kept(lambda: connect(RedisSettings.load()))
    first = build()
    assert first.ping()

    login("new-hush")
    first.connection_pool.disconnect()
    with pytest.raises(redis.AuthenticationError):
        first.ping()
    assert build() is first, "nothing was rotated in Secrets Manager yet"

    secrets_manager.put_secret_value(SecretId="valkey", SecretString="new-hush")
    with pytest.raises(redis.AuthenticationError) as caught:
        first.ping()
    assert "hush" not in str(caught.value)
    assert build() is not first
    assert build().ping()


@pytest.mark.parametrize(("code", "times"), [(18, 1), (8000, 1), (13, 0)])
def test_mongodb_refusing_a_login_has_the_secrets_read_again(secrets_manager, monkeypatch, code, times):
    secrets_manager.create_secret(Name="uri", SecretString="mongodb://db.example")
    monkeypatch.setenv("MONGODB_URI_SECRET", "uri")
    built = []
    build = kept(lambda: built.append(MongoSettings.load()))
    build()
    secrets_manager.put_secret_value(SecretId="uri", SecretString="mongodb://other.example")
    with pytest.raises(RetryableError, match=f"code {code}"), translated():
        raise OperationFailure("Authentication failed.", code)
    build()
    assert len(built) == 1 + times


def test_user_and_password_beside_the_uri_reach_the_driver():
    settings = MongoSettings.model_validate(
        {"MONGODB_URI": "mongodb://db.example", "MONGODB_USERNAME": "u", "MONGODB_PASSWORD": "h@sh/"}
    )
    client = database(settings).client
    credentials = client.options.pool_options._credentials
    assert (credentials.username, credentials.password) == ("u", "h@sh/")
    client.close()


def test_a_certificate_file_that_is_absent_is_a_wrong_setting():
    settings = MongoSettings.model_validate(
        {"MONGODB_URI": "mongodb://u:hush@db.example/?tls=true&tlsCAFile=/no/ca.pem"}
    )
    with pytest.raises(InvalidInputError, match="MONGODB_URI names a certificate file") as caught:
        database(settings)
    assert "hush" not in str(caught.value)


def _refusal(code, status):
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetSecretValue")


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (_refusal("ThrottlingException", 400), RetryableError),
        (_refusal("Other", 503), RetryableError),
        (ConnectTimeoutError(endpoint_url="https://secrets.example"), RetryableError),
        (_refusal("AccessDeniedException", 400), InvalidInputError),
    ],
)
def test_what_secrets_manager_says_decides_whether_to_try_again(secrets_manager, monkeypatch, failure, expected):
    def fail(**_):
        raise failure

    monkeypatch.setattr(secrets._provider().client, "get_secret_value", fail)
    monkeypatch.setenv("MONGODB_URI_SECRET", "arn:held")
    with pytest.raises(expected, match="arn:held"):
        MongoSettings.load()


def test_a_secret_is_asked_for_once_however_many_settings_it_holds(secrets_manager, monkeypatch):
    secrets_manager.create_secret(Name="login", SecretString='{"username": "u", "password": "p"}')
    client, asked = secrets._provider().client, []
    ask = client.get_secret_value
    monkeypatch.setattr(client, "get_secret_value", lambda **given: asked.append(given) or ask(**given))
    monkeypatch.setenv("MONGODB_URI", "mongodb://db.example")
    monkeypatch.setenv("MONGODB_USERNAME_SECRET", "login#username")
    monkeypatch.setenv("MONGODB_PASSWORD_SECRET", "login#password")
    MongoSettings.load()
    MongoSettings.load()
    assert len(asked) == 1


@pytest.mark.parametrize(("security", "begins"), [("iam", b'{"version":"2020_10_22"'), ("scram", b"n,,n=u,r=")])
def test_kafka_python_takes_the_options(monkeypatch, security, begins):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    options = client_options(
        KafkaSettings.model_validate(
            {
                "KAFKA_BOOTSTRAP_SERVERS": "b1:9096",
                "KAFKA_SECURITY": security,
                "KAFKA_USERNAME": "u",
                "KAFKA_PASSWORD": "p",
            }
        )
    )
    mechanism = get_sasl_mechanism(options["sasl_mechanism"])(host="b1", **options)
    assert mechanism.auth_bytes().startswith(begins)
