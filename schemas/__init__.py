"""The wire format: the events the services exchange over Kafka, and nothing else.

One module a topic (`registration`, `checkin`, `participation`, `timeline`, `presence`), the envelope they share
(`envelope`), the identifiers (`identifiers`) and the topics themselves (`topics`).
"""
