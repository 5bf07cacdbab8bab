"""A registration in which certificates are issued, with an attendance that says what it was told to say."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from tests.fakes.attendance_records import AttendanceSays, attendance_saying, time_of
from tests.integration.running_registration import START, MovedClock, RunningRegistration, running_registration

NOW: Final = START + timedelta(hours=9)
ISSUER: Final = {"name": "Association Passerelles"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuing:
    """A closed event whose attendance is known, of Léa and Bo; Jean never came."""

    service: RunningRegistration
    says: AttendanceSays
    clock: MovedClock
    event_id: str
    lea: str
    bo: str
    jean: str

    async def api(self, method: str, path: str, body: object = None, *, expect: int = 200) -> Any:  # noqa: ANN401
        """What the API answers about the event."""
        return await self.service.api(method, f"/events/{self.event_id}{path}", body, expect=expect)

    async def issue(self, participant_id: str, *, expect: int = 201, **body: object) -> Any:  # noqa: ANN401
        """A certificate, or why there is none."""
        return await self.api("POST", f"/registrations/{participant_id}/certificates", body, expect=expect)

    async def file(self, path: str, *, expect: int = 200) -> bytes:
        """A file of the API."""
        headers = {"Authorization": f"Bearer {self.service.organizer}"}
        async with self.service.client.get(f"/api/v1/events/{self.event_id}{path}", headers=headers) as response:
            assert response.status == expect, await response.text()
            return await response.read()

    async def verify(self, code: str, query: str = "", *, expect: int = 200) -> Any:  # noqa: ANN401
        """What anybody is told."""
        return await self.service.api("GET", f"/verify/{code}{query}", token=None, expect=expect)

    def attended(self, **seconds: int) -> None:
        """What is known of Léa and Bo."""
        self.says.people = [record_of(whose, **seconds) for whose in (self.lea, self.bo)]


def record_of(participant_id: str, **seconds: int) -> dict[str, Any]:
    """What attendance says of somebody who was in the room."""
    return {"participant_id": participant_id, "mode": "in_person", "whole": time_of(**seconds)}


@asynccontextmanager
async def issuing_certificates(folder: Path, *, database: str | None = None) -> AsyncIterator[Issuing]:
    """It, in a registration of its own."""
    clock = MovedClock()
    async with (
        attendance_saying(AttendanceSays(as_of=NOW.isoformat())) as says,
        running_registration(folder, clock=clock, database=database, attendance_url=says.url) as service,
    ):
        event_id = await service.event(title="Colloque d’été")
        names = ("Léa Martin", "Bo Li", "Jean Absent")
        lea, bo, jean = [(await service.register(event_id, name=name))["participant_id"] for name in names]
        clock.now = NOW
        await service.api("POST", f"/events/{event_id}/close")
        made = Issuing(service=service, says=says, clock=clock, event_id=event_id, lea=lea, bo=bo, jean=jean)
        made.attended(in_person=7200)
        yield made
