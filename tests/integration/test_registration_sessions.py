"""Sessions that people register for: seats of their own, given once, freed and passed on; what is told of them."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import icalendar
from multidict import MultiDict

from services.chassis.access import Role
from services.chassis.clock import system_clock
from tests.databases import ON_BOTH
from tests.integration.running_registration import RunningRegistration, a_registration, kinds

BEGIN: Final = system_clock().replace(microsecond=0) + timedelta(days=1)


def a_session(title: str, hour: int, *, seats: Mapping[str, int] | None = None, **changed: object) -> dict[str, object]:
    """A session of two hours that people register for."""
    return {
        "title": title,
        "starts_at": (BEGIN + timedelta(hours=hour)).isoformat(),
        "ends_at": (BEGIN + timedelta(hours=hour + 2)).isoformat(),
        "capacity": dict(seats or {}),
        "registration_needed": True,
    } | changed


async def an_event_with(
    service: RunningRegistration,
    *sessions: object,
    **changed: Any,  # noqa: ANN401
) -> tuple[str, list[str]]:
    """A published event, and the ids of its sessions."""
    times: dict[str, Any] = {"starts_at": BEGIN.isoformat(), "ends_at": (BEGIN + timedelta(hours=8)).isoformat()}
    event_id = await service.event(sessions=list(sessions), **times, **changed)
    event = await service.api("GET", f"/events/{event_id}")
    return event_id, [session["session_id"] for session in event["sessions"]]


async def come(
    service: RunningRegistration, event_id: str, number: int, *sessions: str, mode: str = "in_person"
) -> Any:  # noqa: ANN401  (what the API answers)
    """Somebody registers, and chooses sessions."""
    body = a_registration(name=f"P{number}", email=f"p{number}@example.org", mode=mode, sessions=list(sessions))
    return await service.api("POST", f"/events/{event_id}/registrations", body, token=None, expect=201)


async def standing(service: RunningRegistration, event_id: str, session_id: str) -> list[tuple[str, str, int | None]]:
    """Who is in a session, or waits for it: the name, the status and the position."""
    listed = await service.api("GET", f"/events/{event_id}/sessions/{session_id}/registrations")
    return [(each["name"], each["status"], each["position"]) for each in listed["items"]]


@ON_BOTH
async def test_the_last_seats_of_a_session_are_given_once_while_everybody_comes_goes_and_chooses(
    service: RunningRegistration,
) -> None:
    event_id, (workshop, other) = await an_event_with(
        service, a_session("Atelier", 0, seats={"in_person": 5}), a_session("Autre", 4, seats={"in_person": 3})
    )
    people = await asyncio.gather(*(come(service, event_id, number, workshop) for number in range(40)))
    assert Counter(one["sessions"][0]["status"] for one in people) == {"confirmed": 5, "waitlisted": 35}
    assert sorted(one["sessions"][0]["position"] or 0 for one in people) == [0] * 5 + list(range(1, 36))

    async def act(number: int) -> None:
        path = f"/events/{event_id}/registrations/{people[number]['participant_id']}"
        if number < 10:
            await service.api("DELETE", path, expect=204)
        elif number < 20:
            await service.api("PATCH", path, {"sessions": [other]})
        else:
            await service.api("PATCH", path, {"sessions": [workshop, other]})

    await asyncio.gather(*(act(number) for number in range(40)))
    overview = (await service.api("GET", f"/events/{event_id}/sessions"))["items"]
    assert [(each["in_person"]["confirmed"], each["in_person"]["free"]) for each in overview] == [(5, 0), (3, 0)]
    waiting = [position for _, status, position in await standing(service, event_id, other) if status == "waitlisted"]
    assert waiting == list(range(1, 28))
    assert sum(each["in_person"]["waiting"] for each in overview) == 15 + 27


@ON_BOTH
async def test_a_freed_seat_goes_to_the_first_by_rank_and_they_are_written_to(service: RunningRegistration) -> None:
    event_id, (workshop,) = await an_event_with(service, a_session("Atelier", 0, seats={"in_person": 1}))
    first, second, third = [await come(service, event_id, number, workshop) for number in range(3)]
    path = f"/events/{event_id}/registrations"
    await service.api("PATCH", f"{path}/{first['participant_id']}", {"sessions": []})
    assert await standing(service, event_id, workshop) == [("P1", "confirmed", None), ("P2", "waitlisted", 1)]
    letters = await service.parts.use_cases.letters.to(second["participant_id"])
    assert [(stored.letter.kind.value, stored.letter.about) for stored in letters] == [
        ("sessions_changed", {"given": workshop}),
        ("registered", {}),
    ]
    _, message = await service.parts.use_cases.letters.read(event_id, letters[0].number)
    assert message is not None
    text = message.get_body(("plain",))
    assert text is not None
    assert "Atelier" in text.get_content()
    assert third["sessions"] == [{"session_id": workshop, "status": "waitlisted", "position": 2}]
    assert kinds(await service.outbox())[2:] == [
        *["registration.participant.registered", "registration.session_place.taken"] * 3,
        "registration.session_place.left",
        "registration.session_place.changed",
    ]


@ON_BOTH
async def test_places_in_sessions_follow_the_registration(service: RunningRegistration) -> None:
    event_id, (workshop,) = await an_event_with(
        service,
        a_session("Atelier", 0, seats={"in_person": 1, "remote": 1}),
        capacity={"in_person": 2, "remote": 5},
        offer_minutes=0,
    )
    seated, waits, remote = (
        await come(service, event_id, 0, workshop),
        await come(service, event_id, 1, workshop),
        await come(service, event_id, 2, workshop, mode="remote"),
    )
    # Without a seat at the event there is none in a session, however many are free.
    outside = await come(service, event_id, 3, workshop)
    path = f"/events/{event_id}/registrations"
    assert [one["sessions"][0]["status"] for one in (seated, waits, remote, outside)] == [
        "confirmed",
        "waitlisted",
        "confirmed",
        "waitlisted",
    ]
    # Who switches waits for the other mode's seats; the seat goes to who waited, and the one at the event to who did.
    await service.api("PATCH", f"{path}/{seated['participant_id']}", {"mode": "remote"})
    assert await standing(service, event_id, workshop) == [
        ("P2", "confirmed", None),
        ("P1", "confirmed", None),
        ("P3", "waitlisted", 1),
        ("P0", "waitlisted", 1),
    ]
    await service.api("DELETE", f"{path}/{remote['participant_id']}", expect=204)
    await service.api("DELETE", f"{path}/{waits['participant_id']}", expect=204)
    assert await standing(service, event_id, workshop) == [("P0", "confirmed", None), ("P3", "confirmed", None)]


async def test_sessions_at_the_same_time_are_refused_at_the_second_and_moving_leaves_what_is_in_the_way(
    service: RunningRegistration,
) -> None:
    event_id, (one, same_time, later, open_to_all) = await an_event_with(
        service,
        a_session("Un", 0),
        a_session("Deux", 1),
        a_session("Trois", 4),
        a_session("Libre", 6, registration_needed=False),
    )
    body = a_registration(sessions=[one, later, same_time])
    refused = await service.api("POST", f"/events/{event_id}/registrations", body, token=None, expect=400)
    assert refused["errors"] == [
        {"pointer": "#/sessions/2", "detail": "must not be at the same time as another session chosen"}
    ]
    body = a_registration(sessions=[open_to_all])
    await service.api("POST", f"/events/{event_id}/registrations", body, token=None, expect=400)
    assert (await service.api("GET", f"/events/{event_id}/registrations"))["items"] == []
    someone = await come(service, event_id, 0, one, later)
    moved = f"/events/{event_id}/sessions/{same_time}/registrations/{someone['participant_id']}"
    assert (await service.api("PUT", moved))["status"] == "confirmed"
    registration = await service.api("GET", f"/events/{event_id}/registrations/{someone['participant_id']}")
    assert [each["session_id"] for each in registration["sessions"]] == [same_time, later]
    await service.api("DELETE", moved, expect=204)
    await service.api("DELETE", moved, expect=204)
    assert await standing(service, event_id, same_time) == []
    await service.api("PUT", moved.replace(same_time, open_to_all), expect=404)


async def test_the_calendar_entry_has_the_sessions_and_takes_back_what_was_left(service: RunningRegistration) -> None:
    event_id, (one, two) = await an_event_with(
        service, a_session("Un", 0, seats={"in_person": 3}), a_session("Deux", 4, seats={"in_person": 0})
    )
    someone = await come(service, event_id, 0, one, two)
    here = f"/e/{event_id}/confirmation/{someone['personal_token']}"

    async def entries() -> dict[str, str]:
        calendar = icalendar.Calendar.from_ical(await service.page("GET", f"{here}/event.ics"))
        return {str(entry["summary"]): str(entry["status"]) for entry in calendar.walk("VEVENT")}

    assert await entries() == {"Colloque": "CONFIRMED", "Un – Colloque": "CONFIRMED"}
    path = f"/events/{event_id}/registrations/{someone['participant_id']}"
    await service.api("PATCH", path, {"sessions": []})
    assert (await entries())["Un – Colloque"] == "CANCELLED"


async def test_the_forms_of_the_desk_do_the_same_without_scripts(service: RunningRegistration) -> None:
    event_id, (workshop,) = await an_event_with(service, a_session("Cartes", 0, seats={"in_person": 1}))
    people = [await come(service, event_id, number) for number in range(2)]
    await service.sign_in(Role.DESK, event_id=event_id)
    path, place = f"/events/{event_id}/desk", {"action": "in", "place_id": workshop}

    async def show(number: int, digit: str, **more: str) -> str:
        whom = {"participant_id": people[number]["participant_id"], "form_id": digit * 32}
        return (await service.page("POST", path, place | whom | more)).split('id="result"')[1].split('id="found"')[0]

    assert "Seats left in it: 1." in await show(0, "1")
    assert "Welcome" in await show(0, "2", join="true")
    assert "it is full" in await show(1, "3", join="true")
    assert await standing(service, event_id, workshop) == [("P0", "confirmed", None)]


async def test_a_desk_without_network_has_the_seats_in_sessions_and_late_word_is_never_refused_for_them(
    service: RunningRegistration,
) -> None:
    event_id, (workshop,) = await an_event_with(service, a_session("Atelier", 0, seats={"in_person": 2}))
    inside, outside = await come(service, event_id, 0, workshop), await come(service, event_id, 1)
    state = await service.api("GET", f"/events/{event_id}/desk")
    place = next(each for each in state["places"] if each["place_id"] == workshop)
    assert (place["registration_needed"], place["seats_left"]) == (True, 1)
    of = {each["participant_id"]: each["sessions"] for each in state["tickets"]}
    assert of == {inside["participant_id"]: [workshop], outside["participant_id"]: []}
    refused = await service.check_in(event_id, ticket=outside["ticket"], place_id=workshop)
    assert (refused["outcome"], refused["reason"], refused["seats_left"]) == ("refused", "not_in_session", 1)
    at = system_clock().isoformat()
    late = await service.check_in(event_id, ticket=outside["ticket"], place_id=workshop, at=at)
    assert late["outcome"] == "checked_in"


async def test_the_lists_name_the_sessions(service: RunningRegistration) -> None:
    event_id, (workshop,) = await an_event_with(service, a_session("Atelier", 0, seats={"in_person": 1}))
    for number in range(2):
        await come(service, event_id, number, workshop)
    await service.sign_in()
    roster = await service.page("GET", f"/events/{event_id}/registrations.csv")
    assert [line.rsplit(",", 1)[1] for line in roster.splitlines()] == [
        "Sessions",
        "Atelier",
        "Atelier (On the waiting list)",
    ]
    attendees = await service.page("GET", f"/events/{event_id}/sessions/{workshop}.csv")
    assert [line.split(",")[:4] for line in attendees.splitlines()[1:]] == [
        ["P0", "In person", "Seat confirmed", ""],
        ["P1", "In person", "On the waiting list", "1"],
    ]


async def test_a_group_and_a_place_choose_sessions_together_and_change_them_one_by_one(
    service: RunningRegistration,
) -> None:
    event_id, (one, same_time) = await an_event_with(
        service, a_session("Un", 0, seats={"in_person": 1}), a_session("Deux", 1)
    )
    form = {"email": "lea@example.org", "language": "en", "form_id": "0" * 32, "mode": "in_person"}
    people = {"members.0.name": "Anne", "members.1.name": "Bob"}
    path = f"/e/{event_id}/group"
    both = MultiDict([*form.items(), *people.items(), ("sessions", one), ("sessions", same_time)])
    assert "“Deux” is at the same time as “Un”" in await service.page("POST", path, both, expect=422)
    shown = await service.page("GET", await service.redirect("POST", path, form | people | {"sessions": one}))
    assert shown.count("/confirmation/") == 2
    assert await standing(service, event_id, one) == [("Anne", "confirmed", None), ("Bob", "waitlisted", 1)]
    place = form | {"name": "Médiathèque", "headcount": "9", "attested": "true", "form_id": "1" * 32, "sessions": one}
    personal = await service.redirect("POST", f"/e/{event_id}/venue", place)
    assert ("Médiathèque", "confirmed", None) in await standing(service, event_id, one)
    await service.redirect("POST", f"{personal}/sessions", {"sessions": same_time})
    assert await standing(service, event_id, same_time) == [("Médiathèque", "confirmed", None)]
    body = {"mode": "remote", "email": "z@example.org", "members": [{"name": "Zoé"}], "sessions": [one]}
    group = await service.api("POST", f"/events/{event_id}/groups", body, token=None, expect=201)
    assert [each["status"] for each in group["registrations"][0]["sessions"]] == ["confirmed"]
