"""Loads of known size, measured: each prints its figures and the command that repeats them."""
