"""Identifiers: random ones for events and people, deterministic ones for facts and guests.

A fact's id is a UUIDv5 of what makes it the same fact, so that a repeated delivery has the same id on every machine.
"""

import re
import secrets
from typing import Final
from uuid import UUID, uuid5

NAMESPACE: Final = UUID("6f2c1c0e-3c56-5d0f-9c0b-9d7f5f4f7b11")
"""The UUIDv5 namespace of Passerelle. Changing it would give every old fact a new id: never do."""

_PARTICIPANT: Final = re.compile(r"par_[0-9a-f]{32}")
_GUEST: Final = re.compile(r"gst_[0-9a-f]{32}")


def new_event_id() -> str:
    """A random event id: `evt_` and 128 random bits in hexadecimal."""
    return f"evt_{secrets.token_hex(16)}"


def new_participant_id() -> str:
    """A random participant id: `par_` and 128 random bits in hexadecimal."""
    return f"par_{secrets.token_hex(16)}"


def is_participant_id(text: str) -> bool:
    """Whether a text has the form of a participant id (it need not exist)."""
    return _PARTICIPANT.fullmatch(text) is not None


def is_guest_id(text: str) -> bool:
    """Whether a text has the form of a guest id (it need not exist)."""
    return _GUEST.fullmatch(text) is not None


def guest_id(*, source: str, person: str) -> str:
    """The guest of one source: `person` is the platform's stable user id, else the connection id."""
    return f"gst_{uuid5(NAMESPACE, _join('guest', source, person)).hex}"


def fact_id(*parts: str) -> str:
    """The deterministic id of a fact: a UUIDv5 of the parts that make it the same fact, in order."""
    return str(uuid5(NAMESPACE, _join("fact", *parts)))


def _join(*parts: str) -> str:
    """Join without ambiguity: each part is preceded by its length."""
    return "".join(f"{len(part)}:{part}" for part in parts)
