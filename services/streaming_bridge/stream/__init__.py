"""Inward over Kafka: what events say about their rooms."""
