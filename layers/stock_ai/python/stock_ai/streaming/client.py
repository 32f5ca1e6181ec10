"""What every Kafka client of ours is given: where the brokers are and how to prove who asks."""

from __future__ import annotations

from typing import Any

from stock_ai.settings import KafkaSecurity, KafkaSettings


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """Keyword arguments that a producer, consumer or admin client of kafka-python shares.

    They hold the password in the clear, so they go to a client and nowhere else.
    """
    servers = [part.strip() for part in settings.bootstrap_servers.split(",")]
    options: dict[str, Any] = {"bootstrap_servers": servers}
    match settings.security:
        case KafkaSecurity.IAM:
            # The token is signed anew for every connection, with the credentials of the function's role.
            options |= {"security_protocol": "SASL_SSL", "sasl_mechanism": "AWS_MSK_IAM"}
        case KafkaSecurity.SCRAM if settings.username is not None and settings.password is not None:
            options |= {
                "security_protocol": "SASL_SSL",
                "sasl_mechanism": "SCRAM-SHA-512",
                "sasl_plain_username": settings.username,
                "sasl_plain_password": settings.password.get_secret_value(),
            }
    return options
