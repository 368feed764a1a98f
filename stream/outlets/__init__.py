"""What leaves the worker beside Kafka: metrics and notifications."""
