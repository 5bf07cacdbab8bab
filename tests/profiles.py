"""Hypothesis profiles: `dev` is quick, `ci` searches longer and prints what repeats a failure.

Imported by `tests/conftest.py`. `CI` in the environment chooses `ci`; pytest's `--hypothesis-profile` overrides both.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile(
    "ci",
    max_examples=300,
    deadline=None,  # the machine is shared: pytest-timeout decides what hangs
    derandomize=True,  # a red build is red again
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci" if "CI" in os.environ else "dev")
