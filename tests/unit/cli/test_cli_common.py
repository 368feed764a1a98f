"""What most commands begin with: times, segments, choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from stream.cli.common import Choice, Common, choice_of, parse_segment, time_of
from stream.errors import UsageError


@pytest.mark.parametrize(
    ("parts", "segment"),
    [
        (None, None),
        (["all"], {}),
        (["team=billing"], {"team": "billing"}),
        (["team=billing", "channel=chat"], {"team": "billing", "channel": "chat"}),
        (["team=billing, channel=chat"], {"team": "billing", "channel": "chat"}),
        (["team=A, B,channel=chat"], {"team": "A, B", "channel": "chat"}),
        (["team=a=b"], {"team": "a=b"}),
    ],
)
def test_segments_as_they_are_typed(parts: Sequence[str] | None, segment: Mapping[str, str] | None) -> None:
    """Several options or a comma before a dimension; `all` is everything."""
    assert parse_segment(parts) == segment


@pytest.mark.parametrize(
    ("text", "told"), [("billing", "is written as .*team=billing"), ("foo=bar", "has the unknown dimension foo; there are team, ")]
)
def test_what_is_no_segment_is_refused(text: str, told: str) -> None:
    """The text says how it is written, and which dimensions there are."""
    with pytest.raises(UsageError, match=f"^--segment {told}"):
        parse_segment([text])


def test_a_choice_takes_what_fits_all_of_it() -> None:
    """Metric, segment and window; the segment names all dimensions."""
    choice = choice_of("csat", ["team=billing"], None)
    assert choice.takes("csat", {"team": "billing"}, "1h")
    assert not choice.takes("backlog", {"team": "billing"}, "1h")
    assert not choice.takes("csat", {"team": "billing", "channel": "chat"}, "1h")
    assert not choice_of(None, None, "24h").takes("csat", {}, "1h")
    assert Choice().takes("anything", {"team": "x"}, "now")
    assert str(choice) == "metric csat, segment team=billing"
    assert str(choice_of(None, ["all"], "1h")) == "segment everything, window 1h"


def test_times_as_they_are_typed() -> None:
    """RFC 3339, or a date for its midnight UTC."""
    assert time_of("--as-of", None) is None
    assert time_of("--as-of", "1970-01-02") == 86_400_000
    assert time_of("--as-of", "1970-01-02T01:00:00+01:00") == 86_400_000
    with pytest.raises(UsageError, match="--as-of is no time"):
        time_of("--as-of", "yesterday")


def test_csat_yaml_of_the_folder_is_read_if_it_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Options go over it."""
    monkeypatch.chdir(tmp_path)
    assert Common().path is None
    (tmp_path / "csat.yaml").write_text("app: mine\nkafka: {bootstrap_servers: 'a:1', replication_factor: 2}\nagents: on\n", encoding="utf-8")
    settings = Common(bootstrap_servers="b:2").settings()
    assert settings.app == "mine"
    assert settings.agents == "on"
    assert (settings.kafka.bootstrap_servers, settings.kafka.replication_factor) == ("b:2", 2)
