"""Settings that refer to Secrets Manager (moto), and what a rotated secret does."""

from __future__ import annotations

import json

import pytest

from stock_ai import secrets
from stock_ai.errors import InvalidInputError
from stock_ai.keeping import kept
from stock_ai.settings import KafkaSettings, LlmSettings, MongoSettings
from stock_ai.streaming.client import client_options

URI = "mongodb://someone:hush@db.example:27017"


def test_a_setting_is_the_text_of_the_secret_it_refers_to(secrets_manager, monkeypatch):
    monkeypatch.setenv("MONGODB_URI_SECRET", secrets_manager.create_secret(Name="uri", SecretString=URI)["ARN"])
    assert MongoSettings.load().uri.get_secret_value() == URI


def test_one_key_of_a_json_secret(secrets_manager, monkeypatch):
    secrets_manager.create_secret(Name="login", SecretString=json.dumps({"username": "u", "password": "p"}))
    monkeypatch.setenv("MONGODB_URI", "mongodb://db.example:27017")
    monkeypatch.setenv("MONGODB_USERNAME_SECRET", "login#username")
    monkeypatch.setenv("MONGODB_PASSWORD_SECRET", "login#password")
    settings = MongoSettings.load()
    assert (settings.username, settings.password.get_secret_value()) == ("u", "p")


def test_an_empty_key_means_not_given(secrets_manager, monkeypatch):
    secrets_manager.create_secret(Name="llm", SecretString=json.dumps({"anthropic_api_key": ""}))
    monkeypatch.setenv("ANTHROPIC_API_KEY_SECRET", "llm#anthropic_api_key")
    assert LlmSettings.load().anthropic_api_key is None


@pytest.mark.parametrize(
    ("reference", "text", "said"),
    [
        ("gone", None, "'gone' cannot be read: ResourceNotFoundException"),
        ("held#uri", "hush", "'held' is not a JSON object"),
        ("held#uri", '{"other": "hush"}', "'held' has no key 'uri'"),
        ("held#uri", '{"uri": ["hush"]}', "key 'uri' of secret 'held' is not text"),
    ],
)
def test_a_bad_reference_is_named_and_no_value_shown(secrets_manager, monkeypatch, reference, text, said):
    if text is not None:
        secrets_manager.create_secret(Name="held", SecretString=text)
    monkeypatch.setenv("MONGODB_URI_SECRET", reference)
    with pytest.raises(InvalidInputError) as caught:
        MongoSettings.load()
    assert "MONGODB_URI_SECRET" in str(caught.value)
    assert said in str(caught.value)
    assert "hush" not in str(caught.value)


def test_value_and_reference_together_are_refused(secrets_manager, monkeypatch):
    monkeypatch.setenv("MONGODB_URI", URI)
    monkeypatch.setenv("MONGODB_URI_SECRET", "uri")
    with pytest.raises(InvalidInputError, match="both MONGODB_URI and MONGODB_URI_SECRET"):
        MongoSettings.load()


def test_a_wrong_value_of_a_secret_is_not_shown(secrets_manager, monkeypatch):
    secrets_manager.create_secret(Name="uri", SecretString="http://someone:hush@db.example")
    monkeypatch.setenv("MONGODB_URI_SECRET", "uri")
    with pytest.raises(InvalidInputError, match="MONGODB_URI: must start with mongodb://") as caught:
        MongoSettings.load()
    assert "hush" not in str(caught.value)


def test_what_was_built_is_forgotten_only_once_a_secret_has_changed(secrets_manager, monkeypatch):
    secrets_manager.create_secret(Name="uri", SecretString=URI)
    monkeypatch.setenv("MONGODB_URI_SECRET", "uri")
    build = kept(lambda: MongoSettings.load().uri.get_secret_value())
    assert build() == URI
    secrets_manager.put_secret_value(SecretId="uri", SecretString=f"{URI}/new")
    assert build() == URI
    secrets.reread()
    assert build() == f"{URI}/new"
    before = build.cache_info().misses
    secrets.reread()
    build()
    assert build.cache_info().misses == before


def _kafka(**given: str) -> KafkaSettings:
    return KafkaSettings.model_validate({"KAFKA_BOOTSTRAP_SERVERS": "b1:9096, b2:9096", **given})


def test_kafka_clients_know_how_to_log_in():
    assert client_options(_kafka()) == {"bootstrap_servers": ["b1:9096", "b2:9096"]}
    assert client_options(_kafka(KAFKA_SECURITY="iam"))["sasl_mechanism"] == "AWS_MSK_IAM"
    login = {"KAFKA_USERNAME": "u", "KAFKA_PASSWORD": "hush"}
    scram = _kafka(KAFKA_SECURITY="scram", **login)
    options = client_options(scram)
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert options["sasl_plain_password"] == scram.password.get_secret_value()
    assert "hush" not in repr(scram)


def test_scram_without_login_is_refused(secrets_manager, monkeypatch):
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "b1:9096")
    monkeypatch.setenv("KAFKA_SECURITY", "scram")
    with pytest.raises(InvalidInputError, match="KAFKA_USERNAME and KAFKA_PASSWORD"):
        KafkaSettings.load()
