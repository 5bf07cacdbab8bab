"""The agenda: sessions at the same time with speakers and seats, rooms with addresses; on pages and as facts."""

from datetime import timedelta

from tests.databases import ON_BOTH
from tests.integration.running_registration import START, RunningRegistration

HOUR = timedelta(hours=1)
SESSION = {
    "title": "Atelier",
    "starts_at": START.isoformat(),
    "ends_at": (START + HOUR).isoformat(),
    "room": "Petite salle",
    "description": "Venez\navec vos questions",
    "speakers": ["Zoé Ünal", "Paul Roux"],
    "capacity": {"in_person": 12, "remote": 0},
}
ROOMS = [
    {"name": "Amphi", "address": "12 rue des Écoles, Tulle", "conference": {"source": "main", "room": "plenary"}},
    {"name": "Petite salle"},
]


@ON_BOTH
async def test_a_session_says_all_on_the_pages_and_names_nobody_on_the_topic(service: RunningRegistration) -> None:
    other = SESSION | {"title": "Visite", "room": "Amphi", "speakers": [], "cancelled": True}
    event_id = await service.event(rooms=ROOMS, sessions=[SESSION, other])
    event = await service.api("GET", f"/events/{event_id}", token=None)
    assert event["sessions"][0]["speakers"] == ["Zoé Ünal", "Paul Roux"]
    assert event["sessions"][0]["description"] == "Venez\navec vos questions"
    assert event["sessions"][0]["capacity"] == {"in_person": 12, "remote": 0}
    assert [room["address"] for room in event["rooms"]] == ["12 rue des Écoles, Tulle", None]
    page = await service.page("GET", f"/e/{event_id}")
    assert "Zoé Ünal, Paul Roux" in page
    assert "Does not take place</strong> <s>Visite</s>" in page
    assert 'aria-label="2 sessions at the same time"' in page
    facts = await service.outbox()
    snapshot = facts[-1].data.model_dump(mode="json")
    assert [session["cancelled"] for session in snapshot["sessions"]] == [False, True]
    assert snapshot["sessions"][0]["capacity"] == {"in_person": 12, "remote": 0}
    told = " ".join(fact.model_dump_json() for fact in facts)
    assert not any(private in told for private in ("Zoé", "Roux", "questions", "rue des"))


async def test_the_desk_counts_a_session_against_its_seats_and_knows_none_that_is_cancelled(
    service: RunningRegistration,
) -> None:
    event_id = await service.event(rooms=ROOMS, sessions=[SESSION, SESSION | {"title": "Visite", "cancelled": True}])
    places = (await service.api("GET", f"/events/{event_id}/desk"))["places"]
    assert [(place["name"], place["capacity"]) for place in places if place["kind"] == "session"] == [("Atelier", 12)]


async def test_the_form_takes_all_of_a_session_and_names_what_is_wrong_at_the_field(
    service: RunningRegistration,
) -> None:
    await service.sign_in()
    form = {
        "title": "Journée",
        "timezone": "Europe/Paris",
        "starts_at": "2037-12-01T09:00",
        "ends_at": "2037-12-01T17:00",
        "rooms.0.name": "Amphi",
        "rooms.0.address": "12 rue des Écoles",
        "sessions.0.title": "Ouverture",
        "sessions.0.starts_at": "2037-12-01T09:00",
        "sessions.0.ends_at": "2037-12-01T10:00",
        "sessions.0.room": "Amphi",
        "sessions.0.description": "Une ligne\r\nune autre",
        "sessions.0.speakers": " Zoé Ünal \r\n\r\nPaul Roux",
        "sessions.0.in_person_seats": "30",
        "sessions.0.cancelled": "true",
    }
    wrong = form | {"sessions.0.speakers": "n" * 201}
    page = await service.page("POST", "/events/new", wrong, expect=422)
    assert 'id="sessions.0.speakers-error"' in page
    path = await service.redirect("POST", "/events/new", form)
    (session,) = (await service.api("GET", path))["sessions"]
    assert session["speakers"] == ["Zoé Ünal", "Paul Roux"]
    assert (session["capacity"]["in_person"], session["cancelled"]) == (30, True)
    edit = await service.page("GET", f"{path}/edit")
    assert "Zoé Ünal\nPaul Roux" in edit
    assert 'name="sessions.0.cancelled" value="true"' in edit
