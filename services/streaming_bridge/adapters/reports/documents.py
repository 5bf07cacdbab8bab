"""Reports that are JSON: BigBlueButton's learning dashboard, and the participants that Zoom's API tells."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import from_json

from services.streaming_bridge.domain.reports import (
    LineTrouble,
    Report,
    ReportedStay,
    ReportTrouble,
    UnreadableReportError,
    address_in,
)

_MOST: Final = 10_000
_LATEST: Final = 4_102_444_800_000  # in 2100

Milliseconds = Annotated[int, Field(ge=0, le=_LATEST)]
_PlatformId = Annotated[str, Field(max_length=300)]
_Name = Annotated[str, Field(max_length=2000)]


class _Session(BaseModel):
    registeredOn: Milliseconds  # noqa: N815  (theirs)
    leftOn: Milliseconds = 0  # noqa: N815


class _Id(BaseModel):
    """One connection: with its sessions, or before BigBlueButton 3.0 with the only one."""

    intId: _PlatformId  # noqa: N815
    sessions: list[_Session] = []
    registeredOn: Milliseconds | None = None  # noqa: N815
    leftOn: Milliseconds = 0  # noqa: N815


class _User(BaseModel):
    name: _Name
    extId: _PlatformId = ""  # noqa: N815
    intIds: dict[str, _Id]  # noqa: N815


class _Dashboard(BaseModel):
    extId: _PlatformId  # noqa: N815
    users: dict[str, _User]
    endedOn: Milliseconds = 0  # noqa: N815


class _ZoomParticipant(BaseModel):
    name: _Name = ""
    user_email: str = ""
    user_id: _PlatformId | int | None = None
    join_time: datetime
    leave_time: datetime | None = None
    status: str | None = None


class _ZoomParticipants(BaseModel):
    participants: list[_ZoomParticipant]


def read_document(raw: bytes) -> Report:
    """The report in a JSON file.

    Raises:
        UnreadableReportError: if it is none that is known.
    """
    try:
        document = from_json(raw)
    except ValueError:
        raise UnreadableReportError(ReportTrouble.UNKNOWN_DOCUMENT) from None
    model = _Dashboard if isinstance(document, dict) and "users" in document else _ZoomParticipants
    try:
        read = model.model_validate(document)
    except ValidationError:
        raise UnreadableReportError(ReportTrouble.UNKNOWN_DOCUMENT) from None
    try:
        if isinstance(read, _Dashboard):
            return _report(_of_dashboard(read), room=read.extId)
        return _report(_of_zoom(read), room=None)
    except OverflowError:
        # An instant at the edge of what a calendar can hold.
        raise UnreadableReportError(ReportTrouble.UNKNOWN_DOCUMENT) from None


def _report(lines: Iterator[dict[str, Any]], *, room: str | None) -> Report:
    stays: list[ReportedStay] = []
    refused: dict[int, LineTrouble] = {}
    for number, line in enumerate(lines, start=1):
        if number > _MOST:
            raise UnreadableReportError(ReportTrouble.TOO_LONG)
        if not line["name"]:
            refused[number] = LineTrouble.NO_NAME
        elif line["end"] is None:
            refused[number] = LineTrouble.NO_TIMES
        elif line["end"] < line["start"]:
            refused[number] = LineTrouble.BACKWARDS
        elif line.pop("waiting"):
            refused[number] = LineTrouble.WAITING_ROOM
        else:
            stays.append(ReportedStay(number=number, **line))
    return Report(stays=stays, refused=refused, room=room or None)


def _of_dashboard(dashboard: _Dashboard) -> Iterator[dict[str, Any]]:
    for user in dashboard.users.values():
        for connection in user.intIds.values():
            sessions = connection.sessions
            if not sessions and connection.registeredOn is not None:
                sessions = [_Session(registeredOn=connection.registeredOn, leftOn=connection.leftOn)]
            for session in sessions:
                # Who was there at the end did not leave before it.
                end = session.leftOn or dashboard.endedOn
                yield {
                    "name": " ".join(user.name.split()),
                    "user_id": user.extId or None,
                    "connection": connection.intId,
                    "start": _instant(session.registeredOn),
                    "end": _instant(end) if end else None,
                    "waiting": False,
                }


def _of_zoom(told: _ZoomParticipants) -> Iterator[dict[str, Any]]:
    for one in told.participants:
        yield {
            "name": " ".join(one.name.split()),
            "email": address_in(one.user_email),
            "connection": None if one.user_id is None else str(one.user_id),
            "start": _in_utc(one.join_time),
            "end": None if one.leave_time is None else _in_utc(one.leave_time),
            "waiting": one.status == "in_waiting_room",
        }


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)


def _in_utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC) if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
