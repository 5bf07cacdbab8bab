"""The page by which somebody follows an event: what it shows, to whom, and what it may load."""

import html
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.chassis.secrets import SecretBox
from tests.builders import SECRET_KEY
from tests.integration.running_registration import START, MovedClock, RunningRegistration, running_registration

TUBE = "https://tube.example.org/w/9c9de5e8-0a1e-484a-b099-e80766180a6d"
ROOMS = [
    {"name": "Amphi", "address": "1 rue", "stream": {"url": "https://live.example.org/a.m3u8"}},
    {"name": "Tube", "stream": {"url": TUBE, "audio_url": "https://sound.example.org/a.mp3", "phone": "+33 1 23"}},
    {"name": "Atelier", "conference": {"source": "main", "room": "atelier"}},
    {"name": "Salle nue"},
]


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(START - timedelta(minutes=30))


@pytest.fixture
async def registration(tmp_path: Path, clock: MovedClock) -> AsyncIterator[RunningRegistration]:
    async with running_registration(tmp_path, clock=clock) as running:
        yield running


async def an_address(registration: RunningRegistration, event_id: str, **person: Any) -> str:  # noqa: ANN401
    """Somebody's page of the event, by the link on their page."""
    registered = await registration.register(event_id, **person)
    links = registration.parts.use_cases.links
    url = links.confirmation_url(event_id=event_id, participant_id=registered["participant_id"])
    page = await registration.page("GET", url.removeprefix(links.public_url))
    found = re.search(rf'href="(/e/{event_id}/live/[^"]+)"', page)
    assert found is not None
    return found[1]


async def policy(registration: RunningRegistration, address: str) -> dict[str, str]:
    async with registration.client.get(address) as response:
        parts = response.headers["Content-Security-Policy"].split("; ")
    return {name: sources for name, _, sources in (part.partition(" ") for part in parts)}


@pytest.mark.parametrize("mode", ["in_person", "remote"])
async def test_the_personal_page_leads_to_streams_and_meetings(registration: RunningRegistration, mode: str) -> None:
    event_id = await registration.event(rooms=ROOMS, sessions=[])
    address = await an_address(registration, event_id, mode=mode)
    page = await registration.page("GET", address)
    assert 'src="https://live.example.org/a.m3u8"' in page
    assert "Show the video from tube.example.org" in page
    assert "<iframe" not in page
    assert re.findall(r"-name\">(.+?)</h2>", page) == ["Amphi", "Tube", "Atelier"]
    (room_id,) = re.findall(r'href="/e/[^"]+/join/[^"]+\?room=(room_[0-9a-f]+)"', page)
    way_in = await registration.redirect("GET", f"{address.replace('/live/', '/join/')}?room={room_id}")
    assert way_in.endswith(f"?room={room_id}")
    assert (await policy(registration, address)).get("frame-src") is None


async def test_a_page_of_others_is_framed_once_that_was_agreed_to_and_nothing_else_may_load(
    registration: RunningRegistration,
) -> None:
    event_id = await registration.event(rooms=ROOMS, sessions=[])
    address = await an_address(registration, event_id)
    (show,) = re.findall(r'href="([^"]+\?show=[^"#]+)', await registration.page("GET", address))
    page = await registration.page("GET", show)
    assert f'src="{TUBE.replace("/w/", "/videos/embed/")}?p2p=0"' in page
    allowed = await policy(registration, show)
    assert allowed["frame-src"] == "https://tube.example.org"
    assert allowed["media-src"] == "https://live.example.org blob:"
    assert allowed["connect-src"] == "'self' https://live.example.org"
    assert allowed["script-src"] == "'self'"


async def test_less_bandwidth_is_sound_alone_or_text(registration: RunningRegistration) -> None:
    event_id = await registration.event(rooms=ROOMS, sessions=[])
    address = await an_address(registration, event_id)
    sound = await registration.page("GET", f"{address}?light=audio")
    assert 'src="https://sound.example.org/a.mp3"' in sound
    assert "a.m3u8" not in sound
    text = await registration.page("GET", f"{address}?light=text", lang="fr")
    assert "data-token" not in text
    assert "Par téléphone : +33 1 23" in text
    assert "Ce qui est noté de vous" not in text
    assert text.count("ni texte ni numéro de téléphone") == 1


async def test_a_stream_of_several_qualities_can_be_had_in_the_lowest_and_dash_by_its_sound(
    registration: RunningRegistration,
) -> None:
    stream = {"url": "https://live.example.org/a.mpd"}
    event_id = await registration.event(rooms=[{"name": "Amphi", "stream": stream}], sessions=[])
    address = await an_address(registration, event_id)
    page = await registration.page("GET", address)
    assert re.findall(r'href="[^"]+\?light=(\w+)"', page) == ["least", "audio", "text"]
    assert 'data-stream="dash" data-play' in page
    assert 'data-stream="dash" data-least' in await registration.page("GET", f"{address}?light=least")
    assert re.search(
        r'<audio [^>]*src="https://live.example.org/a.mpd"', await registration.page("GET", f"{address}?light=audio")
    )
    allowed = await policy(registration, address)
    assert (allowed["media-src"], allowed["connect-src"], allowed["script-src"]) == (
        "https://live.example.org blob:",
        "'self' https://live.example.org",
        "'self'",
    )


async def test_each_player_has_a_token_for_its_room_and_its_watcher(
    registration: RunningRegistration, clock: MovedClock
) -> None:
    event_id = await registration.event(rooms=ROOMS[:1], sessions=[])
    page = await registration.page("GET", await an_address(registration, event_id))
    (token,) = re.findall(r'data-token="([^"]+)"', page)
    told = SecretBox.derive(SECRET_KEY, purpose="beats").open_token(html.unescape(token), now=clock.now)
    assert (told["event_id"], told["room"].partition("@")[0]) == (event_id, "Amphi")
    assert told["participant_id"].startswith("par_")
    assert told["counts_from"] == (clock.now - timedelta(minutes=1)).isoformat()


async def test_what_is_on_now_and_next_is_told_without_javascript(
    registration: RunningRegistration, clock: MovedClock
) -> None:
    def session(title: str, start: int, end: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        hours = {"starts_at": START + timedelta(hours=start), "ends_at": START + timedelta(hours=end)}
        return {"title": title, **{name: instant.isoformat() for name, instant in hours.items()}, **more}

    sessions = [
        session("Ouverture", 0, 1, room="Atelier"),
        session("Annulée", 1, 2, cancelled=True),
        session("Atelier A", 2, 3),
        session("Atelier B", 2, 3),
        session("Clôture", 3, 4),
    ]
    event_id = await registration.event(rooms=ROOMS, sessions=sessions)
    address = await an_address(registration, event_id)

    async def told() -> tuple[list[str], list[str]]:
        page = await registration.page("GET", address)
        lists = re.findall(r'<ol class="on-(?:now|next)".*?</ol>', page, re.DOTALL)
        now, following = (re.findall(r"<strong>(.+?)</strong>", part) for part in lists)
        return now, following

    async def rooms() -> list[str]:
        return re.findall(r'<h2 id="room_\w+-name">(.+?)</h2>', await registration.page("GET", address))

    assert await told() == ([], ["Ouverture"])
    assert await rooms() == ["Amphi", "Tube", "Atelier"]
    clock.now = START + timedelta(minutes=59)
    assert await rooms() == ["Atelier", "Amphi", "Tube"]
    assert await told() == (["Ouverture"], ["Atelier A", "Atelier B"])
    assert "On now: Ouverture" in await registration.page("GET", address)
    clock.now = START + timedelta(hours=3)
    assert await told() == (["Clôture"], [])


async def test_an_event_that_is_over_counts_nobody_and_keeps_its_transcripts(
    registration: RunningRegistration, clock: MovedClock
) -> None:
    stream = {"url": "https://live.example.org/a.m3u8", "transcript_url": "https://example.org/transcript"}
    event_id = await registration.event(rooms=[{"name": "Amphi", "stream": stream}], sessions=[])
    address = await an_address(registration, event_id)
    clock.now = START + timedelta(hours=9)
    page = await registration.page("GET", address)
    assert "This event is over" in page
    assert "https://example.org/transcript" in page
    assert "data-token" not in page


async def test_who_has_no_seat_reads_why_and_a_link_of_nobody_how_to_get_one(
    registration: RunningRegistration,
) -> None:
    event_id = await registration.event(rooms=ROOMS, sessions=[])
    address = await an_address(registration, event_id)
    personal = await registration.register(event_id)
    await registration.api("DELETE", f"/events/{event_id}/registrations/{personal['participant_id']}", expect=204)
    links = registration.parts.use_cases.links
    gone = links.live_url(event_id=event_id, participant_id=personal["participant_id"])
    assert "Your registration is cancelled" in await registration.page(
        "GET", gone.removeprefix(links.public_url), expect=409
    )
    await registration.page("GET", address[:-3] + "abc", expect=404)
    assert "personal link" in await registration.page("GET", f"/e/{event_id}/live")


async def test_the_way_into_an_event_without_a_meeting_is_its_page(registration: RunningRegistration) -> None:
    event_id = await registration.event(rooms=ROOMS[:1], sessions=[])
    address = await an_address(registration, event_id, mode="remote")
    assert await registration.redirect("GET", address.replace("/live/", "/join/")) == address
