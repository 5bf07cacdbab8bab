"""Outward: the database, and the translation of what happened into the wire format."""
