"""Use cases of registration: load, decide, save with the outbox rows, in one transaction."""
