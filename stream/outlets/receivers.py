"""Receivers: which alerts they want, and what their files hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stream.errors import ConfigError, Fault
from stream.setting_parts import Receiver


def wants(receiver: Receiver, alert: Mapping[str, Any]) -> bool:
    """Whether an alert (rule, severity, segment) goes to a receiver."""
    return (
        alert["severity"] in receiver.severities
        and (receiver.rules is None or alert["rule"] in receiver.rules)
        and receiver.segment.items() <= alert["segment"].items()
    )


def fault(receiver: Receiver, field: str, message: str) -> ConfigError:
    """A fault of one setting of a receiver; never with what it holds."""
    return ConfigError("settings", (Fault(f"notify.{receiver.name}.{field}", message),))


def content(receiver: Receiver, field: str, path: Path) -> str:
    """The one line of text in a file of a receiver, without blanks around it; ConfigError where it can't be read."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise fault(receiver, field, "the file is not UTF-8 text") from None
    except OSError as error:
        raise fault(receiver, field, error.strerror or "the file can't be read") from None
    if not text or len(text.splitlines()) > 1:
        raise fault(receiver, field, "the file must hold one line")
    return text
