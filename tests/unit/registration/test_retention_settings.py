"""How long what is kept: periods that contradict one another are refused, each by its name."""

from pathlib import Path

import pytest

from services.chassis.settings import SettingsError, load_settings
from services.registration.settings import RegistrationSettings


@pytest.mark.parametrize(
    "name,value,said",
    [
        ("KEEP_PARTICIPANTS", "soon", "must be a period between 1 day and 50 years"),
        ("KEEP_TRAINING_PROOF", "2 years", "no shorter than PASSERELLE_KEEP_PARTICIPANTS"),
        ("KEEP_ACCESSIBILITY_NEEDS", "4 years", "no longer than PASSERELLE_KEEP_PARTICIPANTS"),
        ("RETENTION_HOUR", "24", "must be a whole number between 0 and 23"),
    ],
)
def test_a_wrong_period_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv("PASSERELLE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv(f"PASSERELLE_{name}", value)
    with pytest.raises(SettingsError) as raised:
        load_settings(RegistrationSettings)
    [problem] = raised.value.problems
    assert problem.startswith(f"PASSERELLE_{name}: ")
    assert said in problem


def test_a_default_that_a_longer_period_contradicts_is_named_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PASSERELLE_KEEP_PARTICIPANTS", "8 years")
    with pytest.raises(SettingsError, match="PASSERELLE_KEEP_TRAINING_PROOF"):
        load_settings(RegistrationSettings)
