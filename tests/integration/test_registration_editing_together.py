"""Two edits of one event at once: the second editor sees what changed, and nothing is overwritten silently."""

import json
import re
from datetime import timedelta
from html import unescape

from tests.integration.running_registration import START, RunningRegistration

FIELD = re.compile(r'<input(?![^>]* type="checkbox")[^>]* name="([^"]+)"[^>]* value="([^"]*)"')
TEXT = re.compile(r'<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)</textarea>')


def filled_in(page: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in FIELD.findall(page) + TEXT.findall(page) if value}


async def test_a_change_of_a_stale_version_is_refused_with_what_changed(service: RunningRegistration) -> None:
    event_id = await service.event()
    headers = {"Authorization": f"Bearer {service.organizer}"}
    async with service.client.get(f"/api/v1/events/{event_id}", headers=headers) as read:
        tag = read.headers["ETag"]
    first = {"title": "Journée", "capacity": {"in_person": 40}}
    await service.api("PATCH", f"/events/{event_id}", first, headers={"If-Match": tag})
    refused = await service.api(
        "PATCH", f"/events/{event_id}", {"title": "Colloque 2037"}, headers={"If-Match": tag}, expect=412
    )
    assert refused["reason"] == "event_changed"
    assert refused["changed"] == [
        {"pointer": "#/title", "now": "Journée"},
        {"pointer": "#/capacity", "now": {"in_person": 40, "remote": 100}},
    ]
    weak = {"If-Match": f"W/{tag}"}
    await service.api("PATCH", f"/events/{event_id}", {"title": "Colloque 2037"}, headers=weak, expect=412)
    await service.api("PATCH", f"/events/{event_id}", {"title": "Colloque 2037"}, headers={"If-Match": "*"})
    assert (await service.api("GET", f"/events/{event_id}"))["title"] == "Colloque 2037"


async def test_nobody_publishes_closes_or_cancels_an_event_that_they_have_not_seen(
    service: RunningRegistration,
) -> None:
    event_id = await service.event(publish=False)
    await service.sign_in()
    page = filled_in(await service.page("GET", f"/events/{event_id}"))
    headers = {"Authorization": f"Bearer {service.organizer}"}
    async with service.client.get(f"/api/v1/events/{event_id}", headers=headers) as read:
        seen = {"If-Match": read.headers["ETag"]}
    await service.api("PATCH", f"/events/{event_id}", {"title": "Journée"})
    for step in ("publish", "cancel"):
        refused = await service.api("POST", f"/events/{event_id}/{step}", headers=seen, expect=412)
        assert refused["changed"] == [{"pointer": "#/title", "now": "Journée"}]
        told = await service.page("POST", f"/events/{event_id}/{step}", page, expect=412)
        assert "Somebody else changed this event since you opened the page" in told
        assert "<li>Title</li>" in told
    await service.redirect(
        "POST", f"/events/{event_id}/publish", filled_in(await service.page("GET", f"/events/{event_id}"))
    )
    await service.api("POST", f"/events/{event_id}/publish", headers=seen)
    await service.api("POST", f"/events/{event_id}/close")
    assert (await service.api("GET", f"/events/{event_id}"))["status"] == "closed"


async def test_the_second_editor_sees_each_change_and_saves_on_top_of_it(service: RunningRegistration) -> None:
    event_id = await service.event()
    await service.sign_in()
    path = f"/events/{event_id}/edit"
    second = filled_in(await service.page("GET", path))
    first = dict(second) | {
        "title": "Journée",
        "rooms.1.name": "Atelier",
        "sessions.0.title": "Ouverture",
        "sessions.1.title": "Avant",
        "sessions.1.starts_at": second["starts_at"],
        "sessions.1.ends_at": second["sessions.0.ends_at"],
    }
    await service.redirect("POST", path, first)
    second |= {"title": "Rencontre", "in_person_seats": "50"}
    page = await service.page("POST", path, second, expect=412)
    assert "Title</strong>: was “Colloque”, is now “Journée”. You wrote “Rencontre”." in page
    assert "Ouverture, Session</strong>: was “Plénière”, is now “Ouverture”." in page
    assert (await service.api("GET", f"/events/{event_id}"))["title"] == "Journée"
    merged = filled_in(page)
    await service.redirect("POST", path, merged)
    event = await service.api("GET", f"/events/{event_id}")
    assert (event["title"], event["capacity"]["in_person"]) == ("Rencontre", 50)
    assert [room["name"] for room in event["rooms"]] == ["Amphi", "Atelier"]
    assert [session["title"] for session in event["sessions"]] == ["Ouverture", "Avant"]


async def test_a_row_that_the_other_took_away_stays_if_it_was_changed_here(service: RunningRegistration) -> None:
    event_id = await service.event()
    await service.sign_in()
    path = f"/events/{event_id}/edit"
    mine = filled_in(await service.page("GET", path)) | {"sessions.0.title": "Ouverture"}
    await service.api("PATCH", f"/events/{event_id}", {"sessions": []})
    await service.redirect("POST", path, filled_in(await service.page("POST", path, mine, expect=412)))
    event = await service.api("GET", f"/events/{event_id}")
    assert [session["title"] for session in event["sessions"]] == ["Ouverture"]
    assert event["sessions"][0]["room"] == "Amphi"


async def test_what_was_seen_may_be_lost_and_nothing_is_overwritten_yet(service: RunningRegistration) -> None:
    event_id = await service.event()
    await service.sign_in()
    path = f"/events/{event_id}/edit"
    mine = filled_in(await service.page("GET", path)) | {"title": "Rencontre"}
    await service.api("PATCH", f"/events/{event_id}", {"title": "Journée"})
    for broken in ("", "[", json.dumps([1]), json.dumps({"title": 3})):
        page = await service.page("POST", path, mine | {"seen": broken}, expect=412)
        assert "is now “Journée”. You wrote “Rencontre”." in page


async def test_what_a_session_has_more_is_kept_out_of_sight_and_opened_by_a_button(
    service: RunningRegistration,
) -> None:
    session = {"title": "Atelier", "starts_at": START.isoformat(), "ends_at": (START + timedelta(hours=1)).isoformat()}
    told = {"description": "Deux\nlignes", "speakers": ["Zoé Ünal"], "registration_needed": True}
    event_id = await service.event(sessions=[session | told])
    await service.sign_in()
    edit = f"/events/{event_id}/edit"
    page = await service.page("GET", edit)
    assert '<textarea id="sessions.0.speakers"' not in page
    assert "Filled in: Description, Speakers, People register for this session" in page
    form = filled_in(page)
    opened = await service.page("POST", edit, form | {"more": "sessions.0"})
    assert "Deux\nlignes</textarea>" in opened.replace("\r", "")
    assert 'class="error"' not in opened
    await service.redirect("POST", edit, form)
    (kept,) = (await service.api("GET", f"/events/{event_id}"))["sessions"]
    assert {name: kept[name] for name in told} == told
