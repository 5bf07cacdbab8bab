"""What analysts can get: every GET route of the services is asked, and none tells of a person or of a few."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientSession, DummyCookieJar

from schemas.identifiers import new_participant_id
from schemas.registration import EventStatus, Mode
from services.attendance.adapters.tables import MIGRATIONS
from services.chassis.access import Role
from tests.databases import NewDatabase
from tests.fakes.attendance_facts import EventFacts, colloquium, guest, participant
from tests.fakes.attendance_web import ANALYST, ORGANIZER, attending
from tests.fakes.bridge import EVENT, running_bridge
from tests.fakes.deliveries import deliver
from tests.fakes.platforms import JitsiShapes
from tests.fakes.route_walk import Told, addresses, walk
from tests.integration.running_registration import MovedClock, RunningRegistration, a_registration, running_registration

NAME, GUEST_NAME, NEED, ADDRESS = "Zephyrine Marqueuse", "Invitee Inconnue", "interprete en langue", "zephyrine@marque"
GATE: Final = "Main door"
_RANDOM: Final = re.compile(r"[0-9a-f]{16,}")
"""Ids, of events and of requests: what differs whoever takes part."""
_OF_REGISTRATION: Final = {
    "day": "2037-11-23",
    "guest_id": guest(1),
    "number": "1",
    "part": "morning",
    "platform": "helloasso",
    "year": "2037",
}


def without_cookies(url: object) -> ClientSession:
    return ClientSession(base_url=str(url), cookie_jar=DummyCookieJar())


def told_in(answers: Mapping[Any, Told], secrets: Collection[str]) -> list[tuple[str, int, str]]:
    """Which answers tell a secret that was not in the question; none may be a failure of ours."""
    assert [one for one in answers.values() if one.status >= 500 and "/health/" not in one.path] == []
    return [
        (one.path, one.status, secret)
        for one in answers.values()
        for secret in secrets
        if secret in one.text and secret not in one.path
    ]


def alike(answers: Mapping[tuple[str, str], Told]) -> dict[tuple[str, str], tuple[int, str]]:
    """The same of one event as of another, as long as it tells nothing of its people."""
    return {
        (_RANDOM.sub("", path), who): (one.status, _RANDOM.sub("", one.text)) for (path, who), one in answers.items()
    }


async def few(service: RunningRegistration, *, people: int) -> tuple[dict[str, str], list[str]]:
    """An event of a few people: what its routes are asked for, and what must not be told."""
    event_id = await service.event()
    secrets = [NAME, NEED, ADDRESS]
    first = None
    for number in range(people):
        body = a_registration(name=f"{NAME} {number}", email=f"{ADDRESS}{number}.example", accessibility_needs=NEED)
        person = await service.api("POST", f"/events/{event_id}/registrations", body, token=None, expect=201)
        await service.check_in(event_id, ticket=person["ticket"], gate=GATE, device="phone")
        secrets += [person["participant_id"], person["ticket"], person["confirmation_url"].rsplit("/", 1)[1]]
        first = first or person["participant_id"]
    (session,) = (await service.api("GET", f"/events/{event_id}"))["sessions"]
    return {"event_id": event_id, "participant_id": str(first), "session_id": session["session_id"]}, secrets


async def test_registration_tells_analysts_of_nobody(tmp_path: Path) -> None:
    async with (
        running_registration(tmp_path, clock=MovedClock()) as service,
        without_cookies(service.client.make_url("")) as client,
    ):
        analyst = await service.parts.use_cases.tokens.create(Role.ANALYST)
        found = []
        for people in (2, 3):
            values, secrets = await few(service, people=people)
            paths = [path for path in addresses(service.parts.app, _OF_REGISTRATION | values) if path != "/metrics"]
            answers = await walk(client, paths, token=analyst)
            assert told_in(answers, secrets) == []
            assert answers[f"/api/v1/events/{values['event_id']}/registrations", "program"].status == 403
            # The same walk finds what organizers are told.
            listed = [path for path in paths if path.endswith(("/registrations", "/needs"))]
            assert told_in(await walk(client, listed, token=service.organizer), secrets)
            found.append(alike({key: one for key, one in answers.items() if values["event_id"] in key[0]}))
        fewer, more = found
        assert [key for key, said in fewer.items() if more[key] != said] == []


async def test_the_bridge_tells_analysts_of_nobody(tmp_path: Path) -> None:
    shapes = JitsiShapes()
    values = {"event_id": EVENT, "source": shapes.source, "room_id": "room-1", "letter": "1"}
    async with running_bridge(tmp_path) as bridge, without_cookies(bridge.client.make_url("")) as client:
        await bridge.add_source(platform="jitsi", name=shapes.source, webhook_token=shapes.secret)
        await bridge.claim((shapes.source, shapes.room))
        known = new_participant_id()
        await deliver(
            bridge,
            shapes,
            [
                shapes.opened(0),
                shapes.joined(0, who="stranger", user_id="stranger-id", name=GUEST_NAME),
                shapes.joined(0, who="known", user_id=known, name=NAME),
            ],
        )
        secrets = [GUEST_NAME, NAME, known, "stranger-id", shapes.secret, "gst_"]
        paths = addresses(bridge.bridge.app, values)
        assert told_in(await walk(client, paths, token="analyst-token"), secrets) == []
        organized = await walk(client, paths, token="organizer-token")
        assert organized[f"/api/v1/events/{EVENT}/meetings", "program"].status == 200


def attended_by(event_id: str, people: int) -> EventFacts:
    """An event that is over, to which a few came in both modes."""
    facts = EventFacts(event_id=event_id)
    facts.event()
    for number in range(people):
        facts.registered(participant(number), Mode.IN_PERSON)
        facts.checked_in(participant(number), number)
        facts.joined(participant(number), 30 + number)
        facts.left(participant(number), 90 + 7 * number)
    facts.event(EventStatus.CLOSED, minutes=500)
    return facts


async def test_attendance_tells_analysts_of_nobody(new_database: NewDatabase) -> None:
    two, three, many = ("evt_" + letter * 32 for letter in "abc")
    crowd = colloquium(many, people=40)
    crowd.event(EventStatus.CLOSED, minutes=500)
    stories = {two: attended_by(two, 2), three: attended_by(three, 3), many: crowd}
    people = [participant(number) for number in range(40)] + [guest(number) for number in range(10)]
    names = dict.fromkeys(people, NAME)
    found = {}
    async with (
        attending(await new_database(MIGRATIONS), names=names) as service,
        without_cookies(service.url) as client,
    ):
        for facts in stories.values():
            await service.store(facts.written)
        for event_id, facts in stories.items():
            values = {"event_id": event_id, "subject": people[0], "participant_id": people[0]}
            secrets = [NAME, GATE, *people, "/bridge/", *(fact.id for fact in facts.written)]
            parts = [f"/events/{event_id}/report?part={part}" for part in ("course", "sessions")]
            answers = await walk(client, [*addresses(service.app, values), *parts], token=ANALYST)
            assert told_in(answers, secrets) == []
            found[event_id] = {key: one for key, one in answers.items() if event_id in key[0]}
            assert answers[f"/api/v1/events/{event_id}/report", "program"].status == 200
            # The same walk finds what organizers are told.
            listed = [f"/api/v1/events/{event_id}/timeline", f"/events/{event_id}/live/people"]
            assert told_in(await walk(client, listed, token=ORGANIZER), secrets)
    fewer, more = alike(found[two]), alike(found[three])
    assert [key for key, said in fewer.items() if more[key] != said] == []
