"""The report of an event: what can be counted of who was there, from where everybody stands. Pure."""
