"""Faust's own clients connect the way every other client does."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from stream.engine.app import credentials
from stream.kafka_client import client_options
from stream.setting_parts import Kafka


@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_faust_connects_as_the_others(
    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"],
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"],
    tmp_path: Path,
) -> None:
    """Protocol, mechanism, user and the password from its file are the same; a TLS context is there where one is needed."""
    secret = tmp_path / "password"
    secret.write_text("not-a-real-one\n", encoding="utf-8")
    kafka = Kafka(security_protocol=protocol, sasl_mechanism=mechanism, sasl_username="reader", sasl_password_file=secret)
    others = client_options(kafka)
    own = credentials_to_aiokafka_auth(credentials(kafka))
    for name in ("security_protocol", "sasl_mechanism", "sasl_plain_username", "sasl_plain_password"):
        assert own.get(name) == others.get(name)
    assert bool(own.get("ssl_context")) is bool(others.get("ssl_context")) is protocol.endswith("SSL")
