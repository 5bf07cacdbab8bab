"""Inward over HTTP: the read API, the live stream and the live page."""
