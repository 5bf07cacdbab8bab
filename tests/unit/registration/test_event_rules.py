"""What an event may be, and the steps of its life."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from services.registration.domain.agenda import Conference, Room, Session
from services.registration.domain.errors import EventStateError, InvalidValueError
from services.registration.domain.event import (
    Event,
    EventStatus,
    cancel,
    close,
    close_by_clock,
    publish,
    reopen,
    require_editable,
)

START: Final = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
END: Final = START + timedelta(hours=8)
HOUR: Final = timedelta(hours=1)


def an_event(**changed: Any) -> Event:  # noqa: ANN401  (any field)
    given: dict[str, Any] = {
        "event_id": "evt_1",
        "title": "Colloque",
        "starts_at": START,
        "ends_at": END,
        "timezone": "Europe/Paris",
        "changed_at": START - timedelta(days=30),
    }
    return Event(**(given | changed))


def a_session(**changed: Any) -> Session:  # noqa: ANN401
    given: dict[str, Any] = {"session_id": "ses_1", "title": "Plénière", "starts_at": START, "ends_at": START + HOUR}
    return Session(**(given | changed))


ROOMS: Final = (Room(room_id="room_1", name="Amphi"), Room(room_id="room_2", name="Atelier"))


@pytest.mark.parametrize(
    "changed,pointer",
    [
        ({"starts_at": START.replace(year=1969)}, "/starts_at"),
        ({"ends_at": START.replace(year=9999)}, "/ends_at"),
        ({"ends_at": START}, "/ends_at"),
        ({"ends_at": START + timedelta(days=367)}, "/ends_at"),
        ({"timezone": "Europe/Atlantis"}, "/timezone"),
        ({"timezone": "../../etc/passwd"}, "/timezone"),
        ({"rooms": (ROOMS[0], replace(ROOMS[1], name="Amphi"))}, "/rooms/1/name"),
        (
            {"rooms": tuple(replace(room, conference=Conference(source="main", room="a")) for room in ROOMS)},
            "/rooms/1/conference",
        ),
        ({"sessions": (a_session(ends_at=START),)}, "/sessions/0/ends_at"),
        ({"sessions": (a_session(), a_session(starts_at=START - HOUR))}, "/sessions/1/starts_at"),
        ({"sessions": (a_session(ends_at=END + HOUR),)}, "/sessions/0/ends_at"),
        ({"sessions": (a_session(room="Nowhere"),), "rooms": ROOMS}, "/sessions/0/room"),
    ],
)
def test_an_event_that_breaks_a_rule_names_the_field(changed: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        an_event(**changed)
    assert refused.value.pointer == pointer


def test_an_event_with_sessions_in_its_rooms_is_fine() -> None:
    event = an_event(sessions=(a_session(room="Amphi"), a_session(ends_at=END)), rooms=ROOMS)
    assert event.conference_room is None


@pytest.mark.parametrize(
    "before,step,after",
    [
        (EventStatus.DRAFT, publish, EventStatus.PUBLISHED),
        (EventStatus.PUBLISHED, close, EventStatus.CLOSED),
        (EventStatus.DRAFT, cancel, EventStatus.CANCELLED),
        (EventStatus.PUBLISHED, cancel, EventStatus.CANCELLED),
        (EventStatus.CLOSED, reopen, EventStatus.PUBLISHED),
    ],
)
def test_each_step_leads_on(before: EventStatus, step: Callable[..., Event], after: EventStatus) -> None:
    assert step(an_event(status=before), now=START).status is after


@pytest.mark.parametrize(
    "status,step",
    [
        (EventStatus.CLOSED, publish),
        (EventStatus.CANCELLED, publish),
        (EventStatus.DRAFT, close),
        (EventStatus.CANCELLED, close),
        (EventStatus.CLOSED, cancel),
        (EventStatus.DRAFT, reopen),
        (EventStatus.CANCELLED, reopen),
    ],
)
def test_a_step_from_the_wrong_place_is_refused(status: EventStatus, step: Callable[..., Event]) -> None:
    with pytest.raises(EventStateError) as refused:
        step(an_event(status=status), now=START)
    assert refused.value.status == status


@pytest.mark.parametrize(
    "status,step",
    [
        (EventStatus.PUBLISHED, publish),
        (EventStatus.PUBLISHED, reopen),
        (EventStatus.CLOSED, close),
        (EventStatus.CANCELLED, cancel),
    ],
)
def test_a_step_taken_already_changes_nothing(status: EventStatus, step: Callable[..., Event]) -> None:
    event = an_event(status=status)
    assert step(event, now=START) == event


@pytest.mark.parametrize("status", [EventStatus.CLOSED, EventStatus.CANCELLED])
def test_what_is_over_cannot_be_edited(status: EventStatus) -> None:
    with pytest.raises(EventStateError):
        require_editable(an_event(status=status))


def test_facts_of_one_event_never_share_an_instant_though_the_clock_stands_still_or_goes_back() -> None:
    published = publish(an_event(changed_at=START), now=START)
    closed = close(published, now=START - HOUR)
    assert START < published.changed_at < closed.changed_at


@pytest.mark.parametrize("status", [status for status in EventStatus if status is not EventStatus.PUBLISHED])
def test_the_clock_closes_only_what_is_open(status: EventStatus) -> None:
    event = an_event(status=status, opened_at=START)
    assert close_by_clock(event, now=END + HOUR) is event


def test_an_event_edited_after_its_end_is_closed_by_the_clock_just_after_the_edit() -> None:
    edited = an_event(status=EventStatus.PUBLISHED, opened_at=START, changed_at=END + HOUR)
    closed = close_by_clock(edited, now=END + 2 * HOUR)
    assert closed.changed_at == END + HOUR + timedelta(milliseconds=1)
    assert closed.counted_until == END + timedelta(minutes=15)
