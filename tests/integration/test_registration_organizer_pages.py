"""The organizer's pages of registration, as a browser without JavaScript uses them."""

import re
from html import unescape

import pytest

from tests.integration.running_registration import RunningRegistration


async def test_an_organizer_creates_edits_publishes_and_closes_an_event(service: RunningRegistration) -> None:
    await service.sign_in()
    form = {
        "title": "Journée",
        "series": "Journées d’étude",
        "timezone": "Europe/Paris",
        "starts_at": "2037-12-01T09:00",
        "ends_at": "2037-12-01T17:00",
        "in_person_seats": "40",
        "grace_minutes": "20",
        "rooms.0.name": "Amphi",
        "rooms.0.source": "main",
        "rooms.0.conference_room": "plenary",
        "rooms.1.name": "",
        "sessions.1.title": "Ouverture",
        "sessions.1.starts_at": "2037-12-01T09:00",
        "sessions.1.ends_at": "2037-12-01T10:00",
        "sessions.1.room": "Amphi",
    }
    event_path = await service.redirect("POST", "/events/new", form)
    event = await service.api("GET", event_path)
    assert event["starts_at"] == "2037-12-01T08:00:00.000Z"
    assert event["capacity"] == {"in_person": 40, "remote": None}
    assert (event["grace_minutes"], event["sessions"][0]["room"]) == (20, "Amphi")
    assert event["series"] == "Journées d’étude"
    assert '<option value="Journées d’étude">' in unescape(await service.page("GET", "/events/new"))
    edit = await service.page("GET", f"{event_path}/edit")
    assert 'value="2037-12-01T09:00"' in edit
    assert event["sessions"][0]["session_id"] in edit
    assert await service.redirect("POST", f"{event_path}/edit", form | {"title": "Journée bis"}) == event_path
    assert "Journée bis" in await service.page("GET", event_path)
    assert await service.redirect("POST", f"{event_path}/publish") == event_path
    assert "Published" in await service.page("GET", event_path)
    assert await service.redirect("POST", f"{event_path}/close") == event_path
    await service.page("POST", f"{event_path}/edit", form, expect=409)
    await service.page("GET", f"{event_path}/edit", expect=409)


@pytest.mark.parametrize(
    "changed,field,sentence",
    [
        ({"title": ""}, "title", "Fill in this field."),
        ({"ends_at": "2037-12-01T08:00"}, "ends_at", "Choose an end after the start."),
        ({"timezone": "Paris"}, "timezone", "Enter a time zone by its continent and city"),
        ({"timezone": "../../etc"}, "timezone", "Enter a time zone by its continent and city"),
        ({"in_person_seats": "many"}, "in_person_seats", "Enter a whole number"),
        ({"rooms.3.name": "A", "rooms.3.source": "x"}, "rooms.3.conference_room", "Fill in both the source"),
        (
            {"rooms.3.name": "A", "rooms.3.source": "deux mots", "rooms.3.conference_room": "r"},
            "rooms.3.source",
            "Enter the name that a platform has",
        ),
        (
            {
                "sessions.2.title": "S",
                "sessions.2.starts_at": "2037-12-01T09:00",
                "sessions.2.ends_at": "2037-12-01T10:00",
                "sessions.2.room": "Nowhere",
            },
            "sessions.2.room",
            "Enter the name of one of the rooms above.",
        ),
        ({"sessions.0.title": "S"}, "sessions.0.starts_at", "Fill in this field."),
    ],
)
async def test_a_wrong_event_form_comes_back_with_the_error_at_the_field(
    service: RunningRegistration, changed: dict[str, str], field: str, sentence: str
) -> None:
    await service.sign_in()
    form = {
        "title": "Journée",
        "timezone": "Europe/Paris",
        "starts_at": "2037-12-01T09:00",
        "ends_at": "2037-12-01T17:00",
    }
    page = await service.page("POST", "/events/new", form | changed, expect=422)
    error = re.search(rf'<p class="error" id="{re.escape(field)}-error">(.*?)</p>', page)
    assert error is not None
    assert sentence in error.group(1)
    assert f'href="#{field}"' in page
    assert ("Fill in both the source" in page) == (field == "rooms.3.conference_room")


async def test_asking_for_more_rows_loses_nothing_and_blames_nobody(service: RunningRegistration) -> None:
    await service.sign_in()
    page = await service.page("POST", "/events/new", {"title": "Journée", "rooms.0.name": "Amphi", "more": "rows"})
    assert 'value="Journée"' in page
    assert 'name="rooms.2.name"' in page
    assert 'class="error"' not in page


async def test_an_organizer_finds_switches_cancels_and_erases_a_participant(service: RunningRegistration) -> None:
    event_id = await service.event()
    registered = await service.register(event_id, name="Zoé Ünal")
    for number in range(25):
        await service.register(event_id, name=f"Person {number}")
    await service.sign_in()
    first = await service.page("GET", f"/events/{event_id}")
    following = re.search(r'href="(\?after=[^"#]+)', first)
    assert following is not None
    assert "Person 24" not in first
    assert "Person 24" in await service.page("GET", f"/events/{event_id}{unescape(following.group(1))}")
    found = await service.page("GET", f"/events/{event_id}?search=unal")
    assert "Zoé Ünal" in found
    assert "Person 1" not in found
    path = f"/events/{event_id}/registrations/{registered['participant_id']}"
    for act in ("remote", "in_person", "cancel", "erase"):
        assert await service.redirect("POST", f"{path}/{act}") == path
    erased = await service.page("GET", path)
    assert "Erased person" in erased
    assert f'href="/events/{event_id}/audit?subject={registered["participant_id"]}"' in erased
    assert "It was done before" not in erased
    again = await service.redirect("POST", f"{path}/erase")
    assert "It was done before" in await service.page("GET", again)
    await service.page("POST", f"{path}/explode", {}, expect=404)
