"""The API of registration, over HTTP and on a real database."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from schemas.envelope import format_instant
from schemas.identifiers import guest_id
from services.chassis.access import Role, internal_headers
from services.chassis.clock import system_clock
from services.registration.application.events import EventDraft
from services.registration.application.registrations import Register
from services.registration.domain.checkins import Action, CheckIn
from services.registration.domain.registrations import Person
from services.registration.domain.seats import Capacity, Mode
from tests.integration.running_registration import (
    START,
    RunningRegistration,
    a_registration,
    an_event,
    running_registration,
)

UNKNOWN = "evt_" + "0" * 32
GUEST = guest_id(source="/bridge/jitsi/main", person="p")


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[RunningRegistration]:
    async with running_registration(tmp_path) as running:
        yield running


def kinds(facts: list[Any]) -> list[str]:
    return [fact.type.removeprefix("passerelle.").removesuffix(".v1") for fact in facts]


async def test_an_event_is_created_as_a_draft_and_read_back(service: RunningRegistration) -> None:
    created = await service.api("POST", "/events", an_event(), expect=201)
    assert created["status"] == "draft"
    assert created["starts_at"] == "2026-11-23T08:00:00.000Z"
    assert created["capacity"] == {"in_person": 100, "remote": 100}
    assert created["rooms"][0]["conference"] == {"source": "main", "room": "plenary"}
    assert await service.api("GET", f"/events/{created['event_id']}") == created


async def test_each_step_of_an_event_is_a_fact_with_the_whole_event(service: RunningRegistration) -> None:
    event_id = await service.event()
    await service.api("PATCH", f"/events/{event_id}", {"title": "Journée", "capacity": {"remote": None}})
    await service.api("POST", f"/events/{event_id}/close")
    facts = await service.outbox()
    assert kinds(facts) == [f"registration.event.{step}" for step in ("created", "published", "changed", "closed")]
    snapshots: list[Any] = [fact.data for fact in facts]
    assert [snapshot.status for snapshot in snapshots] == ["draft", "published", "published", "closed"]
    assert snapshots[-1].title == "Journée"
    assert (snapshots[-1].capacity.in_person, snapshots[-1].capacity.remote) == (100, None)
    assert snapshots[-1].grace_seconds == 900
    times = [fact.time for fact in facts]
    assert times == sorted(set(times))


async def test_editing_keeps_the_ids_of_sessions_and_rooms(service: RunningRegistration) -> None:
    event_id = await service.event()
    before = await service.api("GET", f"/events/{event_id}")
    session = before["sessions"][0] | {"title": "Ouverture"}
    rooms = [{"name": "Atelier"}, {"name": "Amphi"}]
    after = await service.api("PATCH", f"/events/{event_id}", {"sessions": [session], "rooms": rooms})
    assert after["sessions"][0]["session_id"] == before["sessions"][0]["session_id"]
    assert after["rooms"][1]["room_id"] == before["rooms"][0]["room_id"]
    assert after["rooms"][0]["room_id"] != before["rooms"][0]["room_id"]


async def test_a_change_that_changes_nothing_is_no_fact(service: RunningRegistration) -> None:
    event_id = await service.event()
    await service.api("PATCH", f"/events/{event_id}", {"title": "Colloque"})
    await service.api("POST", f"/events/{event_id}/publish")
    assert len(await service.outbox()) == 2


@pytest.mark.parametrize(
    "changed,pointer",
    [
        ({"ends_at": START.isoformat()}, "#/ends_at"),
        ({"timezone": "Mars/Olympus"}, "#/timezone"),
        ({"title": ""}, "#/title"),
        ({"title": "t" * 201}, "#/title"),
        ({"starts_at": "2026-11-23T09:00:00"}, "#/starts_at"),
        ({"capacity": {"in_person": -1}}, "#/capacity/in_person"),
        ({"grace_minutes": 100_000}, "#/grace_minutes"),
        ({"colour": "red"}, "#/colour"),
        ({"rooms": [{"name": "A", "conference": {"source": "main"}}]}, "#/rooms/0/conference/room"),
        (
            {
                "sessions": [
                    {"title": "S", "starts_at": START.isoformat(), "ends_at": (START + timedelta(days=2)).isoformat()}
                ]
            },
            "#/sessions/0/ends_at",
        ),
    ],
)
async def test_a_wrong_event_is_refused_with_the_field_named(
    service: RunningRegistration, changed: dict[str, object], pointer: str
) -> None:
    problem = await service.api("POST", "/events", an_event(**changed), expect=400)
    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert await service.outbox() == []


async def test_what_is_over_is_refused_with_a_reason(service: RunningRegistration) -> None:
    event_id = await service.event()
    registered = await service.register(event_id)
    await service.api("POST", f"/events/{event_id}/close")
    problem = await service.api("PATCH", f"/events/{event_id}", {"title": "x"}, expect=409)
    assert problem["reason"] == "event_closed"
    await service.api("POST", f"/events/{event_id}/cancel", expect=409)
    await service.api("POST", f"/events/{event_id}/registrations", a_registration(), expect=409)
    path = f"/events/{event_id}/registrations/{registered['participant_id']}"
    await service.api("PATCH", path, {"mode": "remote"}, expect=409)
    await service.api("DELETE", path, expect=409)


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


async def test_the_public_sees_published_events_without_their_conferences(service: RunningRegistration) -> None:
    draft, published = await service.event(publish=False), await service.event()
    await service.api("GET", f"/events/{draft}", token=None, expect=404)
    seen = await service.api("GET", f"/events/{published}", token=None)
    assert seen["rooms"][0]["conference"] is None
    listed = await service.api("GET", "/events", token=None)
    assert [event["event_id"] for event in listed["items"]] == [published]


async def test_registering_gives_a_seat_a_ticket_and_links_and_keeps_names_off_the_topics(
    service: RunningRegistration,
) -> None:
    event_id = await service.event()
    registered = await service.register(event_id, mode="remote")
    assert registered["status"] == "confirmed"
    assert len(registered["ticket"]) == 14
    assert registered["join_url"].startswith(f"{service.settings.public_url}/e/{event_id}/join/")
    fact = (await service.outbox())[-1]
    assert fact.type == "passerelle.registration.participant.registered.v1"
    assert fact.subject == registered["participant_id"]
    assert b"Martin" not in fact.to_bytes()
    assert b"example.org" not in fact.to_bytes()


@pytest.mark.parametrize(
    "changed,pointer",
    [
        ({"email": "lea@example"}, "#/email"),
        ({"name": "  "}, "#/name"),
        ({"mode": "telepathy"}, "#/mode"),
        ({"language": "français"}, "#/language"),
        ({"consents": {"everything": True}}, "#/consents/everything"),
    ],
)
async def test_a_wrong_registration_is_refused_with_the_field_named(
    service: RunningRegistration, changed: dict[str, object], pointer: str
) -> None:
    event_id = await service.event()
    problem = await service.api(
        "POST", f"/events/{event_id}/registrations", a_registration(**changed), token=None, expect=400
    )
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_the_waitlist_moves_up_in_its_order(service: RunningRegistration) -> None:
    event_id = await service.event(capacity={"in_person": 1, "remote": 1})
    first, second, third = [await service.register(event_id, name=name) for name in ("A", "B", "C")]
    assert [who["status"] for who in (first, second, third)] == ["confirmed", "waitlisted", "waitlisted"]
    assert [who["waitlist_position"] for who in (first, second, third)] == [None, 1, 2]
    people = f"/events/{event_id}/registrations"
    await service.api("DELETE", f"{people}/{first['participant_id']}", expect=204)
    assert (await service.api("GET", f"{people}/{second['participant_id']}"))["status"] == "confirmed"
    moved = await service.api("PATCH", f"{people}/{second['participant_id']}", {"mode": "remote"})
    assert (moved["mode"], moved["status"]) == ("remote", "confirmed")
    assert (await service.api("GET", f"{people}/{third['participant_id']}"))["status"] == "confirmed"
    assert kinds(await service.outbox())[-4:] == [
        "registration.participant.cancelled",
        "registration.participant.confirmed",
        "registration.participant.mode_changed",
        "registration.participant.confirmed",
    ]


async def test_a_switch_to_a_full_mode_waits_there_and_gives_the_seat_up(service: RunningRegistration) -> None:
    event_id = await service.event(capacity={"in_person": 1, "remote": 1})
    await service.register(event_id, mode="remote")
    switching = await service.register(event_id)
    waiting = await service.register(event_id)
    people = f"/events/{event_id}/registrations"
    moved = await service.api("PATCH", f"{people}/{switching['participant_id']}", {"mode": "remote"})
    assert (moved["status"], moved["waitlist_position"]) == ("waitlisted", 1)
    assert (await service.api("GET", f"{people}/{waiting['participant_id']}"))["status"] == "confirmed"


async def test_seats_that_are_added_go_to_those_who_wait(service: RunningRegistration) -> None:
    event_id = await service.event(capacity={"in_person": 0, "remote": 0})
    waiting = [await service.register(event_id, name=name) for name in "ABC"]
    await service.api("PATCH", f"/events/{event_id}", {"capacity": {"in_person": 2}})
    listed = await service.api("GET", f"/events/{event_id}/registrations?status=confirmed")
    assert [who["participant_id"] for who in listed["items"]] == [who["participant_id"] for who in waiting[:2]]


async def test_a_registration_opens_to_its_own_token_only(service: RunningRegistration) -> None:
    event_id = await service.event()
    mine, other = await service.register(event_id), await service.register(event_id)
    path = f"/events/{event_id}/registrations/{mine['participant_id']}"
    assert (await service.api("GET", path, token=mine["personal_token"]))["name"] == "Léa Martin"
    await service.api("GET", path, token=other["personal_token"], expect=403)
    await service.api("GET", path, token=None, expect=401)
    await service.api("GET", path, token="gAAAA" + "x" * 300, expect=401)
    changed = await service.api("PATCH", path, {"name": "Léa Roux", "mode": "remote"}, token=mine["personal_token"])
    assert (changed["name"], changed["mode"]) == ("Léa Roux", "remote")
    await service.api("GET", f"/events/{event_id}/registrations", token=mine["personal_token"], expect=401)


async def test_consents_are_kept_by_purpose_and_can_be_revoked(service: RunningRegistration) -> None:
    event_id = await service.event()
    body = a_registration(consents={"photos": True, "newsletter": True})
    registered = await service.api("POST", f"/events/{event_id}/registrations", body, expect=201)
    path = f"/events/{event_id}/registrations/{registered['participant_id']}"
    after = await service.api("PATCH", path, {"consents": {"photos": False}})
    assert after["consents"] == {"photos": False, "newsletter": True}


async def test_erasing_deletes_the_person_and_keeps_the_facts(service: RunningRegistration) -> None:
    event_id = await service.event()
    registered = await service.register(event_id)
    await service.check_in(event_id, ticket=registered["ticket"])
    path = f"/events/{event_id}/registrations/{registered['participant_id']}"
    for _ in range(2):
        await service.api("DELETE", f"{path}?erase=true", expect=204)
    after = await service.api("GET", path)
    assert (after["status"], after["name"], after["email"], after["consents"]) == ("cancelled", None, None, {})
    assert "checkin.checked_in" in kinds(await service.outbox())
    names = await service.client.post(
        "/internal/names",
        json={"event_id": event_id, "ids": [registered["participant_id"]]},
        headers=internal_headers(service.settings),
    )
    assert (await names.json()) == {"names": {}}


async def test_search_finds_people_without_accents_and_case(service: RunningRegistration) -> None:
    event_id = await service.event()
    for name in ("Léa Martin", "Éléonore Dupré", "100% Bio"):
        await service.register(event_id, name=name)

    async def found(search: str) -> list[str]:
        page = await service.api("GET", f"/events/{event_id}/registrations?search={search}")
        return [item["name"] for item in page["items"]]

    assert await found("eleonore") == ["Éléonore Dupré"]
    assert await found("MART%20l%C3%A9") == ["Léa Martin"]
    assert await found("%25") == ["100% Bio"]
    assert await found("nobody") == []


async def test_the_desk_lets_in_recognises_and_lets_out(service: RunningRegistration) -> None:
    event_id = await service.event()
    registered = await service.register(event_id)
    first = await service.check_in(event_id, ticket=registered["ticket"].lower().replace("-", " "), gate="North")
    assert (first["outcome"], first["name"], first["gate"]) == ("checked_in", "Léa Martin", "North")
    again = await service.check_in(event_id, participant_id=registered["participant_id"], gate="South")
    assert (again["outcome"], again["fact_id"]) == ("already_in", first["fact_id"])
    assert (again["earlier"]["gate"], again["earlier"]["at"]) == ("North", first["at"])
    assert (await service.check_in(event_id, ticket=registered["ticket"], action="out"))["outcome"] == "checked_out"
    assert (await service.check_in(event_id, ticket=registered["ticket"], action="out"))["outcome"] == "not_in"
    assert kinds(await service.outbox())[-2:] == ["checkin.checked_in", "checkin.checked_out"]


async def test_refusals_are_answers_with_a_reason(service: RunningRegistration) -> None:
    event_id, other_event = await service.event(capacity={"in_person": 1, "remote": 5}), await service.event()
    seated = await service.register(event_id)
    waiting = await service.register(event_id)
    remote = await service.register(event_id, mode="remote")
    elsewhere = await service.register(other_event)

    async def reason(ticket: str) -> object:
        refused = await service.check_in(event_id, ticket=ticket)
        assert (refused["outcome"], refused["fact_id"]) == ("refused", None)
        return refused["reason"]

    assert await reason(waiting["ticket"]) == "waitlisted"
    assert await reason(remote["ticket"]) == "remote_ticket"
    assert await reason(elsewhere["ticket"]) == "other_event"
    assert await reason("0000-0000-0000") == "unknown_ticket"
    assert await reason("no ticket at all") == "unknown_ticket"
    await service.api("DELETE", f"/events/{event_id}/registrations/{seated['participant_id']}", expect=204)
    assert await reason(seated["ticket"]) == "registration_cancelled"
    foreign = await service.check_in(event_id, ticket=elsewhere["ticket"])
    assert (foreign["name"], foreign["participant_id"]) == (None, None)


async def test_an_offline_scan_may_be_late_and_never_early(service: RunningRegistration) -> None:
    event_id = await service.event()
    registered = await service.register(event_id)
    now = system_clock()
    late = await service.check_in(event_id, ticket=registered["ticket"], at=format_instant(now - timedelta(hours=1)))
    assert late["at"] == format_instant(now - timedelta(hours=1))
    fast = format_instant(now + timedelta(minutes=4))
    assert (await service.check_in(event_id, ticket=registered["ticket"], action="out", at=fast))["at"] == fast
    early = format_instant(now + timedelta(minutes=6))
    problem = await service.check_in(event_id, ticket=registered["ticket"], at=early, expect=400)
    assert problem["errors"][0]["pointer"] == "#/at"


async def test_offline_scans_in_any_order_all_become_facts(service: RunningRegistration) -> None:
    event_id = await service.event()
    ticket = (await service.register(event_id))["ticket"]
    base = system_clock() - timedelta(hours=3)
    for minutes, action in ((60, "out"), (70, "in"), (0, "in")):
        await service.check_in(
            event_id, ticket=ticket, action=action, at=format_instant(base + timedelta(minutes=minutes))
        )
    facts = [fact for fact in await service.outbox() if fact.type.startswith("passerelle.checkin.")]
    assert sorted((fact.time, fact.type) for fact in facts) == [
        (base, "passerelle.checkin.checked_in.v1"),
        (base + timedelta(minutes=60), "passerelle.checkin.checked_out.v1"),
        (base + timedelta(minutes=70), "passerelle.checkin.checked_in.v1"),
    ]


async def test_a_voided_scan_never_was(service: RunningRegistration) -> None:
    event_id = await service.event()
    ticket = (await service.register(event_id))["ticket"]
    scan = await service.check_in(event_id, ticket=ticket)
    path = f"/events/{event_id}/check-ins/{scan['fact_id']}/void"
    voided = await service.api("POST", path)
    assert await service.api("POST", path) == voided
    fact: Any = (await service.outbox())[-1]
    assert (fact.id, fact.data.voided_id) == (voided["fact_id"], scan["fact_id"])
    assert kinds(await service.outbox()).count("checkin.voided") == 1
    assert (await service.check_in(event_id, ticket=ticket))["outcome"] == "checked_in"
    await service.api("POST", f"/events/{event_id}/check-ins/unknown/void", expect=404)


async def test_a_guest_is_linked_unlinked_and_linked_again(service: RunningRegistration) -> None:
    event_id = await service.event()
    who, other = [(await service.register(event_id))["participant_id"] for _ in range(2)]
    links = f"/events/{event_id}/links"
    for _ in range(2):
        await service.api("POST", links, {"guest_id": GUEST, "participant_id": who}, expect=201)
    await service.api("POST", links, {"guest_id": GUEST, "participant_id": other}, expect=409)
    await service.api("DELETE", links, {"guest_id": GUEST, "participant_id": other}, expect=404)
    await service.api("DELETE", links, {"guest_id": GUEST, "participant_id": who}, expect=204)
    await service.api("POST", links, {"guest_id": GUEST, "participant_id": other}, expect=201)
    await service.api("DELETE", f"{links}/{GUEST}", expect=204)
    facts = [fact for fact in await service.outbox() if ".identity." in fact.type]
    assert kinds(facts) == [f"registration.identity.{kind}" for kind in ("linked", "unlinked", "linked", "unlinked")]
    assert [fact.subject for fact in facts] == [who, who, other, other]
    assert len({fact.time for fact in facts}) == 4
    await service.api("POST", links, {"guest_id": "somebody", "participant_id": who}, expect=400)


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


async def test_a_desk_sees_names_and_tickets_and_changes_only_modes(service: RunningRegistration) -> None:
    event_id = await service.event(capacity={"in_person": 1, "remote": None})
    desk = await service.parts.use_cases.tokens.create(Role.DESK, event_id=event_id)
    remote, second = [await service.register(event_id, mode="remote") for _ in range(2)]
    people = f"/events/{event_id}/registrations"
    seen = (await service.api("GET", people, token=desk))["items"][0]
    assert (seen["name"], seen["email"], seen["consents"], seen["confirmation_url"]) == ("Léa Martin", None, None, None)
    path = f"{people}/{remote['participant_id']}"
    await service.api("PATCH", path, {"mode": "in_person"}, token=desk)
    await service.api("PATCH", path, {"name": "x"}, token=desk, expect=403)
    await service.api("DELETE", path, token=desk, expect=403)
    problem = await service.api(
        "PATCH", f"{people}/{second['participant_id']}", {"mode": "in_person"}, token=desk, expect=409
    )
    assert problem["reason"] == "mode_full"
    await service.api("POST", f"/events/{event_id}/close", token=desk, expect=403)
    other_event = await service.event()
    await service.api("GET", f"/events/{other_event}/registrations", token=desk, expect=403)


async def test_tokens_are_introspected_for_the_services_and_die_when_revoked(service: RunningRegistration) -> None:
    event_id = await service.event()
    tokens = service.parts.use_cases.tokens
    token = await tokens.create(Role.ANALYST, event_id=event_id)

    async def introspect(asked: str, headers: dict[str, str]) -> tuple[int, Any]:
        async with service.client.post("/internal/introspect", json={"token": asked}, headers=headers) as response:
            return response.status, await response.json()

    known = internal_headers(service.settings)
    status, answer = await introspect(token, known)
    assert status == 200
    assert (answer["active"], answer["role"], answer["event_id"]) == (True, "analyst", event_id)
    assert (await introspect("psr_unknown", known))[1]["active"] is False
    assert (await introspect(token, {}))[0] == 403
    assert await tokens.revoke(answer["token_id"])
    assert (await introspect(token, known))[1]["active"] is False


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
