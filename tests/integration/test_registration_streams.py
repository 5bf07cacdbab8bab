"""What can be followed of a room from afar, as organizers say it: by API and in the form."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.registration.bootstrap import MIGRATIONS
from tests.databases import ON_BOTH, NewDatabase
from tests.integration.running_registration import RunningRegistration, running_registration

STREAM = {
    "url": "https://live.example.org/plenary.m3u8",
    "kind": None,
    "audio_url": "https://live.example.org/plenary.mp3",
    "captions_url": "https://captions.example.org/plenary",
    "transcript_url": None,
    "phone": "+33 1 23 45 67 89, 123#",
}


@pytest.fixture
async def registration(tmp_path: Path, new_database: NewDatabase) -> AsyncIterator[RunningRegistration]:
    async with running_registration(tmp_path, database=await new_database(MIGRATIONS)) as running:
        yield running


@ON_BOTH
async def test_a_room_has_a_stream_which_only_who_manages_the_event_is_told(registration: RunningRegistration) -> None:
    event_id = await registration.event(rooms=[{"name": "Amphi", "stream": STREAM}, {"name": "Salle 2"}])
    path = f"/events/{event_id}"
    (amphi, other) = (await registration.api("GET", path))["rooms"]
    assert (amphi["stream"], other["stream"]) == (STREAM, None)
    assert [room["stream"] for room in (await registration.api("GET", path, token=None))["rooms"]] == [None, None]

    rooms = [{"name": "Amphi", "stream": {"kind": "hls"}}]
    changed = await registration.api("PATCH", path, {"rooms": rooms, "sessions": []})
    assert [room["stream"] for room in changed["rooms"]] == [None]


@pytest.mark.parametrize(
    "url,words",
    [
        ("javascript:alert(1)", "whole address"),
        ("https://user:secret@example.org/x.m3u8", "whole address"),
        ("https://example.org/x.m3u8; script-src *", "whole address"),
    ],
)
async def test_an_address_that_is_none_is_named(registration: RunningRegistration, url: str, words: str) -> None:
    event_id = await registration.event()
    rooms = [{"name": "Amphi", "stream": {"url": url}}]
    answer = await registration.api("PATCH", f"/events/{event_id}", {"rooms": rooms}, expect=400)
    assert [(error["pointer"], words in error["detail"]) for error in answer["errors"]] == [
        ("#/rooms/0/stream/url", True)
    ]


async def test_the_form_keeps_a_stream_and_says_what_is_wrong_at_its_field(registration: RunningRegistration) -> None:
    event_id = await registration.event(rooms=[{"name": "Amphi", "stream": STREAM}], sessions=[])
    await registration.sign_in()
    page = await registration.page("GET", f"/events/{event_id}/edit")
    assert 'value="https://live.example.org/plenary.m3u8"' in page
    form = {
        "title": "Colloque",
        "timezone": "Europe/Paris",
        "starts_at": "2037-05-04T09:00",
        "ends_at": "2037-05-04T17:00",
        "rooms.0.name": "Amphi",
        "rooms.0.stream_url": "not an address",
        "rooms.0.stream_kind": "",
    }
    refused = await registration.page("POST", f"/events/{event_id}/edit", form, expect=422)
    assert 'href="#rooms.0.stream_url"' in refused
    assert 'value="not an address"' in refused
    form |= {"rooms.0.stream_url": "https://example.org/live", "rooms.0.stream_kind": "hls"}
    await registration.redirect("POST", f"/events/{event_id}/edit", form)
    (room,) = (await registration.api("GET", f"/events/{event_id}"))["rooms"]
    assert (room["stream"]["url"], room["stream"]["kind"]) == ("https://example.org/live", "hls")

    copied = await registration.api(
        "POST", f"/events/{event_id}/duplicate", {"starts_at": "2038-05-04T07:00:00Z"}, expect=201
    )
    assert copied["rooms"][0]["stream"] == room["stream"]
