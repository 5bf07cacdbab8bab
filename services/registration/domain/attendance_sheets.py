"""Attendance sheets: who was there in a half-day or a session, by check-ins, connections and signatures. Pure."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.registration.domain.attendance_records import AttendanceRecord, AttendedInterval, AttendedTime
from services.registration.domain.checkins import Action, Scan
from services.registration.domain.registrations import Registration
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.sheet_slots import Slot
from services.registration.domain.signatures import Signature

_AT_THE_DOOR: Final = timedelta(minutes=2)
"""Who registered no longer than that before they first came in, or after, did so at the door."""


class Standing(StrEnum):
    """How somebody stands on a sheet; the values stand in the API."""

    PRESENT = "present"
    EXPECTED = "expected"
    ABSENT = "absent"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Somebody who may stand on a sheet: `name` is None once erased, `scans` are those not voided, in order."""

    registration: Registration
    name: str | None
    scans: Sequence[Scan] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When somebody came or went, at which gate; `inferred` if nobody saw it."""

    at: datetime
    gate: str | None
    inferred: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """From the first time in to the last time out. `came` None: there from before. `left` None: stayed on."""

    came: Moment | None
    left: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A remote interval; `end` None goes on, `seconds` are those in the hours of the slot."""

    start: datetime
    end: datetime | None
    via: str
    sources: tuple[str, ...]
    seconds: int
    inferred: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """A line of a sheet; `name` is None once erased."""

    participant_id: str
    name: str | None
    mode: Mode
    standing: Standing
    walk_in: bool = False
    headcount: int | None = None
    visit: Visit | None = None
    connections: tuple[Connection, ...] = ()
    time: AttendedTime
    signature: Signature | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """All of one slot."""

    slot: Slot
    rows: tuple[SheetRow, ...]

    def count(self, standing: Standing) -> int:
        """How many lines stand so."""
        return sum(row.standing == standing for row in self.rows)

    @property
    def in_person(self) -> int:
        """How many were seen in the room."""
        return sum(row.visit is not None for row in self.rows)

    @property
    def remote(self) -> int:
        """How many were seen remotely."""
        return sum(bool(row.connections) for row in self.rows)

    @property
    def signed(self) -> int:
        """How many signed."""
        return sum(row.signature is not None for row in self.rows)


def blank_sheet(slot: Slot, listed: Iterable[Listed]) -> Sheet:
    """What is printed before: everybody with a seat, and room to sign."""
    rows = [
        _row(each, Standing.EXPECTED)
        for each in listed
        if each.registration.status is SeatStatus.CONFIRMED and each.name
    ]
    return Sheet(slot=slot, rows=_in_order(rows))


def sheet_of(
    slot: Slot,
    listed: Iterable[Listed],
    *,
    records: Mapping[str, AttendanceRecord],
    signatures: Mapping[str, Signature],
    known_to: datetime,
) -> Sheet:
    """What is known at `known_to`; `records` and `signatures` are by participant.

    Who only waited for a seat, and did not come, is left out.
    """
    rows = []
    for each in listed:
        participant_id = each.registration.participant_id
        row = _known_row(slot, each, records.get(participant_id), signatures.get(participant_id), known_to)
        if row is not None:
            rows.append(row)
    return Sheet(slot=slot, rows=_in_order(rows))


def figures_of(sheets: Iterable[Sheet]) -> Mapping[str, object]:
    """What is reckoned and printed, as JSON without names: seconds, and who signed how, by slot and participant."""
    return {
        sheet.slot.slot_id: {
            row.participant_id: {
                "standing": row.standing.value,
                "in_person": row.time.in_person,
                "remote": row.time.remote,
                "total": row.time.total,
                "inferred": row.time.inferred,
                "signed": None if row.signature is None else row.signature.way.value,
            }
            for row in sheet.rows
        }
        for sheet in sheets
    }


def _known_row(
    slot: Slot, each: Listed, record: AttendanceRecord | None, signature: Signature | None, known_to: datetime
) -> SheetRow | None:
    there = [] if record is None else [span for span in record.intervals if _overlaps(span, slot, known_to)]
    visit = _visit(slot, [span for span in there if span.mode is Mode.IN_PERSON], each.scans)
    remote = [span for span in there if span.mode is Mode.REMOTE]
    seen = bool(there) or signature is not None
    standing = Standing.PRESENT if seen else _unseen(slot, each.registration.status, known_to)
    if standing is None:
        return None
    times = {} if record is None else record.sessions if slot.session else record.half_days
    return _row(
        each,
        standing,
        visit=visit,
        connections=tuple(_connection(slot, span, known_to) for span in remote),
        time=times.get(slot.slot_id, AttendedTime()),
        signature=signature,
    )


def _row(
    each: Listed,
    standing: Standing,
    *,
    visit: Visit | None = None,
    connections: tuple[Connection, ...] = (),
    time: AttendedTime | None = None,
    signature: Signature | None = None,
) -> SheetRow:
    seat = each.registration
    return SheetRow(
        participant_id=seat.participant_id,
        name=each.name,
        mode=seat.mode,
        standing=standing,
        walk_in=_came_without_ticket(each),
        headcount=seat.headcount,
        visit=visit,
        connections=connections,
        time=time or AttendedTime(),
        signature=signature,
    )


def _unseen(slot: Slot, status: SeatStatus, known_to: datetime) -> Standing | None:
    if status is SeatStatus.CANCELLED:
        return Standing.CANCELLED
    if status is not SeatStatus.CONFIRMED:
        return None
    return Standing.ABSENT if slot.ends_at <= known_to else Standing.EXPECTED


def _overlaps(span: AttendedInterval, slot: Slot, known_to: datetime) -> bool:
    """Whether somebody was there in its hours; who came and went before them was not, and nobody in hours to come."""
    if span.start >= slot.ends_at:
        return False
    until = known_to if span.end is None else span.end
    return until > slot.starts_at or span.start == span.end == slot.starts_at


def _visit(slot: Slot, spans: Sequence[AttendedInterval], scans: Sequence[Scan]) -> Visit | None:
    if not spans:
        return None
    opens, closes = slot.window
    first = min(spans, key=lambda span: span.start)
    came = None
    if first.start >= opens:
        gate = _gate_at(scans, first.start, Action.IN)
        came = Moment(at=first.start, gate=gate, inferred=first.start_inferred)
    last = None if any(span.end is None for span in spans) else max(spans, key=lambda span: span.end or span.start)
    left = None
    if last is not None and last.end is not None and last.end <= closes:
        gate = _gate_at(scans, last.end, Action.OUT)
        left = Moment(at=last.end, gate=gate, inferred=last.end_inferred is not None)
    return Visit(came=came, left=left)


def _gate_at(scans: Sequence[Scan], at: datetime, action: Action) -> str | None:
    return next((scan.gate for scan in scans if scan.at == at and scan.action is action), None)


def _connection(slot: Slot, span: AttendedInterval, known_to: datetime) -> Connection:
    opens, closes = slot.window
    start, end = max(span.start, opens), span.end
    counted = min(end or known_to, slot.ends_at) - max(span.start, slot.starts_at)
    return Connection(
        start=start,
        end=None if end is None else min(end, closes),
        via=span.via,
        sources=span.sources,
        seconds=max(0, int(counted.total_seconds())),
        inferred=span.start_inferred or (span.end_inferred is not None and span.end is not None and span.end <= closes),
    )


def _came_without_ticket(each: Listed) -> bool:
    first = next((scan for scan in each.scans if scan.action is Action.IN), None)
    return first is not None and each.registration.created_at >= first.at - _AT_THE_DOOR


def _in_order(rows: Iterable[SheetRow]) -> tuple[SheetRow, ...]:
    """By name, as people look for theirs; accents do not count, and who is erased comes last."""

    def place(row: SheetRow) -> tuple[bool, str, str]:
        letters = unicodedata.normalize("NFKD", row.name or "")
        plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
        return row.name is None, plain.casefold(), row.participant_id

    return tuple(sorted(rows, key=place))
