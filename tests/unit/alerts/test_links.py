"""Links, and the command that silences."""

from __future__ import annotations

import shlex
import subprocess
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.alerts.links import in_shell, panel_link, runbook_link, silence_command

TEMPLATE = "https://grafana.example/d/csat?var-rule={rule}&var-team={team}&var-channel={channel}&other={this}&x={}"


def test_a_panel_link_is_filled_in() -> None:
    """Values are URL-encoded, dimensions that are not named are All, unknown names stay."""
    link = panel_link(TEMPLATE, "csat_dip", {"team": "R&D {rule} ü/?#"})
    assert link == (
        "https://grafana.example/d/csat?var-rule=csat_dip&var-team=R%26D%20%7Brule%7D%20%C3%BC%2F%3F%23&var-channel=All&other={this}&x={}"
    )
    assert panel_link(None, "csat_dip", {}) is None


@given(st.text(), st.text())
def test_no_value_breaks_out_of_its_place(team: str, channel: str) -> None:
    """Whatever the team is called, the query of the link has the same parameters, and gives the name back."""
    link = panel_link("https://h/d?rule={rule}&team={team}&channel={channel}", "r", {"team": team, "channel": channel})
    parts = urlsplit(link or "")
    assert (parts.netloc, parts.path, parts.fragment) == ("h", "/d", "")
    assert parse_qs(parts.query, keep_blank_values=True) == {"rule": ["r"], "team": [team], "channel": [channel]}


def test_a_runbook_link_knows_only_the_rule() -> None:
    """Other braces stay as they are."""
    assert runbook_link("https://wiki.example/{rule}/{team}", "own rule") == "https://wiki.example/own%20rule/{team}"
    assert runbook_link(None, "x") is None


@pytest.mark.parametrize(
    ("rule", "segment", "command"),
    [
        ("csat_dip", {"team": "billing"}, 'csat-stream silence --rule csat_dip --segment team=billing --for 4h --who YOU --why "..."'),
        ("csat_dip", {}, 'csat-stream silence --rule csat_dip --for 4h --who YOU --why "..."'),
        (
            "own rule",
            {"team": "it's $(date)", "channel": "chat"},
            """csat-stream silence --rule 'own rule' --segment channel=chat --segment 'team=it'"'"'s $(date)' --for 4h --who YOU --why "...\"""",
        ),
        ("x", {"team": "a\nb"}, "csat-stream silence --rule x --segment $'team=a\\012b' --for 4h --who YOU --why \"...\""),
    ],
)
def test_the_silence_command(rule: str, segment: dict[str, str], command: str) -> None:
    """One option a dimension, in the order of their names, each quoted for a shell."""
    assert silence_command(rule, segment) == command


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=30))
@settings(max_examples=20)
def test_a_shell_reads_the_same_word(word: str) -> None:
    """Bash gives back every word as it was; nothing of it is run, and nothing invisible is in the text."""
    quoted = in_shell(word)
    assert quoted.isprintable()
    found = subprocess.run(["bash", "-c", f"printf %s {quoted}"], capture_output=True, check=True)  # noqa: S607
    assert found.stdout.decode() == word


@given(st.dictionaries(st.sampled_from(("team", "channel", "product")), st.text(st.characters(exclude_categories=("C", "Z")))))
def test_a_command_has_the_words_it_was_made_of(segment: dict[str, str]) -> None:
    """Split as a shell does, the segment comes back."""
    words = shlex.split(silence_command("r", segment))
    chosen = [word.partition("=")[::2] for option, word in pairwise(words) if option == "--segment"]
    assert dict(chosen) == segment
