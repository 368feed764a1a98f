"""Segments as they are typed and shown."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.segment_text import segment_of, segment_text
from stream.segments import Dimensions


@pytest.mark.parametrize(
    ("texts", "segment"),
    [
        (["all"], {}),
        (["team=billing"], {"team": "billing"}),
        (["team=billing", "channel=chat"], {"team": "billing", "channel": "chat"}),
        (["team=billing,channel=chat"], {"team": "billing", "channel": "chat"}),
        (["team=billing, channel=chat", "product=app"], {"team": "billing", "channel": "chat", "product": "app"}),
        (["team=A, B"], {"team": "A, B"}),
        (["team=A, B,channel=c,d"], {"team": "A, B", "channel": "c,d"}),
        (["team=a,colour=red"], {"team": "a,colour=red"}),
        (["team=a=b"], {"team": "a=b"}),
        (["team=a", "team=a"], {"team": "a"}),
        (["team= a "], {"team": " a "}),
    ],
)
def test_segments_are_read(texts: list[str], segment: Mapping[str, str]) -> None:
    """A comma separates only before a dimension; a value is taken as it is, since a team may be called so."""
    assert segment_of(texts) == segment


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("billing", "is written as dimension=value"),
        ("team=", "is written as dimension=value"),
        ("=billing", "is written as dimension=value"),
        ("team=billing,channel=", "is written as dimension=value"),
        ("foo=bar", "has the unknown dimension foo; there are team, channel, "),
        ("f\x1b[2Jo=bar", r"has the unknown dimension f\?\[2Jo; "),
        ("team=a,team=b", "has two values of team"),
    ],
)
def test_what_is_no_segment(text: str, told: str) -> None:
    """The text follows the name of an option."""
    with pytest.raises(ValueError, match=f"^{told}"):
        segment_of([text])


@pytest.mark.parametrize(
    ("segment", "text"),
    [
        ({}, "everything"),
        ({"channel": "chat", "team": "billing"}, "team=billing, channel=chat"),
        ({"team": "A, B"}, 'team="A, B"'),
        ({"team": 'say "hi"'}, r'team="say \"hi\""'),
        ({"team": " a"}, 'team=" a"'),
        ({"team": "a\x1b[2J\nb"}, "team=a?[2J?b"),
        ({"team": "a", "zone\x07": "x"}, "team=a, zone?=x"),
    ],
)
def test_segments_are_shown(segment: Mapping[str, str], text: str) -> None:
    """In the order of the dimensions, on one line; quotes where a value could be misread."""
    assert segment_text(segment) == text


PLAIN = st.dictionaries(st.sampled_from(Dimensions._fields), st.text(st.characters(categories=["L", "N"]), min_size=1), min_size=1)


@given(PLAIN)
def test_what_is_shown_can_be_typed(segment: dict[str, str]) -> None:
    """There and back, for values that are plain words."""
    assert segment_of([segment_text(segment)]) == segment
