"""Logs: one event a line on stderr, for people or for machines, without anything about a person.

Write `log = structlog.stdlib.get_logger(__name__)` and `log.info("check_in.absorbed", event_id=…, lag_ms=…)`. What
libraries log takes the same way out.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from services.chassis.settings import CommonSettings

REMOVED: Final = "[removed]"
REPEAT_SECONDS: Final = 30.0

_PERSONAL_KEYS: Final = frozenset(
    {"user_agent", "remote_addr", "peername", "ip_address", "email_address", "text", "message", "body", "form", "query"}
)
_PERSONAL_LAST_WORDS: Final = frozenset(
    {"name", "names", "email", "emails", "mail", "ip", "phone"}
    | {"authorization", "cookie", "password", "secret", "token", "ticket"}
)
"""A key whose last word is one of these: `display_name`, `client_ip`, `join_token`."""
_EMAIL: Final = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_VALIDATED_INPUT: Final = re.compile(r"input_value=.*?, input_type=", re.DOTALL)
# PostgreSQL quotes the row that it refuses, and asyncpg its words; they end where the traceback goes on.
_REFUSED_ROW: Final = re.compile(r"\nDETAIL:  .*?(?=\nHINT:  |\n\n|\Z)", re.DOTALL)
_IP_ADDRESS: Final = re.compile(
    r"\b\d{1,3}(?:\.\d{1,3}){3}\b|(?<![\w:])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?![\w:])"
)
# They name brokers and never a person's machine; at debug they print the records themselves, and every packet.
_KAFKA_LIBRARIES: Final = ("aiokafka", "faust", "mode")
_CHATTY: Final = (*_KAFKA_LIBRARIES, "aiosqlite", "asyncio")


def configure_logging(settings: CommonSettings, *, service: str) -> None:
    """Send all logs of this process to stderr as `settings` say; may be called again."""

    def add_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    shared: list[Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_service,
        # A plain traceback: richer ones show local variables, where names and addresses are.
        structlog.processors.format_exc_info,
        remove_personal_data,
    ]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    renderer: Processor = (
        structlog.processors.JSONRenderer(default=str, ensure_ascii=False)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, remove_ip_addresses],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    handler.addFilter(Unrepeated())
    level = getattr(logging, settings.log_level.upper())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for library in _CHATTY:
        logging.getLogger(library).setLevel(max(logging.INFO, level))
    logging.captureWarnings(capture=True)


def keep_tracebacks_plain() -> None:
    """Where logs are not configured, or not yet: no traceback shows local variables, as structlog's own do.

    Names and keys are in those, and writing them out takes seconds: every settings and connection on the way is one.
    """
    if not structlog.is_configured():
        *usual, _ = structlog.get_config()["processors"]
        plain = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        structlog.configure(processors=[*usual, plain])


def remove_personal_data(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace the values of keys that may be about a person or a secret, e-mail addresses, and what was refused."""
    return {key: _clean(key, value) for key, value in event.items()}


def remove_ip_addresses(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace the addresses that libraries put in their messages, but for those of brokers."""
    if not str(event.get("logger", "")).startswith(_KAFKA_LIBRARIES):
        for key in ("event", "exception"):
            if key in event:
                event[key] = _IP_ADDRESS.sub(REMOVED, str(event[key]))
    return event


class Unrepeated(logging.Filter):
    """Lets the same message of a Kafka library through once in 30 seconds.

    While a broker is away, aiokafka says so at each try, ten times a second.
    """

    def __init__(self) -> None:
        """Begin with nothing said."""
        super().__init__()
        self._said: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the record is to be written."""
        if not record.name.startswith(_KAFKA_LIBRARIES):
            return True
        message = (record.name, str(record.msg))
        if record.created - self._said.get(message, 0.0) < REPEAT_SECONDS:
            return False
        self._said[message] = record.created
        return True


def _clean(key: str, value: object) -> object:
    # structlog keeps the library's own record under a key like this one.
    if key.startswith("_"):
        return value
    if key in _PERSONAL_KEYS or key.rsplit("_", 1)[-1] in _PERSONAL_LAST_WORDS:
        return REMOVED
    if isinstance(value, Mapping):
        return {str(name): _clean(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", inner) for inner in value]
    if isinstance(value, str):
        value = _REFUSED_ROW.sub(f"\nDETAIL:  {REMOVED}", value)
        return _VALIDATED_INPUT.sub(f"input_value={REMOVED}, input_type=", _EMAIL.sub(REMOVED, value))
    return value
