"""Ticket shops asked over the network: one module a platform."""
