"""Inward over Kafka: the worker that folds, and the projector that stores what it tells."""
