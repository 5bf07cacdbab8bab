"""Outward: the platforms' shapes, the database."""
