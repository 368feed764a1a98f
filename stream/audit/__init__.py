"""The auditor: every figure of docs/definitions.md worked out a second time from the raw events, by sorting, filtering and counting."""
