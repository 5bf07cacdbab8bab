"""The agenda for the public's programs: a calendar to subscribe to, schema.org, Open Graph."""

import json
import re
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any, Final

import icalendar

from tests.integration.running_registration import START, MovedClock, RunningRegistration, running_registration
from tests.integration.test_registration_agenda import HOUR, ROOMS, SESSION

CARD_SIZE: Final = (1200).to_bytes(4, "big") + (630).to_bytes(4, "big")
NEEDED: Final = {
    "Event": {"name", "startDate", "location"},
    "Place": {"name"},
    "VirtualLocation": {"url"},
    "Offer": {"url", "availability"},
    "Person": {"name"},
    "Organization": {"name"},
}
"""What search engines require of each type (an event within an event may leave its place to the whole)."""
KNOWN: Final = {
    "Event": (
        "url image endDate eventStatus eventAttendanceMode maximumPhysicalAttendeeCapacity description performer "
        "maximumVirtualAttendeeCapacity organizer offers subEvent"
    ),
    "Place": "address",
}
"""What else the vocabulary of schema.org has for it, as far as it is used."""


def speak_schema_org(told: Any, *, within: bool = False) -> None:  # noqa: ANN401  (JSON)
    """Every node has what its type needs, and nothing that the vocabulary does not know."""
    if isinstance(told, list):
        for one in told:
            speak_schema_org(one, within=within)
    elif isinstance(told, dict):
        words, kind = {word for word in told if not word.startswith("@")}, told["@type"]
        assert NEEDED[kind] - words <= ({"location"} if within else set()), told
        assert words <= NEEDED[kind] | set(KNOWN.get(kind, "").split()), told
        for word, inner in told.items():
            if word.endswith("Date"):
                assert datetime.fromisoformat(inner).utcoffset() is not None
            speak_schema_org(inner, within=kind == "Event")


async def entries(service: RunningRegistration, event_id: str) -> dict[str, Any]:
    async with service.client.get(f"/e/{event_id}/agenda.ics") as feed:
        assert (feed.status, feed.content_type) == (200, "text/calendar")
        calendar = icalendar.Calendar.from_ical(await feed.read())
    return {str(entry["summary"]): entry for entry in calendar.walk("VEVENT")}


async def test_the_feed_keeps_uids_grows_sequences_and_tells_what_is_cancelled(tmp_path: Path) -> None:
    clock = MovedClock()
    async with running_registration(tmp_path, clock=clock) as service:
        event_id = await service.event(rooms=ROOMS, sessions=[SESSION, SESSION | {"title": "Visite"}])
        before = await entries(service, event_id)
        workshop = before["Atelier"]
        assert workshop["dtstart"].dt == START
        assert str(workshop["dtstart"].params["TZID"]) == "Europe/Paris"
        assert workshop["description"] == "Zoé Ünal, Paul Roux\n\nVenez\navec vos questions"
        assert (workshop["location"], workshop["status"]) == ("Petite salle", "CONFIRMED")
        clock.now += HOUR
        sessions = (await service.api("GET", f"/events/{event_id}"))["sessions"]
        sessions = [sessions[1] | {"cancelled": True, "room": "Amphi"}, sessions[0] | {"title": "Grand atelier"}]
        await service.api("PATCH", f"/events/{event_id}", {"sessions": sessions})
        after = await entries(service, event_id)
        assert after["Grand atelier"]["uid"] == workshop["uid"]
        assert after["Grand atelier"]["sequence"] > workshop["sequence"]
        assert (after["Visite"]["status"], after["Visite"]["uid"]) == ("CANCELLED", before["Visite"]["uid"])
        assert after["Visite"]["location"] == "Amphi, 12 rue des Écoles, Tulle"
        clock.now += HOUR
        await service.api("PATCH", f"/events/{event_id}", {"sessions": sessions[:1]})
        removed = (await entries(service, event_id))["Grand atelier"]
        assert (removed["status"], removed["uid"]) == ("CANCELLED", workshop["uid"])
        assert removed["sequence"] > after["Grand atelier"]["sequence"]
        assert "description" not in removed
        assert len((await service.api("GET", f"/events/{event_id}"))["sessions"]) == 1
        clock.now += HOUR
        again = [*sessions[:1], SESSION | {"title": "Grand atelier"}]
        await service.api("PATCH", f"/events/{event_id}", {"sessions": again})
        back = (await entries(service, event_id))["Grand atelier"]
        assert (back["status"], back["uid"]) == ("CONFIRMED", workshop["uid"])
        clock.now += HOUR
        await service.api("POST", f"/events/{event_id}/cancel")
        assert {str(entry["status"]) for entry in (await entries(service, event_id)).values()} == {"CANCELLED"}
        async with service.client.get(f"/e/{event_id}/agenda.ics") as feed:
            cancelled = icalendar.Calendar.from_ical(await feed.read())
        assert cancelled["method"] == "CANCEL"
        assert all(entry["sequence"] > back["sequence"] for entry in cancelled.walk("VEVENT"))


async def test_the_feed_is_sent_again_only_when_it_changed_and_not_for_drafts(service: RunningRegistration) -> None:
    event_id = await service.event(sessions=[])
    assert list(await entries(service, event_id)) == ["Colloque"]
    address = f"/e/{event_id}/agenda.ics"
    async with service.client.get(address) as feed:
        tag = {"If-None-Match": feed.headers["ETag"]}
    async with service.client.get(address, headers=tag) as feed:
        assert (feed.status, await feed.read()) == (304, b"")
    await service.api("PATCH", f"/events/{event_id}", {"title": "Journée"})
    async with service.client.get(address, headers=tag) as feed:
        assert feed.status == 200
    draft = await service.event(publish=False)
    async with service.client.get(f"/e/{draft}/agenda.ics") as feed:
        assert feed.status == 404


async def test_the_public_page_tells_programs_what_it_tells_people(service: RunningRegistration) -> None:
    title = 'Colloque </script><b> "2037"'
    about = "Pour toutes et tous.\nEntrée par la cour."
    event_id = await service.event(title=title, description=about, rooms=ROOMS, sessions=[SESSION])
    page = await service.page("GET", f"/e/{event_id}", lang="fr")
    (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    told = json.loads(found)
    url = f"{service.settings.public_url}/e/{event_id}"
    assert (told["@type"], told["name"], told["url"]) == ("Event", title, url)
    assert (told["startDate"], told["endDate"]) == ("2037-11-23T09:00:00+01:00", "2037-11-23T17:00:00+01:00")
    assert told["eventAttendanceMode"] == "https://schema.org/MixedEventAttendanceMode"
    assert told["location"] == [
        {"@type": "Place", "name": "Amphi", "address": "12 rue des Écoles, Tulle"},
        {"@type": "Place", "name": "Petite salle"},
        {"@type": "VirtualLocation", "url": url},
    ]
    assert told["description"] == about
    assert f'<p class="lines">{about}</p>' in page
    assert told["offers"] == {"@type": "Offer", "url": url, "availability": "https://schema.org/InStock"}
    assert told["subEvent"][0]["performer"][0] == {"@type": "Person", "name": "Zoé Ünal"}
    graph = {name: unescape(text) for name, text in re.findall(r'property="og:(\w+)" content="([^"]*)"', page)}
    assert (graph["title"], graph["url"], graph["locale"]) == (title, url, "fr_FR")
    assert "lundi 23 novembre 2037" in graph["description"]
    assert graph["image"] == f"{url}/card.fr.png" == told["image"][0]
    async with service.client.get(f"/e/{event_id}/card.fr.png") as card:
        drawn = await card.read()
        assert (card.status, card.content_type, drawn[:4], drawn[16:24]) == (200, "image/png", b"\x89PNG", CARD_SIZE)
        assert card.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        seen = {"If-None-Match": card.headers["ETag"]}
    async with service.client.get(f"/e/{event_id}/card.fr.png", headers=seen) as card:
        assert card.status == 304
    speak_schema_org(told)
    assert f'href="webcal:{url.removeprefix("http:")}/agenda.ics"' in page
    await service.api("PATCH", f"/events/{event_id}", {"capacity": {"remote": 0}})
    alone = await service.page("GET", f"/e/{event_id}")
    assert "OfflineEventAttendanceMode" in alone
    assert "VirtualLocation" not in alone
    await service.api("PATCH", f"/events/{event_id}", {"capacity": {"remote": 1, "in_person": 0}})
    await service.register(event_id, mode="remote")
    full = json.loads(re.findall(r'ld\+json">(.*?)</script>', await service.page("GET", f"/e/{event_id}"))[0])
    assert full["offers"]["availability"] == "https://schema.org/SoldOut"
    assert full["location"] == [{"@type": "VirtualLocation", "url": url}]
    await service.api("POST", f"/events/{event_id}/cancel")
    gone = json.loads(re.findall(r'ld\+json">(.*?)</script>', await service.page("GET", f"/e/{event_id}"))[0])
    assert gone["eventStatus"] == gone["subEvent"][0]["eventStatus"] == "https://schema.org/EventCancelled"
    assert "offers" not in gone
    speak_schema_org(gone)
