"""Inward over HTTP: webhooks, the API of sources, and the way into a meeting."""
