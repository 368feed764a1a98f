"""From a Kafka record to a ticket's event: quickly where it is as expected, and judged by the models where it is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pydantic import ValidationError

from schemas import fast
from schemas.deadletters import DeadLetterClass, Refused
from schemas.essence import Essence, Rated
from schemas.events import TICKET_EVENTS, TicketEvent
from schemas.extract import extract
from schemas.modes import Envelope, carries_envelope, envelope
from schemas.scales import scale_faults
from schemas.times import in_range, to_ms
from stream.errors import Fault
from stream.settings import faults

__all__ = ["Reader", "Refused"]


class Reader:
    """Reads records of the four source topics.

    `scales`: lowest satisfied score by (lowest, highest) of each csat scale. `tags`: those that close the follow-up of a low rating.
    """

    def __init__(self, scales: Mapping[tuple[int, int], int], tags: Iterable[str] = ()) -> None:
        self._scales = dict(scales)
        self._tags = frozenset(tags)

    def read(self, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]]) -> tuple[str, Essence]:
        """Ticket id and essence of a record; Refused with the class of its dead letter and every fault."""
        if value is not None and (not headers or carries_envelope(headers)):
            found = self._fast(key, value)
            if found is not None:
                return found
        return self._judge(key, value, headers)

    def _fast(self, key: bytes | None, value: bytes) -> tuple[str, Essence] | None:
        """The quick way, for events in structured mode; None where the judge has to look."""
        event = fast.decode(value)
        if event is None:
            return None
        time = to_ms(event.time)
        ticket_id = event.data.ticket_id
        if key != ticket_id.encode() or not in_range(time):
            return None
        essence = extract(event, time, self._tags)
        if isinstance(essence, Rated) and scale_faults(essence, self._scales):
            return None
        return ticket_id, essence

    def _judge(self, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]]) -> tuple[str, Essence]:
        """The whole way, in the order of judgement; Refused at the first class that applies."""
        found = envelope(value, headers)
        event = _validated(found)
        essence = extract(event, event.time, self._tags)
        if isinstance(essence, Rated):
            wrong = scale_faults(essence, self._scales)
            if wrong:
                raise Refused(DeadLetterClass.SCORE, _placed(wrong, found))
        ticket_id = event.data.ticket_id
        if key != ticket_id.encode():
            raise Refused(DeadLetterClass.WRONG_KEY, (Fault("key", "is not the ticket_id"),))
        return ticket_id, essence


def _validated(found: Envelope) -> TicketEvent:
    kind = found.fields.get("type")
    model = TICKET_EVENTS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise Refused(DeadLetterClass.UNKNOWN_TYPE, (Fault("type", "is not the type of a ticket event"),))
    try:
        return model.model_validate(found.fields)
    except ValidationError as error:
        raise Refused(DeadLetterClass.SCHEMA, _placed(faults(error), found)) from None


def _placed(wrong: tuple[Fault, ...], found: Envelope) -> tuple[Fault, ...]:
    """Faults with their paths as they are in the record: without `data.` where the data stood beside the type."""
    return tuple(Fault(fault.path.removeprefix("data."), fault.message) for fault in wrong) if found.flat else wrong
