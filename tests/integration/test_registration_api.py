"""What holds for the whole API of registration: pages, retries, unknown events, its own description."""

from datetime import timedelta

from schemas.identifiers import guest_id
from services.registration.application.enrolment import Register
from services.registration.application.event_drafts import EventDraft
from services.registration.domain.checkins import Action, CheckIn
from services.registration.domain.registrations import Person
from services.registration.domain.seats import Capacity, Mode
from tests.databases import ON_BOTH
from tests.integration.running_registration import START, RunningRegistration, a_registration

pytestmark = ON_BOTH

UNKNOWN = "evt_" + "0" * 32
GUEST = guest_id(source="/bridge/jitsi/main", person="p")


async def test_unknown_events_are_not_found_anywhere(service: RunningRegistration) -> None:
    await service.api("GET", f"/events/{UNKNOWN}", expect=404)
    await service.api("PATCH", f"/events/{UNKNOWN}", {}, expect=404)
    await service.api("POST", f"/events/{UNKNOWN}/publish", expect=404)
    await service.api("POST", f"/events/{UNKNOWN}/registrations", a_registration(), expect=404)
    await service.api("GET", f"/events/{UNKNOWN}/registrations", expect=404)
    await service.check_in(UNKNOWN, ticket="0123456789AB", expect=404)
    await service.api("POST", f"/events/{UNKNOWN}/check-ins/x/void", expect=404)
    await service.api("POST", f"/events/{UNKNOWN}/links", {"guest_id": GUEST, "participant_id": "par_1"}, expect=404)


async def test_lists_are_paged_by_cursor_without_gaps(service: RunningRegistration) -> None:
    events = {await service.event(title=f"E{number}") for number in range(5)}
    event_id = min(events)
    people = [(await service.register(event_id, name=f"P{number}"))["participant_id"] for number in range(5)]

    async def walk(path: str, key: str) -> list[str]:
        seen: list[str] = []
        after = ""
        while True:
            page = await service.api("GET", f"{path}?limit=2{after}")
            assert len(page["items"]) <= 2
            seen += [item[key] for item in page["items"]]
            if page["next"] is None:
                return seen
            after = f"&after={page['next']}"

    assert sorted(await walk("/events", "event_id")) == sorted(events)
    assert sorted(await walk(f"/events/{event_id}/registrations", "participant_id")) == sorted(people)
    await service.api("GET", "/events?after=nonsense", expect=400)


async def test_a_repeated_write_happens_once(service: RunningRegistration) -> None:
    event_id = await service.event()
    headers = {"Idempotency-Key": "a-key"}
    path = f"/events/{event_id}/registrations"
    answers = [
        await service.api("POST", path, a_registration(), token=None, expect=201, headers=headers) for _ in range(2)
    ]
    assert answers[0] == answers[1]
    await service.api("POST", path, a_registration(name="Else"), token=None, expect=422, headers=headers)
    scans = [
        await service.api(
            "POST",
            f"/events/{event_id}/check-ins",
            {"ticket": answers[0]["ticket"], "action": "in"},
            headers={"Idempotency-Key": "scan"},
        )
        for _ in range(2)
    ]
    assert scans[0] == scans[1]
    assert len(await service.outbox()) == 4


async def test_the_api_describes_itself(service: RunningRegistration) -> None:
    async with service.client.get("/internal/openapi.json") as response:
        described = await response.json()
    assert described["openapi"] == "3.1.0"
    paths = described["paths"]
    assert {"get", "patch", "delete"} <= set(paths["/api/v1/events/{event_id}/registrations/{participant_id}"])
    assert "CheckInView" in described["components"]["schemas"]


async def test_the_service_is_ready_without_kafka(service: RunningRegistration) -> None:
    async with service.client.get("/health/ready") as response:
        assert response.status == 200


async def test_a_retry_whose_first_answer_was_lost_in_a_crash_finds_what_was_done(service: RunningRegistration) -> None:
    """As after a kill -9 between the commit and the answer: the middleware knows nothing of the first request."""
    cases = service.parts.use_cases
    draft = EventDraft(
        title="Colloque",
        starts_at=START,
        ends_at=START + timedelta(hours=1),
        timezone="Europe/Paris",
        capacity=Capacity(),
    )
    events = [await cases.events.create(draft, retry_key="k") for _ in range(2)]
    assert events[0] == events[1]
    event_id = events[0].event_id
    await cases.events.publish(event_id)
    person = Person(name="Léa", email="lea@example.org", language="fr")
    command = Register(mode=Mode.IN_PERSON, person=person, consents={}, retry_key="k")
    people = [await cases.registrations.register(event_id, command) for _ in range(2)]
    assert people[0] == people[1]
    ticket = people[0].registration.ticket
    scans = [
        await cases.check_ins.check_in(event_id, CheckIn(action=Action.IN), ticket=ticket, retry_key="k")
        for _ in range(2)
    ]
    assert scans[0] == scans[1]
    assert len(await service.outbox()) == 4
