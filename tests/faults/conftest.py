"""What the fault tests share: a seed that is told, and counts that are printed at the end of the run."""

import logging
import os
import random
from collections.abc import Callable
from typing import Final

import pytest

_SEED: Final = "FAULTS_SEED"
_COUNTS: Final = "faults counted"

Tell = Callable[[object], None]


@pytest.fixture
def seed(record_property: Callable[[str, object], None], tell: Tell) -> int:
    """A seed of chance's own, or that of `FAULTS_SEED`: it repeats what is sent, what is injected and where."""
    chosen = int(os.environ.get(_SEED, random.SystemRandom().randrange(1_000_000)))
    tell(f"{_SEED}={chosen}")
    return chosen


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Say something that the end of the run shows, whether the test passed or not."""
    return lambda said: record_property(_COUNTS, said)


@pytest.fixture(autouse=True)
def _aiokafka_is_quiet(caplog: pytest.LogCaptureFixture) -> None:
    """It calls each attempt to reach a broker that is away an error."""
    caplog.set_level(logging.CRITICAL, logger="aiokafka")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the counts."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    said = [(report, value) for report in reports for name, value in report.user_properties if name == _COUNTS]
    if said:
        terminalreporter.section("faults")
    for report, value in said:
        terminalreporter.line(f"{report.nodeid.rpartition('::')[2]}: {value}")
