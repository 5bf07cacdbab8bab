"""Outward: the read model's tables and queries, and the names the other services keep."""
