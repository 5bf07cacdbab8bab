"""Inward over HTTP: the API, the pages, their templates and static files."""
