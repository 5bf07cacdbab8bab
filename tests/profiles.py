"""How long hypothesis searches: `dev` is quick, `ci` repeats itself, `long` is for a night or a change of the fold.

Imported by `tests/conftest.py`. `HYPOTHESIS_PROFILE` in the environment names one; else `CI` in it chooses `ci`.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile(
    "ci",
    max_examples=100,
    deadline=None,  # the machine is shared: pytest-timeout decides what hangs
    derandomize=True,  # a red build is red again
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("long", max_examples=5_000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if "CI" in os.environ else "dev"))
