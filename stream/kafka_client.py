"""Options for aiokafka clients from the settings, and the record shape the pure code reads."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Any, Protocol

from stream.setting_parts import Kafka


class LogRecord(Protocol):
    """One record of a Kafka log, as aiokafka's ConsumerRecord has it; `timestamp` in ms."""

    @property
    def topic(self) -> str:
        """Topic."""

    @property
    def partition(self) -> int:
        """Partition."""

    @property
    def offset(self) -> int:
        """Offset."""

    @property
    def timestamp(self) -> int:
        """Broker timestamp in ms."""

    @property
    def key(self) -> bytes | None:
        """Key."""

    @property
    def value(self) -> bytes | None:
        """Value."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes]]:
        """Headers."""


def client_options(kafka: Kafka) -> dict[str, Any]:
    """Keyword arguments that every aiokafka producer, consumer and admin client takes."""
    options: dict[str, Any] = {"bootstrap_servers": kafka.bootstrap_servers, "security_protocol": kafka.security_protocol}
    if kafka.security_protocol in ("SSL", "SASL_SSL"):
        options["ssl_context"] = ssl.create_default_context(cafile=str(kafka.ssl_cafile) if kafka.ssl_cafile else None)
    if kafka.security_protocol.startswith("SASL"):
        options["sasl_mechanism"] = kafka.sasl_mechanism
        options["sasl_plain_username"] = kafka.sasl_username
        options["sasl_plain_password"] = kafka.sasl_password_file.read_text(encoding="utf-8").strip() if kafka.sasl_password_file else None
    return options
