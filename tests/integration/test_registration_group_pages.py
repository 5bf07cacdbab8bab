"""One person registers several, and the organizer passes seats on: as a browser without JavaScript uses the pages."""

from datetime import timedelta

from services.chassis.clock import system_clock
from tests.integration.running_registration import RunningRegistration

CONTACT = {"email": "lea@example.org", "language": "en", "form_id": "0" * 32}


async def test_several_people_are_registered_by_one_who_gets_all_their_links(service: RunningRegistration) -> None:
    event_id = await service.event(capacity={"in_person": 1, "remote": 1})
    path = f"/e/{event_id}/group"
    form = CONTACT | {"mode": "in_person", "members.0.name": "Anne", "members.3.name": "Bob", "members.3.email": "b@b"}
    assert 'name="members.4.name"' in await service.page("POST", path, form | {"more": "1"})
    wrong = await service.page("POST", path, form, expect=422)
    assert 'value="b@b"' in wrong
    assert "Fill in this field." in await service.page("POST", path, CONTACT | {"mode": "either"}, expect=422)
    form["members.3.email"] = "bob@example.org"
    page = await service.redirect("POST", path, form)
    await service.redirect("POST", path, form)
    assert len((await service.api("GET", f"/events/{event_id}/registrations"))["items"]) == 2
    shown = await service.page("GET", page)
    assert "number 1 on the waiting list" in shown
    assert shown.count("/confirmation/") == 2
    await service.page("GET", page[:-3] + "AAA", expect=404)
    await service.page("GET", page.replace("/group/", "/confirmation/"), expect=404)


async def test_a_place_is_registered_with_a_number_that_somebody_vouches_for(service: RunningRegistration) -> None:
    event_id = await service.event()
    form = CONTACT | {"name": "Médiathèque de Tulle", "headcount": "12"}
    await service.page("POST", f"/e/{event_id}/venue", form, expect=422)
    personal = await service.redirect("POST", f"/e/{event_id}/venue", form | {"attested": "true"})
    await service.redirect("POST", f"{personal}/headcount", {"headcount": "14"})
    assert 'value="14"' in await service.page("GET", personal)


async def test_an_organizer_gives_a_seat_on_offer_and_a_participant_waits_no_more(
    service: RunningRegistration,
) -> None:
    tomorrow = system_clock() + timedelta(days=1)
    event_id = await service.event(
        capacity={"in_person": 1, "remote": 1},
        starts_at=tomorrow.isoformat(),
        ends_at=(tomorrow + timedelta(hours=8)).isoformat(),
        sessions=[],
    )
    first, *others = [await service.register(event_id, name=name, mode="either") for name in ("A", "B", "C", "D")]
    remote, both, last = others
    personal = remote["confirmation_url"].removeprefix(service.settings.public_url)
    assert "You are number 1 on the waiting list for the room." in await service.page("GET", personal)
    await service.redirect("POST", f"{personal}/wait_no_more")
    assert "waiting list for" not in await service.page("GET", personal)
    await service.api("DELETE", f"/events/{event_id}/registrations/{first['participant_id']}", expect=204)
    await service.sign_in()
    assert "offered until" in await service.page("GET", f"/events/{event_id}/waitlist")
    participant = f"/events/{event_id}/registrations/{both['participant_id']}"
    await service.redirect("POST", f"{participant}/decline")
    shown = await service.page("GET", f"/events/{event_id}/registrations/{last['participant_id']}")
    assert "Give this person the seat on offer" in shown
    await service.redirect("POST", f"/events/{event_id}/registrations/{last['participant_id']}/accept")
    assert (await service.api("GET", f"/events/{event_id}/seats"))["in_person"]["confirmed"] == 1
    late = last["confirmation_url"].removeprefix(service.settings.public_url)
    await service.redirect("POST", f"{late}/accept")
