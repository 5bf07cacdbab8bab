"""What `passerelle retention` says, and how it ends."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.command_line import app
from tests.builders import SECRET_KEY


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PASSERELLE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PASSERELLE_SECRET_KEY", SECRET_KEY)
    return tmp_path


def retention(*options: str) -> Result:
    return CliRunner().invoke(app, ["retention", *options])


def test_where_nothing_is_kept_nothing_is_made(data_dir: Path) -> None:
    result = retention("--dry-run")
    assert result.exit_code == 2
    assert list(data_dir.iterdir()) == []


def test_a_database_that_is_away_and_a_wrong_period_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_REGISTRATION_DATABASE", "postgresql://somebody:secret@127.0.0.1:9/nothing")
    away = retention()
    assert (away.exit_code, away.stderr.count("\n")) == (1, 1)
    assert "The database of registration does not answer" in away.stderr
    monkeypatch.setenv("PASSERELLE_KEEP_LETTERS", "soon")
    wrong = retention()
    assert (wrong.exit_code, wrong.stderr.count("\n")) == (2, 1)
    assert "PASSERELLE_KEEP_LETTERS" in wrong.stderr


def test_a_service_whose_database_is_elsewhere_is_left_to_it(data_dir: Path) -> None:
    (data_dir / "streaming_bridge.db").touch()
    result = retention("--json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert {line["service"] for line in document["lines"]} == {"streaming_bridge"}
    assert (document["dry_run"], document["rows"]) == (False, 0)
    assert not (data_dir / "registration.db").exists()
