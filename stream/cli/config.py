"""`config check`: the settings as they stand, or every fault at once."""

from __future__ import annotations

from collections.abc import Mapping

from stream import durations
from stream.alerts.rules import Rule
from stream.cli.alert_settings import checked_settings
from stream.cli.common import Common, write_lines
from stream.setting_parts import ALL, window_length
from stream.settings import Settings


def show_config(common: Common) -> None:
    """A short summary of settings that are right; ConfigError with every fault of settings, rules and receivers at once."""
    settings, rules = checked_settings(common.path, common.overrides())
    write_lines([f"{common.path or 'defaults and environment'}: all settings are right", *summary(settings), *_alerts(settings, rules)])


def summary(settings: Settings) -> list[str]:
    """What will be published, how often, and against which targets."""
    targets = ", ".join(f"{channel} {durations.text(target)}" for channel, target in sorted(settings.targets.first_response.items()))
    return [
        f"  installation  {settings.app}",
        f"  Kafka         {settings.kafka.bootstrap_servers} ({settings.kafka.security_protocol})",
        f"  segments      {', '.join(_segment(dimensions) for dimensions in settings.segments)}",
        f"  agent level   {settings.agents}",
        f"  windows       {', '.join(_window(settings, name) for name in settings.windows)}",
        f"  scales        {', '.join(f'{scale.min}-{scale.max} satisfied from {scale.satisfied}' for scale in settings.scales)}",
        f"  targets       first response: {targets}",
        f"  lateness      {durations.text(settings.lateness)}",
    ]


def _alerts(settings: Settings, rules: Mapping[str, Rule]) -> list[str]:
    """Rules by severity, score targets and receivers."""
    targets = ", ".join(f"{name} {target:g}" for name, target in sorted(settings.alerts.targets.items()))
    lines = [f"  score targets {targets}"]
    for severity in ("page", "ticket", "info"):
        names = ", ".join(name for name, rule in rules.items() if rule.severity == severity and rule.enabled)
        lines.append(f"  {f'{severity} rules':13} {names or 'none'}")
    receivers = ", ".join(f"{receiver.name} ({receiver.kind}: {', '.join(receiver.severities)})" for receiver in settings.notify)
    return [*lines, f"  receivers     {receivers or 'none'}"]


def publishing_interval(settings: Settings, window: str) -> int:
    """Shortest time in ms between two records of one score; the longest interval for `all`."""
    publish = settings.publish
    if window == ALL:
        return publish.max
    return max(publish.min, min(publish.max, window_length(window) // publish.divisor))


def _window(settings: Settings, name: str) -> str:
    return f"{name} (every {durations.text(publishing_interval(settings, name))})"


def _segment(dimensions: tuple[str, ...]) -> str:
    return " x ".join(dimensions) or "everything"
