"""The figures of all events, counted by the database: one row an event, however many came."""

from collections.abc import Collection
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Float, Row, case, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.registration import EventData, EventStatus
from services.attendance.adapters.tables import events, presence
from services.attendance.domain.comparison import Attended, Held
from services.attendance.domain.facts import Mode, Registration

_COUNTED: Final = (EventStatus.PUBLISHED, EventStatus.CLOSED)
_BOTH: Final = ",".join(sorted(Mode))
_NOBODY: Final = Attended(
    seats=0,
    came_with_seat=0,
    in_person_only=0,
    remote_only=0,
    both=0,
    came=0,
    seconds_in_person=0,
    seconds_remote=0,
    seconds=0,
)

_CAME: Final = presence.c.modes != ""
_SEAT: Final = presence.c.registration == Registration.CONFIRMED.value
_FIGURES: Final = (
    select(
        presence.c.event_id,
        func.sum(case((_SEAT, 1), else_=0)).label("seats"),
        func.sum(case((_SEAT & _CAME, 1), else_=0)).label("came_with_seat"),
        func.sum(case((presence.c.modes == Mode.IN_PERSON.value, 1), else_=0)).label("in_person_only"),
        func.sum(case((presence.c.modes == Mode.REMOTE.value, 1), else_=0)).label("remote_only"),
        func.sum(case((presence.c.modes == _BOTH, 1), else_=0)).label("both"),
        func.sum(case((_CAME, 1), else_=0)).label("came"),
        *(
            func.coalesce(func.sum(presence.c.seconds[name].as_string().cast(Float)), 0.0).label(label)
            for name, label in (
                (Mode.IN_PERSON.value, "seconds_in_person"),
                (Mode.REMOTE.value, "seconds_remote"),
                ("both", "seconds_both"),
            )
        ),
    )
    # A guest who was linked is counted with the participant they turned out to be.
    .where(presence.c.linked_to.is_(None))
    .group_by(presence.c.event_id)
)


class SqlComparison:
    """Reads the read model."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Read the database of `engine`."""
        self._engine = engine

    async def changed(self, event_id: str) -> int:
        """A number that grows with every change of anybody's presence at an event."""
        latest = select(func.max(presence.c.changed)).where(presence.c.event_id == event_id)
        async with self._engine.connect() as connection:
            return (await connection.execute(latest)).scalar() or 0

    async def events(self, only: Collection[str] | None) -> list[Held]:
        """All events that are, or were, open to the public, or those of `only`; in no order.

        What goes on counts with what of it has ended.
        """
        told, counted = select(events.c.data), _FIGURES
        if only is not None:
            told, counted = told.where(events.c.event_id.in_(only)), counted.where(presence.c.event_id.in_(only))
        async with self._engine.connect() as connection:
            known = [EventData.model_validate(data) for data in await connection.scalars(told)]
            figures = {row.event_id: row for row in await connection.execute(counted)}
        return [
            Held(
                event_id=event.event_id,
                title=event.title,
                series=event.series,
                starts_at=event.starts_at,
                day=event.starts_at.astimezone(ZoneInfo(event.timezone)).date(),
                open=event.status is EventStatus.PUBLISHED,
                attended=_attended(figures[event.event_id]) if event.event_id in figures else _NOBODY,
            )
            for event in known
            if event.status in _COUNTED
        ]


def _attended(row: Row[Any]) -> Attended:
    in_person, remote, both = (
        round(seconds) for seconds in (row.seconds_in_person, row.seconds_remote, row.seconds_both)
    )
    return Attended(
        seats=row.seats,
        came_with_seat=row.came_with_seat,
        in_person_only=row.in_person_only,
        remote_only=row.remote_only,
        both=row.both,
        came=row.came,
        seconds_in_person=in_person,
        seconds_remote=remote,
        seconds=in_person + remote - both,
    )
