"""Fault 5: millions of damaged records through the decoder. It gives an essence or Refused, and both of its ways say the same."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import pytest
from aiokafka.structs import ConsumerRecord
from engine_case import original

from schemas import fast
from schemas.deadletters import DeadLetter, DeadLetterClass, dead_letter
from schemas.essence import Essence, canonical
from schemas.modes import DEEPEST, brackets, carries_envelope
from schemas.read import Reader, Refused
from stream.settings import Settings
from tests.faults.mutator import MUTATIONS, Mutator
from tests.faults.sound_records import Draft

SHORT, LONG = 20_000, 10_000_000
_BATCH = 50_000
_SHOWN = 3
ACCEPTED = "accepted"
CLASSES = {DeadLetterClass.NOT_JSON, DeadLetterClass.UNKNOWN_TYPE, DeadLetterClass.SCHEMA, DeadLetterClass.SCORE, DeadLetterClass.WRONG_KEY}
"""What one record alone can be refused for."""


class Found(Counter[str]):
    """Outcomes and mutations by name; `wrong` describes the first records that were read wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []


def is_usual(draft: Draft) -> bool:
    """Whether the quick way means to read a record that is right: structured, neither very long nor very deep, no name twice."""
    value = draft.value
    if value is None or (draft.headers and not carries_envelope(draft.headers)) or len(value) > fast.LONGEST or brackets(value) > DEEPEST:
        return False
    return "specversion" in json.loads(value) and fast.NUL.encode() not in value and not has_name_twice(value)


def has_name_twice(value: bytes) -> bool:
    """Whether some JSON object in the text has two fields of one name: of those the last counts, but a wrong first one is left to the judge."""
    found: list[bool] = []
    json.loads(value, object_pairs_hook=lambda pairs: found.append(len(dict(pairs)) < len(pairs)))
    return any(found)


def verdict(read: Callable[..., tuple[str, Essence]], draft: Draft) -> tuple[str, Essence] | Refused:
    """What a way of reading makes of a record."""
    try:
        return read(*draft)
    except Refused as refused:
        return refused


def outcome(reader: Reader, draft: Draft) -> str:
    """The class of a dead letter or ACCEPTED; AssertionError where the two ways differ or what comes next could not use the result."""
    expected, found = verdict(reader._judge, draft), verdict(reader.read, draft)
    if isinstance(expected, Refused):
        assert expected.kind in CLASSES, "a class that one record can't have"
        assert isinstance(found, Refused), "the quick way accepts what the judge refuses"
        assert (found.kind, found.faults) == (expected.kind, expected.faults), "two different refusals"
        _assert_letter(draft, expected)
        return str(expected.kind)
    assert found == expected, "the two ways give different essences"
    assert reader._fast(draft.key, draft.value or b"") == expected or not is_usual(draft), "the quick way refuses what is right and usual"
    ticket_id, essence = expected
    assert ticket_id.encode() == draft.key
    assert canonical(essence)
    return ACCEPTED


def _assert_letter(draft: Draft, refused: Refused) -> None:
    """The dead letter names faults and gives back the record."""
    record = ConsumerRecord("t", 0, 7, 1, 0, draft.key, draft.value, None, 0, 0, draft.headers)
    letter = DeadLetter.model_validate_json(dead_letter(record, refused).value or b"")
    assert letter.kind is refused.kind
    assert letter.faults
    assert original(letter) == (draft.key, draft.value, list(draft.headers)), "the dead letter holds something else"


def fuzz(reader: Reader, seed: str, count: int) -> Found:
    """Read so many damaged records; nothing that happens is raised."""
    mutator, found = Mutator(seed), Found()
    for number in range(count):
        draft = mutator.record()
        try:
            found[outcome(reader, draft)] += 1
        except Exception as error:  # noqa: BLE001 (any exception is a find)
            found["wrong"] += 1
            if len(found.wrong) < _SHOWN:
                found.wrong.append(f"seed {seed!r}, record {number}: {type(error).__name__}: {error}: {draft!r}"[:1_500])
    found.update(mutator.applied)
    return found


def _batch(seed: str, count: int) -> tuple[dict[str, int], list[str]]:
    found = fuzz(Reader(Settings().scale_rules, Settings().follow_up.tags), seed, count)
    return dict(found), found.wrong


def in_processes(seed: int, records: int) -> Found:
    """The same in several processes, in batches with seeds of their own (`<seed>-<number>`)."""
    sizes = [min(_BATCH, records - begin) for begin in range(0, records, _BATCH)]
    found = Found()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
        for counts, wrong in pool.map(_batch, [f"{seed}-{number}" for number in range(len(sizes))], sizes):
            found.update(counts)
            found.wrong += wrong
    return found


@pytest.mark.timeout(3600)
def test_damaged_records(note: Callable[..., None], seed: int, *, is_long: bool) -> None:
    """No record leads to anything but an essence or Refused, the quick way and the judge agree, and every dead letter can be read."""
    records = LONG if is_long else SHORT
    found = in_processes(seed, records) if is_long else fuzz(Reader(Settings().scale_rules, Settings().follow_up.tags), str(seed), records)
    assert found["wrong"] == 0, f"{found['wrong']} records: " + "\n".join(found.wrong[:_SHOWN])
    outcomes = {name: found[name] for name in (ACCEPTED, *map(str, CLASSES))}
    assert sum(outcomes.values()) == records
    assert min(outcomes.values()) > records / 1_000, f"too few of one sort: {outcomes}"
    assert min(found[name] for name in MUTATIONS) > records / 100
    note("fuzzed records through the decoder", records, found["wrong"])


class _Trusting(Reader):
    """A reader whose quick way does not look at the key."""

    def _fast(self, key: bytes | None, value: bytes) -> object:  # type: ignore[override]
        event = fast.decode(value)
        return super()._fast(event.data.ticket_id.encode() if event else key, value)


def test_a_wrong_decoder_is_found(seed: int) -> None:
    """The fuzzing finds a quick way that accepts what the judge refuses."""
    assert fuzz(_Trusting(Settings().scale_rules), str(seed), 2_000)["wrong"] > 0


def test_mutations_can_be_repeated(seed: int) -> None:
    """One seed gives the same records again."""
    one, other = Mutator(str(seed)), Mutator(str(seed))
    assert [one.record() for _ in range(500)] == [other.record() for _ in range(500)]
