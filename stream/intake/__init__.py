"""Intake: rows of CSV or JSON-lines files to events, by a mapping file, and events to Kafka."""
