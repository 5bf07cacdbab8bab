"""Attendance as its service reckons it: who asks for figures with names beside them asks here."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

from services.registration.domain.attendance_records import AttendanceRecord, AttendanceRecords


class AttendanceReckoning(Protocol):
    """The service that reckons attendance. Nothing is told or issued without its answer."""

    async def page(
        self,
        event_id: str,
        *,
        participant_ids: Sequence[str] | None = None,
        as_of: datetime | None = None,
        after: str | None = None,
        limit: int = 500,
    ) -> AttendanceRecords:
        """Records by participant id, of those asked for or of all; as the facts recorded up to `as_of` have it.

        Raises:
            AttendanceAwayError: if the service does not answer.
        """
        ...


async def all_records(
    reckoning: AttendanceReckoning, event_id: str, *, as_of: datetime | None = None
) -> AsyncIterator[AttendanceRecords]:
    """All pages of an event, as of one instant.

    Raises:
        AttendanceAwayError: if the service does not answer.
    """
    first = await reckoning.page(event_id, as_of=as_of)
    yield first
    async for page in pages_after(reckoning, event_id, first):
        yield page


async def pages_after(
    reckoning: AttendanceReckoning, event_id: str, page: AttendanceRecords
) -> AsyncIterator[AttendanceRecords]:
    """The pages that follow one.

    Raises:
        AttendanceAwayError: if the service does not answer.
    """
    while page.next is not None:
        # As of one instant: what comes in between two pages must not make them disagree.
        page = await reckoning.page(event_id, as_of=page.schedule.as_of, after=page.next)
        yield page


async def record_of(
    reckoning: AttendanceReckoning, event_id: str, participant_id: str, *, as_of: datetime | None = None
) -> tuple[AttendanceRecords, AttendanceRecord | None]:
    """The record of one participant, with the page it came on; None of whom attendance knows nothing.

    Raises:
        AttendanceAwayError: if the service does not answer.
    """
    page = await reckoning.page(event_id, participant_ids=[participant_id], as_of=as_of)
    return page, next((each for each in page.people if each.participant_id == participant_id), None)
