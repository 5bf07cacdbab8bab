"""Settings: where they come from, and what an operator reads when one is wrong."""

import multiprocessing
import stat
from pathlib import Path
from typing import Annotated, ClassVar

import pytest
from pydantic import Field

from services.chassis.secrets import read_or_create_secret_key
from services.chassis.settings import CommonSettings, Port, SettingsError, load_settings


class DoorSettings(CommonSettings):
    """A service made up for these tests."""

    service: ClassVar[str] = "registration"

    port: Port = 8081
    doors: Annotated[int, Field(ge=1, description="a whole number of 1 or more")] = 2


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep files out of the user's folders."""
    monkeypatch.setenv("PASSERELLE_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def write_file(path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    """Write a settings file and name it."""
    path.write_text(content)
    monkeypatch.setenv("PASSERELLE_CONFIG", str(path))


def test_without_any_setting_a_service_gets_its_defaults(data_dir: Path) -> None:
    settings = load_settings(DoorSettings)

    assert settings.port == 8081
    assert settings.registration_database == f"sqlite+aiosqlite:///{data_dir}/registration.db"
    assert data_dir.is_dir()


def test_a_variable_wins_over_the_service_table_and_the_table_over_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_file(
        tmp_path / "passerelle.toml",
        monkeypatch,
        'partitions = 3\nhost = "0.0.0.0"\nlog_level = "error"\n'
        '[registration]\nhost = "10.0.0.1"\nlog_level = "warning"\ndoors = 7\n[attendance]\nport = 1\n',
    )
    monkeypatch.setenv("PASSERELLE_LOG_LEVEL", "debug")

    settings = load_settings(DoorSettings)

    assert (settings.partitions, settings.host, settings.log_level, settings.doors) == (3, "10.0.0.1", "debug", 7)
    assert settings.port == 8081


@pytest.mark.parametrize(
    "variable, value, line",
    [
        ("PASSERELLE_PORT", "http", "PASSERELLE_PORT: must be a whole number between 0 (any free one) and 65535"),
        ("PASSERELLE_PORT", "65536", "PASSERELLE_PORT: must be a whole number between 0 (any free one) and 65535"),
        ("PASSERELLE_PARTITIONS", "0", "PASSERELLE_PARTITIONS: must be a whole number between 1 and 1000"),
        (
            "PASSERELLE_KAFKA",
            "localhost",
            "PASSERELLE_KAFKA: must be bootstrap servers such as 127.0.0.1:9092, several separated by commas",
        ),
        ("PASSERELLE_LOG_FORMAT", "xml", "PASSERELLE_LOG_FORMAT: must be console or json"),
        ("PASSERELLE_SECRET_KEY", "hunter2", "PASSERELLE_SECRET_KEY: must be at least 32 characters long"),
        ("PASSERELLE_DOORS", "none", "PASSERELLE_DOORS: must be a whole number of 1 or more"),
        (
            "PASSERELLE_PUBLIC_URL",
            "events.example.org",
            "PASSERELLE_PUBLIC_URL: must be a web address such as https://events.example.org",
        ),
        (
            "PASSERELLE_ATTENDANCE_DATABASE",
            "mysql://root:hunter2@db/attendance",
            (
                "PASSERELLE_ATTENDANCE_DATABASE: must be a database URL such as sqlite+aiosqlite:///file.db "
                "or postgresql+asyncpg://user:password@host/name"
            ),
        ),
        (
            "PASSERELLE_ATTENDANCE_DATABASE",
            "not a url",
            (
                "PASSERELLE_ATTENDANCE_DATABASE: must be a database URL such as sqlite+aiosqlite:///file.db "
                "or postgresql+asyncpg://user:password@host/name"
            ),
        ),
    ],
)
def test_a_wrong_variable_is_named_in_one_line_without_its_value(
    variable: str, value: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError) as raised:
        load_settings(DoorSettings)

    assert str(raised.value) == line


def test_each_wrong_variable_has_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_PORT", "x")
    monkeypatch.setenv("PASSERELLE_REPLICATION", "x")

    with pytest.raises(SettingsError) as raised:
        load_settings(DoorSettings)

    assert [line.split(":")[0] for line in raised.value.problems] == ["PASSERELLE_REPLICATION", "PASSERELLE_PORT"]


@pytest.mark.parametrize(
    "content, problem",
    [
        ("prot = 1", "there is no setting prot"),
        ("[registration]\nprot = 1", "there is no setting prot in [registration]"),
        ("[registraton]\nport = 1", "there is no setting registraton"),
        ("doors = 1", "there is no setting doors"),
        ("port = ", "cannot be read as TOML"),
        ("registration = 3", "registration must be a table"),
    ],
)
def test_what_nobody_knows_in_the_settings_file_is_an_error_that_names_it(
    content: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_file(tmp_path / "passerelle.toml", monkeypatch, content)

    with pytest.raises(SettingsError, match=r"passerelle\.toml") as raised:
        load_settings(DoorSettings)

    assert problem in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_wrong_value_in_the_settings_file_is_named_like_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_file(tmp_path / "passerelle.toml", monkeypatch, "[registration]\nport = 'no'\n")

    with pytest.raises(SettingsError, match=r"^PASSERELLE_PORT: must be a whole number"):
        load_settings(DoorSettings)


def test_a_settings_file_that_does_not_exist_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_CONFIG", "/nowhere/passerelle.toml")

    with pytest.raises(SettingsError, match=r"^PASSERELLE_CONFIG: .*/nowhere/passerelle.toml"):
        load_settings(DoorSettings)


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PASSERELLE_DATA_DIR", str(tmp_path / "file" / "data"))

    with pytest.raises(SettingsError, match=r"^PASSERELLE_DATA_DIR: must be a folder that may be written to"):
        load_settings(DoorSettings)


def test_database_addresses_get_the_asynchronous_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_REGISTRATION_DATABASE", "postgresql://anna:p%40ss@db/registration")

    settings = load_settings(DoorSettings)

    assert settings.registration_database == "postgresql+asyncpg://anna:p%40ss@db/registration"


def test_the_secret_key_is_made_once_for_its_owner_only(data_dir: Path) -> None:
    first = load_settings(DoorSettings)
    second = load_settings(DoorSettings)

    assert first.secret == second.secret
    assert len(first.secret) >= 32
    assert stat.S_IMODE((data_dir / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in data_dir.iterdir()] == ["secret.key"]


def test_the_secret_key_is_never_shown(data_dir: Path) -> None:
    settings = load_settings(DoorSettings)

    assert settings.secret not in repr(settings)
    assert (data_dir / "secret.key").read_text().strip() == settings.secret


def test_a_file_that_holds_no_key_is_an_error_and_is_left_alone(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "secret.key").write_text("")

    with pytest.raises(SettingsError, match=r"^PASSERELLE_SECRET_KEY: .*secret\.key"):
        load_settings(DoorSettings)

    assert (data_dir / "secret.key").read_text() == ""


def test_processes_that_start_together_agree_on_the_secret_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("fork").Pool(8) as pool:
        keys = pool.map(read_or_create_secret_key, [tmp_path / "secret.key"] * 32, chunksize=1)

    assert len(set(keys)) == 1
