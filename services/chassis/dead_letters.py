"""Dead letters: what could not be read or did not fit, kept whole with the reason, so that it can be redriven.

A Kafka record is kept as it came, its own headers included; one that fills its topic's limit is cut, and whole where it
came from. The body of an HTTP request may name people, so it is
sealed: only this installation can open it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import uuid5

from aiokafka import ConsumerRecord

from schemas.envelope import format_instant
from schemas.identifiers import NAMESPACE
from schemas.topics import DEAD_LETTER
from services.chassis.kafka import LARGEST_RECORD, decode_headers, encode_headers
from services.chassis.outbox import OutboxRecord
from services.chassis.secrets import SecretBox

PURPOSE: Final = "dead-letters"
"""The purpose of the SecretBox that seals HTTP bodies."""
_OWN_HEADERS: Final = frozenset(
    {
        *("reason", "service", "time", "origin", "origin_topic", "origin_partition", "origin_offset"),
        *("sealed", "letter", "cut"),
    }
)
_LARGEST: Final = LARGEST_RECORD - 8192
_HEADER_BYTES: Final = 10
"""What Kafka writes around a header, at most."""
_CUT_VALUE: Final = 1024 * 1024
_CUT_TEXT: Final = 1024
_ID_DIGITS: Final = 12
"""Short enough to be typed; of a million letters, two have the same id once in six hundred times."""

LETTER: Final = "letter"
"""The header of a letter that came with a request: its id."""
REDRIVEN: Final = "redriven"
"""The header of a mark: a record beside the letters that names one, by its id, as sent back, with the `time` of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a Kafka record stood."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A dead letter as read back; `origin` is a place in Kafka, or the path of the request it came with."""

    reason: str
    service: str
    time: datetime
    origin: Origin | str
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, str]
    """The record's own headers, as it came."""
    cut: bool = False
    """Whether this is only the beginning of the record, without its headers: with them it would not fit the topic."""
    letter_id: str | None = None
    """What the letter of a request calls itself; those of before did not."""

    @property
    def id(self) -> str | None:
        """The same whenever its service sets this aside again, as a rebuild does; None if it does not say."""
        if isinstance(self.origin, str):
            return self.letter_id
        return _letter_id(self.service, f"{self.origin.topic}/{self.origin.partition}@{self.origin.offset}")

    def open(self, box: SecretBox) -> bytes | None:
        """Give the content in plain.

        Raises:
            BrokenSealError: if another installation sealed it.
        """
        if isinstance(self.origin, Origin) or self.value is None:
            return self.value
        return box.open(self.value)

    def redriven(self) -> OutboxRecord | None:
        """Give the record for the topic it came from, as it was; None if it came with a request or is cut."""
        if isinstance(self.origin, str) or self.cut:
            return None
        return OutboxRecord(topic=self.origin.topic, key=self.key, value=self.value, headers=self.headers)


def from_record(
    *,
    service: str,
    reason: str,
    now: datetime,
    origin: Origin,
    key: bytes | None,
    value: bytes | None,
    headers: Iterable[tuple[str, bytes | None]] = (),
) -> OutboxRecord:
    """Keep a record of a topic, or its beginning if the letter would not fit. `reason` must not quote the value."""
    kept = {name: text for name, text in decode_headers(headers).items() if name not in _OWN_HEADERS}
    place = {
        "origin_topic": origin.topic,
        "origin_partition": str(origin.partition),
        "origin_offset": str(origin.offset),
    }
    if key is None and value is None:
        value = b""  # The clients send no record without both.
    letter = {**kept, **_said(service, reason, now), **place}
    size = len(key or b"") + len(value or b"")
    size += sum(len(name) + len(text) + _HEADER_BYTES for name, text in encode_headers(letter))
    if size > _LARGEST:
        letter = {**_said(service, reason[:_CUT_TEXT], now), **place, "cut": f"of {size} bytes"}
        key = None if key is None else key[:_CUT_TEXT]
        value = None if value is None else value[:_CUT_VALUE]
    return OutboxRecord(topic=DEAD_LETTER.name, key=key, value=value, headers=letter)


def from_consumed(
    record: "ConsumerRecord[bytes | None, bytes | None]", *, service: str, reason: str, now: datetime
) -> OutboxRecord:
    """Keep a record as a consumer has it: see `from_record`."""
    return from_record(
        service=service,
        reason=reason,
        now=now,
        origin=Origin(topic=record.topic, partition=record.partition, offset=record.offset),
        key=record.key,
        value=record.value,
        headers=record.headers,
    )


def from_request(
    *, service: str, reason: str, now: datetime, path: str, body: bytes, box: SecretBox, key: bytes | None = None
) -> OutboxRecord:
    """Keep the body of a request to `path`, sealed. `reason` must not quote the body; `box` is that of `PURPOSE`.

    The same body to the same path is the same letter (`LETTER` in its headers), whenever it comes.
    """
    letter_id = _letter_id(service, f"{path}\0{hashlib.sha256(body).hexdigest()}")
    headers = {**_said(service, reason, now), "origin": path, LETTER: letter_id, "sealed": "fernet"}
    return OutboxRecord(topic=DEAD_LETTER.name, key=key, value=box.seal(body), headers=headers)


def mark_redriven(letter_id: str, *, now: datetime) -> OutboxRecord:
    """The mark of a letter that was sent back to where it came from."""
    headers = {REDRIVEN: letter_id, "time": format_instant(now)}
    return OutboxRecord(topic=DEAD_LETTER.name, key=None, value=b"", headers=headers)


def read_dead_letter(
    *, key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes | None]]
) -> DeadLetter:
    """Read a record of the dead-letter topic.

    Raises:
        ValueError: if its headers are not those of a dead letter.
    """
    said = decode_headers(headers)
    try:
        origin: Origin | str = said["origin"] if "origin" in said else _origin(said)
        return DeadLetter(
            reason=said["reason"],
            service=said["service"],
            time=datetime.fromisoformat(said["time"]),
            origin=origin,
            key=key,
            value=value,
            headers={name: text for name, text in said.items() if name not in _OWN_HEADERS},
            cut="cut" in said,
            letter_id=said.get(LETTER),
        )
    except KeyError as error:
        msg = f"a dead letter without the header {error}"
        raise ValueError(msg) from None


def _origin(said: Mapping[str, str]) -> Origin:
    return Origin(
        topic=said["origin_topic"], partition=int(said["origin_partition"]), offset=int(said["origin_offset"])
    )


def _letter_id(service: str, what: str) -> str:
    return uuid5(NAMESPACE, f"dead-letter\0{service}\0{what}").hex[:_ID_DIGITS]


def _said(service: str, reason: str, now: datetime) -> dict[str, str]:
    return {"service": service, "reason": reason, "time": format_instant(now)}
