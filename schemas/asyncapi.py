"""The AsyncAPI 3 document: which messages are on which topics, and in which direction."""

from __future__ import annotations

from typing import Any

from schemas.events import TICKET_EVENTS
from stream.setting_parts import Topics

SCORE = "score"
DEAD_LETTER = "deadletter"
ALERT = "alert"
FOLLOW_UP = "followup"
SILENCE = "silence"

_TICKET_KEY = "The ticket_id in UTF-8. All topics with ticket events have the same number of partitions."
_SCORE_KEY = "Compact JSON with sorted names: metric, segment, window. The value is null (a tombstone) once nothing is counted any more."
_DEAD_LETTER_KEY = "topic/partition/offset of the record that could not be read."
_ALERT_KEY = (
    "Compact JSON with sorted names: rule, segment; for a single rating: rule, segment, survey, ticket. "
    "Records whose key names anything else are the program's own memory: skip them."
)
_FOLLOW_UP_KEY = "Compact JSON with sorted names: survey, ticket. The value is null (a tombstone) once the rating is low no more, or forgotten."
_SILENCE_KEY = "The id in UTF-8. A null value (a tombstone) ends the silence at once."


def document(topics: Topics) -> dict[str, Any]:
    """The whole document for topics with these names."""
    sources = {"ticketOpened": topics.opened, "ticketReplied": topics.replied, "ticketClosed": topics.closed, "ratingSubmitted": topics.ratings}
    events = sorted(TICKET_EVENTS)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "csat-stream",
            "version": "1.0.0",
            "description": "Reads helpdesk events from four Kafka topics, keeps customer-satisfaction scores exact, and tells when they fall.",
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
            "alertChanged": _channel(topics.alerts, [ALERT], "Alerts, compacted, in one partition: the newest record of each key counts."),
            "followUpDue": _channel(topics.followups, [FOLLOW_UP], "Low ratings that somebody should answer, compacted."),
            "silence": _channel(topics.silences, [SILENCE], "Who wants no notifications of which alerts until when, compacted."),
        },
        "operations": {
            **{f"{name}Receive": _operation("receive", name, events) for name in sources},
            "scoreUpdatedSend": _operation("send", "scoreUpdated", [SCORE]),
            "deadLetterSend": _operation("send", "deadLetter", [DEAD_LETTER]),
            "alertChangedSend": _operation("send", "alertChanged", [ALERT]),
            "followUpDueSend": _operation("send", "followUpDue", [FOLLOW_UP]),
            "silenceReceive": _operation("receive", "silence", [SILENCE]),
            "silenceSend": _operation("send", "silence", [SILENCE]),
        },
        "components": {
            "messages": {
                **{event: _message(event, "application/cloudevents+json", _TICKET_KEY) for event in events},
                SCORE: _message(SCORE, "application/json", _SCORE_KEY),
                DEAD_LETTER: _message(DEAD_LETTER, "application/json", _DEAD_LETTER_KEY),
                ALERT: _message(ALERT, "application/json", _ALERT_KEY),
                FOLLOW_UP: _message(FOLLOW_UP, "application/json", _FOLLOW_UP_KEY),
                SILENCE: _message(SILENCE, "application/json", _SILENCE_KEY),
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
