"""Everything on one machine: the embedded Kafka and what keeps the services running."""
