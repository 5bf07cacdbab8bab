"""Settings: `PASSERELLE_*` variables over a TOML file over defaults, each checked at start.

The file named by `PASSERELLE_CONFIG` holds the settings of all services under their names without the prefix, in lower
case (`kafka = "…"`), and those of one service in a table of its name (`[registration]`, `port = 8081`), which wins.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar

from platformdirs import user_data_dir
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from services.chassis.secrets import SecretKeyError, read_or_create_secret_key

PREFIX: Final = "PASSERELLE_"
CONFIG_VARIABLE: Final = "PASSERELLE_CONFIG"
SERVICES: Final = ("registration", "streaming_bridge", "attendance", "gateway")
"""The tables a settings file may have."""
SHORTEST_SECRET: Final = 32
_EMBEDDED_DATABASE: Final = "sqlite+aiosqlite:///"
_KEY_FILE: Final = "secret.key"
_ELSEWHERE: Final = frozenset({"kafka", *(f"{service}_database" for service in SERVICES)})


class SettingsError(Exception):
    """Settings that cannot be used; `problems` has one clear line a wrong variable, never with a secret in it."""

    def __init__(self, *problems: str) -> None:
        """Keep the lines, in the order of the variables."""
        super().__init__("\n".join(problems))
        self.problems = problems


class NothingKeptError(SettingsError):
    """No Passerelle is kept in the data directory, and none elsewhere is named."""


def _database_url(value: str) -> str:
    """Name the asynchronous driver where the URL names none."""
    if value.startswith(_EMBEDDED_DATABASE):
        return value
    # Only where another is set: what needs no database should not load all of this.
    import sqlalchemy  # noqa: PLC0415

    try:
        url = sqlalchemy.make_url(value)
    except sqlalchemy.exc.ArgumentError:
        raise ValueError from None
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
    url = url.set(drivername=drivers.get(url.drivername, url.drivername))
    if url.drivername not in drivers.values():
        raise ValueError
    return url.render_as_string(hide_password=False)


def _web_origin(value: str) -> str:
    """Take off the last slash, so that `{public_url}/path` is one address."""
    return value.rstrip("/")


# A description completes "PASSERELLE_PORT: must be …": it is what an operator reads when the value is wrong.
Port = Annotated[int, Field(ge=0, le=65535, description="a whole number between 0 (any free one) and 65535")]
Count = Annotated[int, Field(ge=1, le=1000, description="a whole number between 1 and 1000")]
DatabaseUrl = Annotated[
    str,
    AfterValidator(_database_url),
    Field(
        description="a database URL such as sqlite+aiosqlite:///file.db or postgresql+asyncpg://user:password@host/name"
    ),
]
WebUrl = Annotated[
    str,
    AfterValidator(_web_origin),
    Field(pattern=r"^https?://[^/\s]+(/\S*)?$", description="a web address such as https://events.example.org"),
]


def _default_database(service: str) -> Any:  # noqa: ANN401  (pydantic calls it with the fields validated before)
    return lambda fields: f"{_EMBEDDED_DATABASE}{fields['data_dir'] / f'{service}.db'}"


class CommonSettings(BaseSettings):
    """What all services share; a service subclasses it, sets `service` and its own port, and adds its own fields.

    Give every added field a `description` that completes the sentence "must be …".
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)
    service: ClassVar[str] = ""

    kafka: Annotated[
        str,
        Field(
            pattern=r"^[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*$",
            description="bootstrap servers such as 127.0.0.1:9092, several separated by commas",
        ),
    ] = "127.0.0.1:9092"
    kafka_cluster: Annotated[
        str | None, Field(min_length=1, description="the id of a Kafka cluster, as Kafka itself gives it")
    ] = None
    partitions: Count = 8
    replication: Annotated[int, Field(ge=1, le=32, description="a whole number between 1 and 32")] = 1
    data_dir: Annotated[Path, Field(description="a folder that may be written to")] = Path(user_data_dir("passerelle"))
    host: Annotated[str, Field(min_length=1, description="a host name or address to listen on")] = "127.0.0.1"
    port: Port = 8080
    public_url: WebUrl = "http://127.0.0.1:8080"
    secret_key: Annotated[
        SecretStr | None, Field(min_length=SHORTEST_SECRET, description=f"at least {SHORTEST_SECRET} characters long")
    ] = None
    log_format: Annotated[Literal["console", "json"], Field(description="console or json")] = "console"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description="debug, info, warning or error")
    ] = "info"
    # An hour in which few people are awake: 3 or 4 o'clock in France.
    retention_hour: Annotated[
        int, Field(ge=0, le=23, description="a whole number between 0 and 23 (an hour of UTC)")
    ] = 2
    registration_url: WebUrl = "http://127.0.0.1:8081"
    streaming_bridge_url: WebUrl = "http://127.0.0.1:8082"
    attendance_url: WebUrl = "http://127.0.0.1:8083"
    registration_database: DatabaseUrl = Field(default_factory=_default_database("registration"))
    streaming_bridge_database: DatabaseUrl = Field(default_factory=_default_database("streaming_bridge"))
    attendance_database: DatabaseUrl = Field(default_factory=_default_database("attendance"))

    @property
    def secret(self) -> str:
        """The secret key in plain text, from which every other key is derived.

        Raises:
            SettingsError: if the settings were not made by `load_settings` and name none.
        """
        if self.secret_key is None:
            raise SettingsError(f"{PREFIX}SECRET_KEY: is missing")
        return self.secret_key.get_secret_value()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  (pydantic-settings calls it by name)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: arguments, variables, file."""
        named = InitSettingsSource(settings_cls, init_kwargs=cls._file_values())
        return init_settings, env_settings, named

    @classmethod
    def _file_values(cls) -> dict[str, Any]:
        """Read the settings file for this service.

        Raises:
            SettingsError: if the file cannot be read, or names a setting or a table that nobody knows.
        """
        name = os.environ.get(CONFIG_VARIABLE)
        if not name:
            return {}
        path = Path(name)
        if not path.is_file():
            raise SettingsError(f"{CONFIG_VARIABLE}: must be a file that exists, and {path} does not")
        try:
            content = TomlConfigSettingsSource(cls, path).toml_data
        except (OSError, ValueError) as error:
            raise SettingsError(f"{CONFIG_VARIABLE}: {path} cannot be read as TOML: {error}") from None
        own = content.get(cls.service, {})
        if not isinstance(own, dict):
            raise SettingsError(f"{path}: {cls.service} must be a table")
        shared = {key: value for key, value in content.items() if key not in SERVICES}
        unknown = [f"{path}: there is no setting {key}" for key in shared if key not in CommonSettings.model_fields]
        unknown += [
            f"{path}: there is no setting {key} in [{cls.service}]" for key in own if key not in cls.model_fields
        ]
        if unknown:
            raise SettingsError(*unknown)
        return {**shared, **own}


Loaded = TypeVar("Loaded", bound=CommonSettings)


def load_settings(settings: type[Loaded], **given: object) -> Loaded:
    """Read and check the settings of one service; `given` wins over variables and file.

    The data directory exists afterwards (for its owner only), and the secret key is there: made at the first start, and
    the same for all processes of one data directory.

    Raises:
        SettingsError: with one line for each wrong variable, naming it.
    """
    loaded = _checked(settings, given)
    try:
        loaded.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise SettingsError(
            f"{PREFIX}DATA_DIR: must be a folder that may be written to, not {loaded.data_dir} ({error.strerror})"
        ) from None
    return _with_secret(loaded)


def load_settings_of_others(settings: type[Loaded]) -> Loaded:
    """The settings of one service for a command that looks at what others have made, and makes nothing itself.

    There is a secret key only if one was made.

    Raises:
        SettingsError: with one line for each wrong variable; also if nothing is kept in the data directory, unless a
            Kafka or a database elsewhere is named (`NothingKeptError`).
    """
    loaded = _checked(settings, {})
    try:
        is_kept = any(loaded.data_dir.iterdir())
    except OSError:
        is_kept = False
    if not is_kept and _ELSEWHERE.isdisjoint(loaded.model_fields_set):
        raise NothingKeptError(f"{PREFIX}DATA_DIR (--data-dir): no Passerelle is kept in {loaded.data_dir}")
    return _with_secret(loaded) if (loaded.data_dir / _KEY_FILE).exists() else loaded


def _checked(settings: type[Loaded], given: Mapping[str, Any]) -> Loaded:
    try:
        return settings(**given)
    except ValidationError as error:
        raise SettingsError(*_lines(settings, error)) from None


def _with_secret(loaded: Loaded) -> Loaded:
    if loaded.secret_key is not None:
        return loaded
    try:
        key = read_or_create_secret_key(loaded.data_dir / _KEY_FILE)
    except SecretKeyError as error:
        raise SettingsError(f"{PREFIX}SECRET_KEY: {error}") from None
    return loaded.model_copy(update={"secret_key": SecretStr(key)})


def _lines(settings: type[CommonSettings], error: ValidationError) -> list[str]:
    lines = [
        _line(settings, problem)
        for problem in error.errors(include_url=False, include_input=False, include_context=False)
        # A default that depends on a wrong setting is not a second mistake.
        if problem["type"] != "default_factory_not_called"
    ]
    return list(dict.fromkeys(lines))


def _line(settings: type[CommonSettings], problem: ErrorDetails) -> str:
    name = str(problem["loc"][0]) if problem["loc"] else ""
    field = settings.model_fields.get(name)
    expected = field.description if field else None
    return f"{PREFIX}{name.upper()}: " + (f"must be {expected}" if expected else problem["msg"].lower())
