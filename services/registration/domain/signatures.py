"""Signatures for half-days: strokes drawn on a screen, or the signer's own word where a hand cannot draw."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Final, TypeAlias

from services.registration.domain.errors import RegistrationError
from services.registration.domain.half_days import DayPart, day_and_part

WIDTH: Final = 1000
HEIGHT: Final = 400
"""The box that is signed in; a stroke is in whole units of it, whatever the screen."""
MOST_STROKES: Final = 60
MOST_POINTS: Final = 3000
MOST_TRAINERS: Final = 20
_VERSION_DIGITS: Final = 16
_LEAST_LENGTH: Final = 60
"""A dot is no signature: a finger that only touched the screen."""

Point: TypeAlias = tuple[int, int]
Stroke: TypeAlias = tuple[Point, ...]


class SignatureTrouble(StrEnum):
    """Why a signature is not taken; the values name the sentences that tell it."""

    NOT_ASKED = "not_asked"
    NOT_ITS_TIME = "not_its_time"
    NO_SEAT = "no_seat"
    NOT_DRAWN = "not_drawn"
    TOO_LONG = "too_long"


class SignatureRefusedError(RegistrationError):
    """A signature is not taken."""

    def __init__(self, trouble: SignatureTrouble) -> None:
        """Keep why."""
        super().__init__(trouble)
        self.trouble = trouble


class Asked(StrEnum):
    """Whether an event asks for signatures, and where; the values are kept, and stand in the API."""

    NONE = "none"
    PAPER = "paper"
    SCREEN = "screen"


class Way(StrEnum):
    """How somebody signed; the values are kept, and stand in the API."""

    DRAWN = "drawn"
    CONFIRMED = "confirmed"
    """At a desk or tablet, by typing their name and saying that they were present."""
    ATTESTED = "attested"
    """From their personal link, by typing their name and saying that they took part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetSettings:
    """What the sheets of an event are made with.

    `trainers` are named beside the speakers of the agenda. With `from_afar`, who takes part remotely may attest it by
    the personal link.
    """

    asked: Asked = Asked.PAPER
    from_afar: bool = False
    trainers: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """A word for what somebody saw who changes them: the same for the same settings."""
        told = json.dumps([self.asked.value, self.from_afar, self.trainers])
        return hashlib.sha256(told.encode()).hexdigest()[:_VERSION_DIGITS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """That somebody signed for a half-day: `strokes` where it was drawn, else the `typed` name.

    `taken_by` is who acted: the account, the desk link, or the participant.
    """

    participant_id: str
    half_day_id: str
    way: Way
    at: datetime
    taken_by: str
    strokes: tuple[Stroke, ...] = ()
    typed: str | None = None

    @property
    def half_day(self) -> tuple[date, DayPart]:
        """The day and its half."""
        return day_and_part(self.half_day_id)

    @property
    def order(self) -> tuple[date, bool]:
        """What signatures of one person are in the order of: the half-days."""
        day, part = self.half_day
        return day, part is DayPart.AFTERNOON


def checked_strokes(strokes: Sequence[Sequence[Sequence[int]]]) -> tuple[Stroke, ...]:
    """Strokes as they are kept.

    Raises:
        SignatureRefusedError: if they are out of the box, too many, or no more than a touch.
    """
    kept = tuple(tuple((x, y) for x, y in stroke) for stroke in strokes if stroke)
    if len(kept) > MOST_STROKES or sum(map(len, kept)) > MOST_POINTS:
        raise SignatureRefusedError(SignatureTrouble.TOO_LONG)
    inside = all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for stroke in kept for x, y in stroke)
    if not inside or sum(map(_length, kept)) < _LEAST_LENGTH:
        raise SignatureRefusedError(SignatureTrouble.NOT_DRAWN)
    return kept


def svg_of(strokes: Sequence[Stroke]) -> str:
    """The drawing, as a picture of numbers alone."""
    lines = " ".join(
        "M" + " ".join(f"{x} {y}" for x, y in (stroke if len(stroke) > 1 else (*stroke, *stroke))) for stroke in strokes
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH // 5}"'
        f' height="{HEIGHT // 5}"><path d="M0 0H{WIDTH}V{HEIGHT}H0z" fill="#fff"/><path d="{lines}" fill="none"'
        ' stroke="#111" stroke-width="9" stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )


def _length(stroke: Stroke) -> int:
    return sum(abs(x - to_x) + abs(y - to_y) for (x, y), (to_x, to_y) in pairwise(stroke))
