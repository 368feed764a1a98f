"""Parts for development and trial: an embedded Kafka, a simulated helpdesk, load generators."""
