"""Errors that whoever runs a command can act on."""


class OperatorError(Exception):
    """Its text is one line for the person at the terminal: what is wrong, and what helps."""
