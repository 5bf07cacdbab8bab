"""Values for tests: valid, and the same at each run, unless the test says otherwise."""

from pathlib import Path
from typing import Any, Final, TypeVar

from services.chassis.settings import CommonSettings, load_settings

SECRET_KEY: Final = "a secret key for tests, long enough"

Settings = TypeVar("Settings", bound=CommonSettings)


def settings_for(kind: type[Settings], *, data_dir: Path, **given: Any) -> Settings:  # noqa: ANN401  (any setting)
    """Settings of a service on any free port, with its database and files in `data_dir`."""
    return load_settings(kind, **{"data_dir": data_dir, "secret_key": SECRET_KEY, "port": 0, **given})
