"""What a line of the timeline says of where something happened."""

import pytest

from services.attendance.domain.facts import Mode
from services.attendance.domain.intervals import Interval
from services.attendance.domain.reading import Entry
from services.attendance.web.wording import place, start_known, where

PLACES = {"ses_1": "Round table", "room_1": "Garden hall"}


def entry(kind: str, **data: object) -> Entry:
    return Entry(
        event_id="evt_1",
        id="1",
        position=1,
        time=0,
        recorded=0,
        type=f"passerelle.{kind}.v1",
        source="/registration",
        participant_id="par_1",
        guest_id=None,
        mode=None,
        data=data,
        reached=None,
    )


@pytest.mark.parametrize(
    "told, expected",
    [
        (entry("checkin.checked_in", gate="Door B", place_id="room_1"), "Garden hall · Door B"),
        (entry("checkin.checked_in", place_id="ses_1"), "Round table"),
        (entry("checkin.checked_in", gate="Door B", place_id="ses_gone"), "Door B"),
        (entry("registration.session_place.taken", session_id="ses_1"), "Round table"),
        (entry("participation.joined", room="amphi-a@conference.example.org"), "amphi-a"),
        (entry("checkin.checked_in"), None),
    ],
)
def test_a_session_or_room_is_told_by_its_name_and_a_gate_by_its_own(told: Entry, expected: str | None) -> None:
    assert where(told, PLACES) == expected


@pytest.mark.parametrize(
    "via, expected",
    [
        ("/bridge/zoom/main/847126", ("847126 · Zoom (main)", "Told by the platform")),
        ("/bridge/player/page/Amphi A", ("Amphi A · the event’s own page", "Told by the platform")),
        ("/bridge/zoom/main/report/847126", ("847126 · Zoom (main)", "Accepted from the platform's report")),
    ],
)
def test_what_a_report_told_is_told_apart_from_what_was_delivered(via: str, expected: tuple[str, str]) -> None:
    interval = Interval(mode=Mode.REMOTE, start=0, end=1, via=via)
    assert (place(interval, str), start_known(interval, str)) == expected
