"""The envelope of every record: CloudEvents 1.0, structured JSON mode, with two extensions.

A record's value is one self-contained JSON document. `recordedtime` (when this system learned the fact) and
`traceparent` (W3C Trace Context) are CloudEvents extensions, so their names are lower case without separators.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

CONTENT_TYPE: Final = "application/cloudevents+json"
"""The Kafka header `content-type` of each record."""
_RFC_3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII).fullmatch


def format_instant(instant: datetime) -> str:
    """Write an aware instant as RFC 3339 in UTC with milliseconds: `2026-11-22T09:00:00.000Z`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_milliseconds(instant: datetime) -> datetime:
    """Cut an aware instant to whole milliseconds, in UTC: what the wire can carry.

    Raises:
        ValueError: if it lies outside the years 1 to 9999 in UTC.
    """
    try:
        utc = instant.astimezone(UTC)
    except OverflowError:
        message = "must be within the years 1 to 9999 in UTC"
        raise ValueError(message) from None
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def _only_as_written(value: object) -> object:
    """Leave an instant to be read; a number, or a text that may be one, is none: 12 would be a second of 1970.

    Raises:
        PydanticCustomError: unless it is RFC 3339 with an offset.
    """
    if isinstance(value, datetime) or (isinstance(value, str) and _RFC_3339(value) is not None):
        return value
    raise PydanticCustomError("datetime_parsing", "must be an instant with its offset, such as 2026-11-20T09:00:00Z")


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_only_as_written),
    AfterValidator(to_milliseconds),
    PlainSerializer(format_instant, return_type=str, when_used="json"),
]
"""An aware instant, held and sent in UTC with milliseconds, so that a round trip changes nothing."""

Identifier = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_.:~-]+$")]
"""A random or derived id: never a name, an address or anything else about a person."""


class Wire(BaseModel):
    """Base of all that goes on a topic: frozen, and open to fields added later (FULL_TRANSITIVE)."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class FactData(Wire):
    """What every fact says: the event it concerns. The Kafka key of its record is the same `event_id`."""

    event_id: Identifier


class Fact(Wire):
    """A CloudEvent whose `type` decides its `data`; each concrete fact narrows both.

    Raises:
        ValueError: on construction, when an instant is naive or a field is missing.
    """

    specversion: Literal["1.0"] = "1.0"
    id: Identifier
    source: Annotated[str, Field(min_length=1, max_length=300)]
    type: str
    subject: Identifier | None = None
    time: Instant
    recordedtime: Instant
    datacontenttype: Literal["application/json"] = "application/json"
    traceparent: Annotated[str, Field(max_length=100)] | None = None
    data: FactData

    @model_validator(mode="before")
    @classmethod
    def _fill_type(cls, values: Any) -> Any:  # noqa: ANN401  (pydantic hands over whatever the caller gave)
        """Let Python callers leave out `type` where the class allows only one."""
        if isinstance(values, Mapping) and "type" not in values:
            (only,) = getattr(cls.model_fields["type"].annotation, "__args__", (None,))
            if only is not None:
                return {**values, "type": only}
        return values

    def to_bytes(self) -> bytes:
        """The record's value: compact UTF-8 JSON, absent extensions left out."""
        return self.model_dump_json(exclude_none=True).encode()


def fact_type(model: type[Fact]) -> str:
    """The one CloudEvents `type` of a concrete fact: `passerelle.<topic>.<what happened>.v<version>`."""
    (only,) = get_args(model.model_fields["type"].annotation)
    return str(only)
