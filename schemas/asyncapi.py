"""The AsyncAPI 3 document: which messages are on which topics, and in which direction."""

from __future__ import annotations

from typing import Any

from schemas.events import TICKET_EVENTS
from stream.settings import Topics

SCORE = "score"
DEAD_LETTER = "deadletter"

_TICKET_KEY = "The ticket_id in UTF-8. All topics with ticket events have the same number of partitions."
_SCORE_KEY = "Compact JSON with sorted names: metric, segment, window. The value is null (a tombstone) once nothing is counted any more."
_DEAD_LETTER_KEY = "topic/partition/offset of the record that could not be read."


def document(topics: Topics) -> dict[str, Any]:
    """The whole document for topics with these names."""
    sources = {"ticketOpened": topics.opened, "ticketReplied": topics.replied, "ticketClosed": topics.closed, "ratingSubmitted": topics.ratings}
    events = sorted(TICKET_EVENTS)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "csat-stream",
            "version": "1.0.0",
            "description": "Reads helpdesk events from four Kafka topics and keeps customer-satisfaction scores exact.",
        },
        "defaultContentType": "application/json",
        "channels": {
            **{
                name: _channel(topic, events, "Ticket events; any of them may be on any of the four source topics.")
                for name, topic in sources.items()
            },
            "scoreUpdated": _channel(topics.scores, [SCORE], "Scores, compacted: the newest record of each key counts."),
            "deadLetter": _channel(
                topics.dead_letters, [DEAD_LETTER], "Records that could not be read, whole, with everything that is wrong with them."
            ),
        },
        "operations": {
            **{f"{name}Receive": _operation("receive", name, events) for name in sources},
            "scoreUpdatedSend": _operation("send", "scoreUpdated", [SCORE]),
            "deadLetterSend": _operation("send", "deadLetter", [DEAD_LETTER]),
        },
        "components": {
            "messages": {
                **{event: _message(event, "application/cloudevents+json", _TICKET_KEY) for event in events},
                SCORE: _message(SCORE, "application/json", _SCORE_KEY),
                DEAD_LETTER: _message(DEAD_LETTER, "application/json", _DEAD_LETTER_KEY),
            }
        },
    }


def _channel(topic: str, messages: list[str], description: str) -> dict[str, Any]:
    return {
        "address": topic,
        "description": description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {"kafka": {"topic": topic, "bindingVersion": "0.5.0"}},
    }


def _operation(action: str, channel: str, messages: list[str]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages],
    }


def _message(name: str, content_type: str, key: str) -> dict[str, Any]:
    return {
        "name": name,
        "contentType": content_type,
        "payload": {"schemaFormat": "application/schema+json;version=draft-2020-12", "schema": {"$ref": f"./{name}.schema.json"}},
        "bindings": {"kafka": {"key": {"type": "string", "description": key}, "bindingVersion": "0.5.0"}},
    }
