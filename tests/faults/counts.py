"""What fault tests count, printed at the end of the run, whether they passed or not."""

from typing import Final

import pytest

COUNTS: Final = "faults counted"
"""The property of a test under which it says something."""


def print_counts(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was said, test by test."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    said = [(report, value) for report in reports for name, value in report.user_properties if name == COUNTS]
    if said:
        terminalreporter.section("faults")
    for report, value in said:
        terminalreporter.line(f"{report.nodeid.rpartition('::')[2]}: {value}")
