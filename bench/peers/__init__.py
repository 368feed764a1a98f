"""The peer bench: stream processors side by side on two jobs, on one embedded Kafka."""
