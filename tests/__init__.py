"""The tests: what the system promises, by behaviour."""
