"""An agenda that changes when people have chosen sessions: who is told, what they keep, what stands again."""

import icalendar

from tests.databases import ON_BOTH
from tests.integration.running_registration import RunningRegistration
from tests.integration.test_registration_sessions import a_session, an_event_with, come, standing


async def test_who_registered_for_a_session_is_told_when_it_moves_and_nobody_else(service: RunningRegistration) -> None:
    event_id, (workshop, other) = await an_event_with(service, a_session("Atelier", 0), a_session("Autre", 4))
    concerned, not_concerned = await come(service, event_id, 0, workshop), await come(service, event_id, 1, other)
    moved = [a_session("Atelier", 1, session_id=workshop), a_session("Autre", 4, session_id=other)]
    await service.api("PATCH", f"/events/{event_id}", {"sessions": moved})
    letters = service.parts.use_cases.letters
    kinds_to = [
        [stored.letter.kind.value for stored in await letters.to(who["participant_id"])]
        for who in (concerned, not_concerned)
    ]
    assert kinds_to == [["sessions_changed", "registered"], ["registered"]]
    data = await service.api("GET", f"/events/{event_id}/registrations/{concerned['participant_id']}/data")
    assert [(each["session_id"], each["status"]) for each in data["sessions"]] == [(workshop, "confirmed")]


@ON_BOTH
async def test_who_is_in_a_session_that_is_removed_is_told_and_has_the_seat_again_when_it_is_back(
    service: RunningRegistration,
) -> None:
    event_id, (workshop, other) = await an_event_with(service, a_session("Atelier", 0), a_session("Autre", 4))
    someone = await come(service, event_id, 0, workshop)
    here = f"/e/{event_id}/confirmation/{someone['personal_token']}"
    letters = service.parts.use_cases.letters

    async def told() -> tuple[int, str, str]:
        """How many letters there are, what the latest says, and what became of the session in the calendar."""
        stored = await letters.to(someone["participant_id"])
        _, message = await letters.read(event_id, stored[0].number)
        text = message.get_body(("plain",)) if message else None
        assert text is not None
        calendar = icalendar.Calendar.from_ical(await service.page("GET", f"{here}/event.ics"))
        found = {str(entry["summary"]): str(entry["status"]) for entry in calendar.walk("VEVENT")}
        return len(stored), " ".join(text.get_content().split()), found["Atelier – Colloque"]

    await service.api("PATCH", f"/events/{event_id}", {"sessions": [a_session("Autre", 4, session_id=other)]})
    number, letter, status = await told()
    assert (number, status) == (2, "CANCELLED")
    assert "Atelier : n’est plus au programme" in letter
    assert "no longer in the agenda" in await service.page("GET", here)
    registration = await service.api("GET", f"/events/{event_id}/registrations/{someone['participant_id']}")
    assert registration["sessions"] == []
    again = [a_session("Autre", 4, session_id=other), a_session("Atelier", 5)]
    await service.api("PATCH", f"/events/{event_id}", {"sessions": again})
    number, _, status = await told()
    assert (number, status) == (3, "CONFIRMED")
    assert await standing(service, event_id, workshop) == [("P0", "confirmed", None)]


async def test_an_agenda_that_puts_two_chosen_sessions_at_one_time_says_so_and_what_is_cancelled_is_in_no_way(
    service: RunningRegistration,
) -> None:
    event_id, (one, two, three) = await an_event_with(
        service, a_session("Un", 0), a_session("Deux", 4), a_session("Trois", 4)
    )
    someone = await come(service, event_id, 0, one, two)
    here = f"/e/{event_id}/confirmation/{someone['personal_token']}"
    sessions = [a_session("Un", 4), a_session("Deux", 4), a_session("Trois", 4)]
    await service.api("PATCH", f"/events/{event_id}", {"sessions": sessions})
    assert "“Un” and “Deux” are now at the same time" in await service.page("GET", here)
    sessions = [a_session("Un", 4, cancelled=True), a_session("Deux", 4, cancelled=True), a_session("Trois", 4)]
    await service.api("PATCH", f"/events/{event_id}", {"sessions": sessions})
    assert "at the same time:" not in await service.page("GET", here)
    path = f"/events/{event_id}/registrations/{someone['participant_id']}"
    chosen = (await service.api("PATCH", path, {"sessions": [one, two, three]}))["sessions"]
    assert {each["session_id"]: each["status"] for each in chosen}[three] == "confirmed"


async def test_fewer_seats_than_are_taken_take_none_away_and_the_organizer_is_told(
    service: RunningRegistration,
) -> None:
    event_id, (workshop,) = await an_event_with(service, a_session("Atelier", 0, seats={"in_person": 2}))
    people = [await come(service, event_id, number, workshop) for number in range(3)]
    fewer = [a_session("Atelier", 0, seats={"in_person": 1}, session_id=workshop)]
    await service.api("PATCH", f"/events/{event_id}", {"sessions": fewer})
    await service.sign_in()
    page = f"/events/{event_id}/sessions/{workshop}"
    assert "More people have a seat in the room" in await service.page("GET", page)
    await service.api("DELETE", f"/events/{event_id}/registrations/{people[0]['participant_id']}", expect=204)
    assert await standing(service, event_id, workshop) == [("P1", "confirmed", None), ("P2", "waitlisted", 1)]
    assert "More people have a seat in the room" not in await service.page("GET", page)
