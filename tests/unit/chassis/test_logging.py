"""Logs: what a line holds, and what never gets in."""

import json
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pydantic
import pytest
import structlog

from services.chassis.logging import REPEAT_SECONDS, Unrepeated, configure_logging, keep_tracebacks_plain
from services.chassis.settings import CommonSettings
from tests.builders import settings_for

PERSON = "Anna"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Give pytest its own logging back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in ("aiokafka", "faust", "mode", "aiosqlite", "asyncio")}
    configured = structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)
    logging.captureWarnings(capture=False)
    structlog.configure(**configured)


def configure(tmp_path: Path, log_format: Literal["console", "json"] = "json", level: str = "info") -> None:
    settings = settings_for(CommonSettings, data_dir=tmp_path, log_format=log_format, log_level=level)
    configure_logging(settings, service="registration")


def lines(capture: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What was written to stderr, and nothing to stdout."""
    out, err = capture.readouterr()
    assert out == ""
    return [json.loads(line) for line in err.splitlines()]


def test_a_line_says_what_when_who_and_how_serious(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(tmp_path)
    structlog.stdlib.get_logger("services.door").info("check_in.absorbed", event_id="evt_1", lag_ms=3)

    (line,) = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "check_in.absorbed",
        "event_id": "evt_1",
        "lag_ms": 3,
        "level": "info",
        "logger": "services.door",
        "service": "registration",
    }


def test_libraries_log_in_the_same_shape(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(tmp_path)
    logging.getLogger("aiohttp.server").warning("slow: %d ms", 30)

    (line,) = lines(capsys)
    assert (line["event"], line["logger"], line["service"]) == ("slow: 30 ms", "aiohttp.server", "registration")


@pytest.mark.parametrize(
    "key",
    ["name", "display_name", "email", "ip", "client_ip", "user_agent", "text", "phone", "body", "ticket", "token"],
)
@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_field_about_a_person_is_removed(
    key: str, log_format: Literal["console", "json"], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(tmp_path, log_format)
    structlog.stdlib.get_logger("services.door").info("seen", **{key: "Anna"})
    structlog.stdlib.get_logger("services.door").info("seen", inner=[{"deep": {key: "Anna"}}])

    written = capsys.readouterr().err
    assert "Anna" not in written
    assert written.count("[removed]") == 2


def test_an_email_address_is_removed_from_any_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(tmp_path)
    structlog.stdlib.get_logger("services.door").info("refused", error="no mailbox anna.b+x@mail.example.org here")

    assert lines(capsys)[0]["error"] == "no mailbox [removed] here"


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_is_written_without_local_variables_and_rejected_input(
    log_format: Literal["console", "json"], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(tmp_path, log_format)

    def register(form: dict[str, str]) -> None:
        pydantic.TypeAdapter(int).validate_python(form["who"])

    try:
        register({"who": PERSON})
    except pydantic.ValidationError:
        structlog.stdlib.get_logger("services.door").exception("failed")

    written = capsys.readouterr().err
    assert "Traceback" in written
    assert "input_value=[removed]" in written
    assert "Anna" not in written


def test_a_traceback_shows_no_local_variable_before_logs_are_configured(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.reset_defaults()
    keep_tracebacks_plain()

    def register(who: str) -> None:
        raise LookupError(len(who))

    try:
        register(PERSON)
    except LookupError:
        structlog.get_logger("services.door").exception("failed")

    written = "".join(capsys.readouterr())
    assert "Traceback" in written
    assert "Anna" not in written


@pytest.mark.parametrize("address", ["192.0.2.17", "2001:db8::8a2e:370:7334", "::1"])
def test_a_library_names_no_address_of_a_visitor(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(tmp_path)
    logging.getLogger("aiohttp.server").error("Error handling request from %s", address)

    assert lines(capsys)[0]["event"] == "Error handling request from [removed]"


def test_the_time_of_day_in_a_message_is_no_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(tmp_path)
    logging.getLogger("aiohttp.server").error("at 10:30 in file.py:12")

    assert lines(capsys)[0]["event"] == "at 10:30 in file.py:12"


def test_kafka_libraries_may_name_brokers_but_never_print_records(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(tmp_path, level="debug")
    logging.getLogger("aiokafka.client").warning("Unable connect to 192.0.2.17:9092")
    logging.getLogger("aiokafka.producer").debug("Sending (key=%s value=%s)", b"key", b"value")

    assert [line["event"] for line in lines(capsys)] == ["Unable connect to 192.0.2.17:9092"]


def test_what_a_kafka_library_repeats_is_written_once_in_a_while() -> None:
    unrepeated = Unrepeated()

    def said(at: float, *, logger: str = "aiokafka.client", message: str = "Unable connect to %s") -> bool:
        record = logging.LogRecord(logger, logging.ERROR, __file__, 1, message, ("broker",), None)
        record.created = at
        return unrepeated.filter(record)

    assert said(1000.0)
    assert not said(1000.1)
    assert said(1000.2, message="Unable to update metadata from %s")
    assert not said(1000.0 + REPEAT_SECONDS - 1)
    assert said(1000.0 + REPEAT_SECONDS)
    assert said(1100.0, logger="services.door")
    assert said(1100.1, logger="services.door")


def test_a_warning_of_python_is_logged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("old way", DeprecationWarning, stacklevel=1)

    assert "old way" in lines(capsys)[0]["event"]


def test_lines_below_the_level_are_not_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(tmp_path, level="warning")
    structlog.stdlib.get_logger("services.door").info("seen")

    assert lines(capsys) == []
