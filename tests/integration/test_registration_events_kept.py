"""Events that are done again, and events that are done with: duplicate and archive."""

import base64
import io
from datetime import timedelta

import segno

from schemas.eligibility import EligibilityChanged
from services.chassis.access import Role
from tests.databases import ON_BOTH
from tests.integration.running_registration import START, RunningRegistration, kinds

SUMMER = "2038-06-14T07:00:00Z"
"""The same hour in Paris as the event's in winter."""


@ON_BOTH
async def test_a_copy_has_the_same_hours_another_day_ids_of_its_own_and_nobody(service: RunningRegistration) -> None:
    cancelled = {
        "title": "Visite",
        "starts_at": (START + timedelta(hours=2)).isoformat(),
        "ends_at": (START + timedelta(hours=3)).isoformat(),
        "speakers": ["Zoé Ünal"],
        "cancelled": True,
    }
    event_id = await service.event(sessions=[cancelled], no_show_minutes=20)
    await service.register(event_id)
    path, key = f"/events/{event_id}/duplicate", {"Idempotency-Key": "again"}
    copy = await service.api("POST", path, {"starts_at": SUMMER, "title": "Été"}, headers=key, expect=201)
    same = await service.api("POST", path, {"starts_at": SUMMER, "title": "Été"}, headers=key, expect=201)
    original = await service.api("GET", f"/events/{event_id}")
    assert same["event_id"] == copy["event_id"] != event_id
    assert (copy["title"], copy["status"], copy["no_show_minutes"]) == ("Été", "draft", 20)
    assert (copy["starts_at"], copy["ends_at"]) == ("2038-06-14T07:00:00.000Z", "2038-06-14T15:00:00.000Z")
    (session,) = copy["sessions"]
    assert (session["starts_at"], session["cancelled"]) == ("2038-06-14T09:00:00.000Z", False)
    assert session["speakers"] == ["Zoé Ünal"]
    assert session["session_id"] != original["sessions"][0]["session_id"]
    assert copy["rooms"][0]["room_id"] != original["rooms"][0]["room_id"]
    assert copy["rooms"][0]["conference"] == original["rooms"][0]["conference"]
    assert (await service.api("GET", f"/events/{copy['event_id']}/registrations"))["items"] == []
    await service.api("POST", path, {"starts_at": "9999-12-30T00:00:00Z"}, expect=400)
    limited = await service.parts.use_cases.tokens.create(Role.ORGANIZER, event_id=event_id)
    await service.api("POST", path, {"starts_at": SUMMER}, token=limited, expect=403)


@ON_BOTH
async def test_a_copy_proves_its_attendance_as_the_original_does(service: RunningRegistration) -> None:
    title, hours = "Atelier", {"starts_at": "2037-11-23T09:00:00Z", "ends_at": "2037-11-23T10:00:00Z"}
    question = {"text": "Employer", "kind": "short_text"}
    event_id = await service.event(sessions=[{"title": title, **hours}], questions=[question])
    original = await service.api("GET", f"/events/{event_id}")
    (session,), (asked,) = original["sessions"], original["questions"]
    picture = io.BytesIO()
    segno.make_qr("a stamp").save(picture, kind="png")
    shown = base64.b64encode(picture.getvalue()).decode()
    sheets = {"signatures": "screen", "from_afar": True, "trainers": ["Zoé Ünal"]}
    made = {"nature": "skills_assessment", "handed_out": ["attendance_certificate"]}
    rules = [
        {"scope": "session", "session_id": session["session_id"], "minutes": 30},
        {"scope": "event", "percent": 80},
    ]
    settings: dict[str, dict[str, object]] = {
        "sheets/settings": sheets,
        "certificates/settings": made | {"employer_question": asked["question_id"]},
        "issuer": {"name": "Les Passeurs", "place": "Toulouse", "logo": shown, "stamp": shown},
        "eligibility": {"requirements": rules, "mode": "in_person", "leeway_seconds": 90},
    }
    for part, body in settings.items():
        await service.api("PUT", f"/events/{event_id}/{part}", body)

    copy = await service.api("POST", f"/events/{event_id}/duplicate", {"starts_at": SUMMER}, expect=201)
    here = f"/events/{copy['event_id']}"
    assert await service.api("GET", f"{here}/sheets/settings") == sheets
    kept = await service.api("GET", f"{here}/certificates/settings")
    assert kept == made | {"employer_question": copy["questions"][0]["question_id"]}
    issuer = await service.api("GET", f"{here}/issuer")
    assert (issuer["name"], issuer["logo"] == shown, issuer["stamp"]) == ("Les Passeurs", True, None)
    known = await service.api("GET", f"{here}/eligibility")
    first, second = known["requirements"]
    assert (first["session_id"], second["percent"]) == (copy["sessions"][0]["session_id"], 80)
    assert (known["version"], known["mode"], known["leeway_seconds"]) == (1, "in_person", 90)
    (told,) = [
        fact
        for fact in await service.outbox()
        if isinstance(fact, EligibilityChanged) and fact.data.event_id == copy["event_id"]
    ]
    assert (told.data.version, told.data.requirements[0].session_id) == (1, first["session_id"])


@ON_BOTH
async def test_settings_of_sheets_that_somebody_else_changed_meanwhile_are_not_overwritten(
    service: RunningRegistration,
) -> None:
    here = f"/events/{await service.event()}/sheets/settings"
    client, headers = service.client, {"Authorization": f"Bearer {service.organizer}"}
    async with client.get(f"/api/v1{here}", headers=headers) as read:
        assert await read.json() == {"signatures": "paper", "from_afar": False, "trainers": []}
        seen = {**headers, "If-Match": read.headers["ETag"]}
    mine, theirs = ({"signatures": "screen", "trainers": [name]} for name in ("Bo", "Zoé"))
    async with client.put(f"/api/v1{here}", json=mine, headers=seen) as changed:
        assert (changed.status, (await changed.json())["trainers"]) == (200, ["Bo"])
        now = changed.headers["ETag"]
    async with client.put(f"/api/v1{here}", json=theirs, headers=seen) as refused:
        assert (refused.status, refused.headers["ETag"], (await refused.json())["reason"]) == (
            412,
            now,
            "event_changed",
        )
    assert (await service.api("GET", here))["trainers"] == ["Bo"]
    await service.api("PUT", here, {"signatures": "stone"}, expect=400)
    await service.api("PUT", here, {"trainers": ["x"] * 21}, expect=400)
    for method in ("GET", "PUT"):
        await service.api(method, "/events/evt_none/sheets/settings", {} if method == "PUT" else None, expect=404)
        await service.api(method, here, {} if method == "PUT" else None, token=None, expect=401)


async def test_an_organizer_duplicates_an_event_from_its_page(service: RunningRegistration) -> None:
    event_id = await service.event()
    await service.sign_in()
    assert f"/events/{event_id}/duplicate" in await service.page("GET", f"/events/{event_id}")
    path = f"/events/{event_id}/duplicate"
    assert 'value="Colloque"' in await service.page("GET", path)
    wrong = await service.page("POST", path, {"title": "Été", "starts_at": "9999-01-01T09:00"}, expect=422)
    assert 'id="starts_at-error"' in wrong
    copy = await service.redirect("POST", path, {"title": "Été", "starts_at": "2038-06-14T09:00"})
    assert (await service.api("GET", copy))["ends_at"] == "2038-06-14T15:00:00.000Z"


@ON_BOTH
async def test_an_archived_event_is_in_no_list_but_its_own_and_stays_readable(service: RunningRegistration) -> None:
    event_id = await service.event()
    path = f"/events/{event_id}"
    refused = await service.api("POST", f"{path}/archive", expect=409)
    assert refused["reason"] == "event_published"
    await service.api("POST", f"{path}/close")
    told = len(await service.outbox())
    assert (await service.api("POST", f"{path}/archive"))["archived_at"] is not None
    assert (await service.api("GET", "/events"))["items"] == []
    archive = await service.api("GET", "/events?archived=true")
    assert [event["event_id"] for event in archive["items"]] == [event_id]
    assert (await service.api("GET", "/events?archived=true", token=None))["items"] == []
    assert (await service.api("GET", path, token=None))["title"] == "Colloque"
    await service.sign_in()
    assert f'href="{path}"' not in await service.page("GET", "/")
    assert f'href="{path}"' in await service.page("GET", "/?archived")
    assert "lists leave it out" in await service.page("GET", path)
    assert await service.redirect("POST", f"{path}/unarchive") == path
    await service.redirect("POST", f"{path}/archive")
    assert len(await service.outbox()) == told
    acts = [entry["act"] for entry in (await service.api("GET", f"{path}/audit-log"))["items"]]
    assert acts[:3] == ["event.archived", "event.unarchived", "event.archived"]
    assert (await service.api("POST", f"{path}/reopen"))["archived_at"] is None
    assert kinds(await service.outbox())[-1] == "registration.event.published"
