"""What the fault tests share: a seed that is told, and counts that are printed at the end of the run."""

import logging
import os
import random
from collections.abc import Callable
from typing import Final

import pytest

from tests.faults.counts import COUNTS

_SEED: Final = "FAULTS_SEED"

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
    return lambda said: record_property(COUNTS, str(said))


@pytest.fixture(autouse=True)
def _aiokafka_is_quiet(caplog: pytest.LogCaptureFixture) -> None:
    """It calls each attempt to reach a broker that is away an error."""
    caplog.set_level(logging.CRITICAL, logger="aiokafka")
