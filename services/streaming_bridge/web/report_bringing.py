"""A report as it is brought, by a page or by API: read, held to the rooms of the event, and kept."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from services.chassis.pages.languages import mark
from services.streaming_bridge.adapters.reports import read_report
from services.streaming_bridge.application.reconciling import Reconciling
from services.streaming_bridge.application.room_names import room_key
from services.streaming_bridge.domain.meetings import HeldEvent, RoomOfEvent
from services.streaming_bridge.domain.reports import Report, ReportTrouble

OTHER_ROOM: Final = mark("This report is of the meeting %(theirs)s, and no room of this event has that name.")
TROUBLES: Final[Mapping[ReportTrouble, str]] = {
    ReportTrouble.EMPTY: mark("The file is empty."),
    ReportTrouble.NO_TABLE: mark("The file is neither CSV, nor XLSX, nor JSON."),
    ReportTrouble.ENCODING: mark("The encoding of the file is not known: save it as UTF-8."),
    ReportTrouble.LOCKED: mark("The file is locked by a password, or in the format of Excel before 2007."),
    ReportTrouble.TOO_LONG: mark("The file has too many lines: at most 10 000."),
    ReportTrouble.NO_COLUMNS: mark(
        "No line of the file has headings for a name, a joining and a leaving, such as Name, Join Time, Leave Time."
    ),
    ReportTrouble.ONLY_TOTALS: mark(
        "The file tells how long people were there, and not from when to when: export it without “Show unique users”."
    ),
    ReportTrouble.UNKNOWN_DOCUMENT: mark(
        "The file is JSON, and neither BigBlueButton's learning dashboard nor the participants of Zoom's API."
    ),
    ReportTrouble.NOTHING_READ: mark("No line of the file can be read: the instants are in no form that is known."),
}
"""What is wrong with a file, as sentences to be translated."""


class OtherRoomError(Exception):
    """A report is of a meeting that is none of the event's rooms; `theirs` is its name, if the report has one."""

    def __init__(self, theirs: str | None) -> None:
        """Keep the name."""
        super().__init__("another room")
        self.theirs = theirs


async def bring_report(
    reconciling: Reconciling, event: HeldEvent, rooms: Sequence[RoomOfEvent], raw: bytes, *, zone: str, room_id: str
) -> str:
    """Read a file and keep what it says; gives the id of the report. Instants that name no zone are in `zone`.

    Raises:
        UnreadableReportError: if it is no report that is known.
        OtherRoomError: if the report names no room of the event, or names none and `room_id` is none of it.
    """
    around = event.starts_at + (event.ends_at - event.starts_at) / 2
    report = await asyncio.to_thread(read_report, raw, zone=ZoneInfo(zone), around=around)
    room = _room_of(report, rooms, room_id)
    if room is None:
        raise OtherRoomError(report.room)
    report_id = f"rep_{secrets.token_hex(16)}"
    await reconciling.bring(report_id, event, room, report, zone=zone)
    return report_id


def _room_of(report: Report, rooms: Sequence[RoomOfEvent], room_id: str) -> RoomOfEvent | None:
    """The room that the report names, else the one that was chosen."""
    if report.room is not None:
        return next((room for room in rooms if room.claimed.room_key == room_key(report.room)), None)
    return next((room for room in rooms if room.room_id == room_id), None)
