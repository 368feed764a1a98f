"""Damages real records in every way that bytes, JSON text, JSON values, headers and keys can be damaged; reproducible by seed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from schemas.modes import brackets
from tests.faults.odd_values import DEPTHS, HUGE, INVALID, LITERALS, OTHERS, SURROGATES, TEXT_PIECES, Fields, Raw
from tests.faults.sound_records import Draft, sound_records

_DEEPEST = 150
_ASCII, _UNICODE = json.JSONEncoder(), json.JSONEncoder(ensure_ascii=False)
_BYTES_SHARE = 0.3
_MOST = 3
"""Most mutations of one record."""


class Mutator:
    """Gives damaged records without end; `applied` counts by name what was done."""

    def __init__(self, seed: str) -> None:
        self.rng = random.Random(seed)
        self.applied: dict[str, int] = dict.fromkeys(MUTATIONS, 0)
        self._sound = sound_records()

    def sound(self) -> Draft:
        """An undamaged record, of any type and in any mode."""
        return self.rng.choice(self._sound)

    def record(self) -> Draft:
        """A record after one to three mutations."""
        draft = self.sound()
        for name in self._names():
            draft = MUTATIONS[name](self, draft)
            self.applied[name] += 1
        return draft

    def _names(self) -> list[str]:
        """What to do to a record: to its JSON first, and in three of ten to its bytes too, since hardly any of that leaves JSON behind."""
        names = self.rng.choices(OF_VALUES, k=self.rng.randint(1, _MOST))
        return [*names, *self.rng.choices(OF_BYTES, k=1)] if self.rng.random() < _BYTES_SHARE else names


# -- bytes


def _flip_bits(mutator: Mutator, draft: Draft) -> Draft:
    value = bytearray(draft.value or b" ")
    for _ in range(mutator.rng.choice((1, 1, 1, 2, 8))):
        if value:
            value[mutator.rng.randrange(len(value))] ^= 1 << mutator.rng.randrange(8)
    return draft._replace(value=bytes(value))


def _truncate(mutator: Mutator, draft: Draft) -> Draft:
    value = draft.value or b""
    return draft._replace(value=value[: mutator.rng.randint(0, len(value))])


def _cut(mutator: Mutator, draft: Draft) -> Draft:
    value = draft.value or b""
    begin = mutator.rng.randint(0, len(value))
    return draft._replace(value=value[:begin] + value[begin + mutator.rng.randint(1, 12) :])


def _put(mutator: Mutator, draft: Draft, piece: bytes) -> Draft:
    value = draft.value or b""
    place = mutator.rng.randint(0, len(value))
    return draft._replace(value=value[:place] + piece + value[place:])


def _invalid_utf8(mutator: Mutator, draft: Draft) -> Draft:
    return _put(mutator, draft, mutator.rng.choice(INVALID))


def _stray_text(mutator: Mutator, draft: Draft) -> Draft:
    return _put(mutator, draft, mutator.rng.choice(TEXT_PIECES))


def _random_bytes(mutator: Mutator, draft: Draft) -> Draft:
    return _put(mutator, draft, mutator.rng.randbytes(mutator.rng.randint(1, 6)))


def _repeat(mutator: Mutator, draft: Draft) -> Draft:
    value = draft.value or b""
    begin = mutator.rng.randint(0, len(value))
    return _put(mutator, draft, value[begin : begin + mutator.rng.randint(1, 40)])


def _splice(mutator: Mutator, draft: Draft) -> Draft:
    value, other = draft.value or b"", mutator.sound().value or b""
    return draft._replace(value=value[: mutator.rng.randint(0, len(value))] + other[mutator.rng.randint(0, len(other)) :])


def _nothing(_: Mutator, draft: Draft) -> Draft:
    return draft._replace(value=None)


# -- JSON


def _changed(draft: Draft, change: Callable[[Fields], None], *, ascii_only: bool = True) -> Draft:
    """The record after a change of its JSON object; unharmed where it holds none any more, or nothing that could be written back."""
    value = draft.value or b""
    try:
        fields = None if brackets(value) > _DEEPEST else json.loads(value, object_pairs_hook=Fields)
    except ValueError:
        return draft
    if isinstance(fields, Fields):
        change(fields)
        return draft._replace(value=_text(fields, ascii_only=ascii_only).encode("utf-8", "surrogatepass"))
    return draft


def _text(node: Any, *, ascii_only: bool) -> str:
    if isinstance(node, Raw):
        return node.text
    if isinstance(node, Fields):
        return "{" + ",".join(f"{_ASCII.encode(name)}:{_text(value, ascii_only=ascii_only)}" for name, value in node) + "}"
    if isinstance(node, list):
        return "[" + ",".join(_text(value, ascii_only=ascii_only) for value in node) + "]"
    return (_ASCII if ascii_only else _UNICODE).encode(node)


def _objects(fields: Fields) -> list[Fields]:
    """An object and those inside it, as far as they have fields."""
    inner = [found for _, value in fields if isinstance(value, Fields) for found in _objects(value)]
    return [*([fields] if fields else []), *inner]


def _replaced(mutator: Mutator, draft: Draft, new: Callable[[Any], Any]) -> Draft:
    """One field anywhere gets another value, made of the one that it had."""

    def change(fields: Fields) -> None:
        if objects := _objects(fields):
            owner = mutator.rng.choice(objects)
            place = mutator.rng.randrange(len(owner))
            name, value = owner[place]
            owner[place] = name, new(value)

    return _changed(draft, change, ascii_only=mutator.rng.random() < 0.5)


def _swap_type(mutator: Mutator, draft: Draft) -> Draft:
    return _replaced(mutator, draft, lambda _: mutator.rng.choice(OTHERS))


def _as_text(mutator: Mutator, draft: Draft) -> Draft:
    return _replaced(mutator, draft, lambda value: str(value) if mutator.rng.random() < 0.5 else [value])


def _another_number(mutator: Mutator, draft: Draft) -> Draft:
    """Every whole number of a rating becomes another small one: score and scale fit together or not."""

    def change(fields: Fields) -> None:
        for owner in _objects(fields):
            owner[:] = [(name, mutator.rng.randint(-1, 11) if type(value) is int else value) for name, value in owner]

    return _changed(draft, change)


def _huge_number(mutator: Mutator, draft: Draft) -> Draft:
    return _replaced(mutator, draft, lambda _: Raw(mutator.rng.choice(HUGE)))


def _odd_literal(mutator: Mutator, draft: Draft) -> Draft:
    return _replaced(mutator, draft, lambda _: Raw(mutator.rng.choice(LITERALS)))


def _lone_surrogate(mutator: Mutator, draft: Draft) -> Draft:
    return _replaced(mutator, draft, lambda _: Raw(mutator.rng.choice(SURROGATES)))


def _nested(mutator: Mutator, draft: Draft) -> Draft:
    depth = mutator.rng.choice(DEPTHS)
    opening, closing = mutator.rng.choice((("[", "]"), ('{"a":', "}")))
    return _replaced(mutator, draft, lambda value: Raw(opening * depth + _text(value, ascii_only=True) + closing * depth))


def _duplicate_key(mutator: Mutator, draft: Draft) -> Draft:
    """A name twice in one object: with the same value, with another one, or with that of another record."""

    def change(fields: Fields) -> None:
        if objects := _objects(fields):
            owner = mutator.rng.choice(objects)
            name, value = mutator.rng.choice(owner)
            other = dict(json.loads(mutator.sound().value or b"{}"))
            owner.insert(
                mutator.rng.randint(0, len(owner)), (name, mutator.rng.choice((value, other.get(name, value), *mutator.rng.sample(OTHERS, 2))))
            )

    return _changed(draft, change)


def _drop_field(mutator: Mutator, draft: Draft) -> Draft:
    def change(fields: Fields) -> None:
        if objects := _objects(fields):
            owner = mutator.rng.choice(objects)
            del owner[mutator.rng.randrange(len(owner))]

    return _changed(draft, change)


def _unknown_field(mutator: Mutator, draft: Draft) -> Draft:
    def change(fields: Fields) -> None:
        name = mutator.rng.choice(("x", "", "Type", "specversion", "data", "ticket_id", "score", "\u00e9", "a\u0000b"))
        owner = mutator.rng.choice(_objects(fields) or [fields])
        owner.append((name, mutator.rng.choice((*OTHERS, Raw("1e999"), Raw("9" * 5_000), Raw('"\\ud800"')))))

    return _changed(draft, change, ascii_only=mutator.rng.random() < 0.5)


def _shuffle_fields(mutator: Mutator, draft: Draft) -> Draft:
    def change(fields: Fields) -> None:
        for owner in _objects(fields):
            mutator.rng.shuffle(owner)

    return _changed(draft, change)


# -- headers and key


def _headers(mutator: Mutator, draft: Draft) -> Draft:
    values = (b"", b"1.0", b"ticket.opened", b"application/cloudevents+json", b"application/json", b"\xff\xfe", b"2026-10-20T00:00:00Z", b"x" * 300)
    names = ("ce_type", "ce_time", "ce_id", "CE_SOURCE", "ce_specversion", "ce_", "ce_data", "Content-Type", "content-type", "trace", "")
    headers = [header for header in draft.headers if mutator.rng.random() < 0.8]
    headers += [(mutator.rng.choice(names), mutator.rng.choice(values)) for _ in range(mutator.rng.randint(1, 3))]
    return draft._replace(headers=tuple(headers))


def _key(mutator: Mutator, draft: Draft) -> Draft:
    return draft._replace(key=mutator.rng.choice((None, b"", b"T-2", b"\xff", (draft.key or b"") + b" ")))


_BYTES: dict[str, Callable[[Mutator, Draft], Draft]] = {
    "bits flipped": _flip_bits,
    "cut short": _truncate,
    "a piece cut out": _cut,
    "invalid UTF-8": _invalid_utf8,
    "stray JSON text": _stray_text,
    "random bytes": _random_bytes,
    "a piece twice": _repeat,
    "two records in one": _splice,
    "no value": _nothing,
}
_VALUES: dict[str, Callable[[Mutator, Draft], Draft]] = {
    "another type": _swap_type,
    "as text or list": _as_text,
    "another number": _another_number,
    "huge number": _huge_number,
    "NaN and other literals": _odd_literal,
    "lone surrogate": _lone_surrogate,
    "deep nesting": _nested,
    "duplicate key": _duplicate_key,
    "field missing": _drop_field,
    "unknown field": _unknown_field,
    "fields in another order": _shuffle_fields,
    "headers": _headers,
    "key": _key,
}
MUTATIONS = {**_BYTES, **_VALUES}
"""What is done to a record, by its name."""
OF_BYTES, OF_VALUES = tuple(_BYTES), tuple(_VALUES)
