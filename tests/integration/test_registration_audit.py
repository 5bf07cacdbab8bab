"""The audit log: who did what, written with what was done, in ids alone."""

from collections.abc import Mapping

import pytest

from services.chassis.access import Role, internal_headers
from services.chassis.noted_acts import NotedAct
from services.registration.domain.errors import EventStateError
from tests.databases import ON_BOTH
from tests.integration.running_registration import RunningRegistration


@ON_BOTH
async def test_each_act_is_written_with_who_did_it_and_without_personal_data(service: RunningRegistration) -> None:
    event_id = await service.event()
    participant = (await service.register(event_id))["participant_id"]
    await service.check_in(event_id, participant_id=participant)
    path = f"/events/{event_id}/registrations/{participant}"
    await service.api("PATCH", path, {"name": "Léa Roux", "consents": {"photos": True}})
    await service.api("PATCH", path, {"consents": {"photos": False}})
    await service.parts.use_cases.people.write_again(event_id, participant)
    await service.api("GET", f"{path}/data")
    await service.api("DELETE", f"{path}?erase=true", expect=204)
    await service.api("DELETE", f"{path}?erase=true", expect=204)
    log = (await service.api("GET", f"/events/{event_id}/audit-log"))["items"]
    organizer = await service.parts.use_cases.tokens.verify(service.organizer)
    assert organizer is not None
    assert [(entry["act"], entry["subject"]) for entry in reversed(log)] == [
        ("event.created", None),
        ("event.published", None),
        ("registration.registered", participant),
        ("check_in.in", participant),
        ("person.changed", participant),
        ("consent.given", participant),
        ("consent.withdrawn", participant),
        ("letter.sent_again", participant),
        ("person.exported", participant),
        ("registration.cancelled", participant),
        ("person.erased", participant),
    ]
    assert [entry["actor"] for entry in reversed(log)] == [organizer.token_id] * 2 + ["public"] + [
        organizer.token_id
    ] * 4 + ["system"] + [organizer.token_id] * 3
    assert not any(secret in str(log) for secret in ("Léa", "Roux", "lea@"))


@ON_BOTH
async def test_what_fails_leaves_no_entry(service: RunningRegistration) -> None:
    event_id = await service.event()
    events = service.parts.use_cases.events
    await events.cancel(event_id)
    with pytest.raises(EventStateError):
        await events.publish(event_id)
    log = (await service.api("GET", f"/events/{event_id}/audit-log"))["items"]
    assert [(entry["act"], entry["actor"]) for entry in log][:1] == [("event.cancelled", "system")]
    assert len(log) == 3


async def test_the_log_is_filtered_paged_and_shown_to_the_organizers_of_the_event(service: RunningRegistration) -> None:
    event_id, other = await service.event(), await service.event()
    for number in range(30):
        await service.register(event_id, name=f"Personne {number}")
    first = await service.api("GET", f"/events/{event_id}/audit-log?limit=20&act=registration.registered")
    second = await service.api("GET", f"/events/{event_id}/audit-log?limit=20&after={first['next']}")
    assert (len(first["items"]), len(second["items"]), second["next"]) == (20, 12, None)
    await service.api("GET", f"/events/{event_id}/audit-log?act=nothing", expect=400)
    await service.api("GET", f"/events/{event_id}/audit-log", token=None, expect=401)
    await service.sign_in(Role.ORGANIZER, event_id)
    page = await service.page("GET", f"/events/{event_id}/audit?topic=people")
    assert "Personne 29" in page
    assert "published the event" not in page
    assert "Next page" in page
    assert "a publié l’événement" in await service.page("GET", f"/events/{event_id}/audit?topic=event", lang="fr")
    await service.page("GET", f"/events/{other}/audit", expect=403)
    await service.page("GET", "/audit", expect=403)


@ON_BOTH
async def test_acts_at_other_services_stand_in_the_log_of_their_event_and_of_the_installation(
    service: RunningRegistration,
) -> None:
    event_id = await service.event()
    known = internal_headers(service.settings)

    async def note(act: str, *, event_id: str | None = None, headers: Mapping[str, str] = known) -> int:
        body = {"act": act, "holder": "acc_1", "event_id": event_id, "subject": "main"}
        async with service.client.post("/internal/note-act", json=body, headers=headers) as answer:
            return answer.status

    of_events = {NotedAct.PRESENCE_EXPORTED, NotedAct.REPORT_ACCEPTED, NotedAct.REPORT_TAKEN_BACK} | {
        act for act in NotedAct if act.startswith("room.")
    }
    for act in NotedAct:
        assert await note(act, event_id=event_id if act in of_events else None) == 204
    assert await note("room.opened", event_id="evt_none") == 404
    assert await note("event.cancelled", event_id=event_id) == 400
    assert await note("room.opened", event_id=event_id, headers={}) == 403
    log = (await service.api("GET", f"/events/{event_id}/audit-log"))["items"]
    assert {entry["act"] for entry in log if entry["actor"] == "acc_1"} == of_events
    await service.sign_in()
    for lang, words in (
        ("en", ("removed a meeting platform", "went into a room as its moderator")),
        ("fr", ("a retiré une plateforme de visioconférence", "est entré dans une salle pour l’animer")),
    ):
        page = await service.page("GET", "/audit?topic=platforms", lang=lang)
        assert all(each in page for each in words)
        assert page.count("acc_1</code>") == len(NotedAct) - 3
