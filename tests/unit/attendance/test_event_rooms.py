"""Which room of an event a remote interval leads to, for each platform and however the organizer wrote the room."""

from datetime import UTC, datetime
from hashlib import sha1

import pytest

from schemas.registration import Conference, EventData, EventStatus, Room
from services.attendance.application.event_rooms import room_finder


def event(*rooms: tuple[str, str, str]) -> EventData:
    return EventData(
        event_id="evt_1",
        title="",
        status=EventStatus.PUBLISHED,
        starts_at=datetime(2037, 1, 1, 9, tzinfo=UTC),
        ends_at=datetime(2037, 1, 1, 17, tzinfo=UTC),
        timezone="Europe/Paris",
        rooms=tuple(
            Room(room_id=f"room_{name}", name=name, conference=Conference(source=source, room=room))
            for name, source, room in rooms
        ),
    )


@pytest.mark.parametrize(
    "written, via",
    [
        ("Amphi A", "/bridge/jitsi/main/amphi%20a@conference.meet.example"),
        ("https://meet.example/Amphi%20A?x", "/bridge/jitsi/main/amphi%20a@conference.meet.example#breakout-1"),
        ("Réunion", "/bridge/jaas/main/vpaas-1/réunion"),
        ("847 1263 9219", "/bridge/zoom/main/84712639219"),
        ("847 1263 9219", "/bridge/zoom/main/report/84712639219"),
        ("Seminar", "/bridge/bigbluebutton/main/" + sha1(b"Seminar", usedforsecurity=False).hexdigest()),
        ("stream", "/bridge/owncast/main/stream"),
    ],
)
def test_a_connection_leads_to_the_room_that_the_event_claims(written: str, via: str) -> None:
    find = room_finder(event(("Lobby", "main", "lobby"), ("Hall", "main", written), ("Other", "second", written)))
    assert find(via) == "Hall"


def test_our_own_player_names_the_room_by_its_id_and_what_is_of_no_room_leads_nowhere() -> None:
    find = room_finder(event(("Hall", "main", "hall")))
    assert find("/bridge/player/page/Hall@room_Hall") == "Hall"
    for via in ("/bridge/player/page/Hall@gone", "/bridge/jitsi/other/hall", "/bridge/jitsi/main/attic", "Main door"):
        assert find(via) is None
