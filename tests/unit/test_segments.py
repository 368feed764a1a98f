"""Segments: the keys a set of values belongs to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream.audit import agents
from stream.segments import NOBODY, Dimensions, Segmenter, parse_segment, pseudonym, segment_key

ALL_OF = Dimensions("red", "email", "p1", "high", "nl", "spring", "ann")


def test_every_list_gives_one_key() -> None:
    """The empty list is everything; names are sorted."""
    found = Segmenter([(), ("team",), ("team", "channel")]).keys(ALL_OF)
    assert found.all == ("{}", '{"team":"red"}', '{"channel":"email","team":"red"}')


def test_every_dimension_has_its_value() -> None:
    """None is mixed up with another."""
    names = ("team", "channel", "product", "priority", "language", "campaign", "agent")
    found = [parse_segment(key) for key in Segmenter([(name,) for name in names]).keys(ALL_OF).all]
    assert found == [{name: value} for name, value in zip(names, ALL_OF, strict=True)]


def test_a_missing_value_is_named() -> None:
    """`(none)`, agents included."""
    found = Segmenter([("team",), ("agent",)]).keys(Dimensions(agent=None))
    assert found.all == ('{"team":"(none)"}', '{"agent":"(none)"}')


def test_a_figure_of_nobody_is_left_out_of_agent_lists() -> None:
    """It belongs to no agent, not to a missing one."""
    found = Segmenter([(), ("agent",), ("team", "agent")]).keys(ALL_OF._replace(agent=NOBODY))
    assert found.all == ("{}",)


def test_agent_segments_never_slide() -> None:
    """They get no minute panes."""
    found = Segmenter([("team",), ("agent",)]).keys(ALL_OF)
    assert found.sliding == ('{"team":"red"}',)


def test_pseudonyms_replace_agents_alone() -> None:
    """With a key; the missing agent is no person."""
    segmenter = Segmenter([("team", "agent")], b"k" * 16)
    assert segmenter.keys(ALL_OF).all == (segment_key({"team": "red", "agent": pseudonym("ann", b"k" * 16)}),)
    assert segmenter.keys(ALL_OF._replace(agent=None)).all == ('{"agent":"(none)","team":"red"}',)


def test_a_pseudonym_depends_on_its_key() -> None:
    """16 hex digits, another for another key or agent, and the same as the auditor's."""
    found = pseudonym("ann", b"k" * 16)
    assert len(found) == 16
    assert int(found, 16) >= 0
    assert len({found, pseudonym("ann", b"j" * 16), pseudonym("bob", b"k" * 16)}) == 3
    assert found == agents.pseudonym("ann", b"k" * 16)


@given(st.dictionaries(st.sampled_from(("team", "channel", "product")), st.text(max_size=10)))
def test_a_key_is_its_segment(segment: dict[str, str]) -> None:
    """There and back, whatever the values hold."""
    assert parse_segment(segment_key(segment)) == segment
