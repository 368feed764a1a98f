"""csat-stream: exact, current customer-satisfaction figures from helpdesk events in Kafka."""
