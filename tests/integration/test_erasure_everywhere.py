"""Erasing somebody while registration and the bridge are killed: in the end forgotten by both, and told once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from schemas.erasures import PersonErased
from schemas.topics import REGISTRATION
from services.chassis.access import Role, internal_headers
from services.chassis.settings import CommonSettings
from services.registration.bootstrap import create_token
from services.registration.settings import RegistrationSettings
from tests.builders import settings_for
from tests.fakes.bridge_process import bridge_process, post, prepare_source, published
from tests.fakes.platforms import JitsiShapes
from tests.fakes.service_process import DEADLINE_SECONDS, ServiceProcess, service_process
from tests.integration.running_registration import a_registration, an_event

PEOPLE: Final = 12
ERASED: Final = 10
SHAPES: Final = JitsiShapes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A registration that may be killed, and its organizer."""

    process: ServiceProcess
    session: aiohttp.ClientSession
    token: str

    async def api(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  (JSON)
        """The answer's JSON; None if there is none, or nobody answered."""
        headers = {"Authorization": f"Bearer {self.token}"}
        try:
            async with self.session.request(
                method, f"{self.process.url}/api/v1{path}", json=body, headers=headers
            ) as answer:
                assert answer.status < 300, await answer.text()
                return True if answer.status == 204 else await answer.json()
        except (aiohttp.ClientError, ConnectionError):
            return None


@pytest.mark.faults
@pytest.mark.timeout(180)
async def test_who_is_erased_while_services_are_killed_is_forgotten_by_all_and_told_once(
    kafka: str, tmp_path: Path
) -> None:
    offices, bridges = tmp_path / "registration", tmp_path / "bridge"
    await prepare_source(bridges, SHAPES)
    settings = settings_for(RegistrationSettings, data_dir=offices, kafka=kafka)
    token = await create_token(settings, role=Role.ORGANIZER)
    async with (
        service_process("registration", offices, kafka) as registration,
        bridge_process(bridges, kafka) as bridge,
        aiohttp.ClientSession() as session,
    ):
        office = Office(process=registration, session=session, token=token)
        event_id, people = await an_event_with_people(office)
        guests = await guests_of(settings, bridge, session, event_id)
        for person, guest in zip(people, guests, strict=True):
            await office.api("POST", f"/events/{event_id}/links", {"guest_id": guest, "participant_id": person})
        names = await names_of_guests(settings, bridge, session, guests)
        assert names == {guest: f"Guest {number}" for number, guest in enumerate(guests)}

        await bridge.kill()
        await erase_and_kill(office, event_id, people[:ERASED])
        await bridge.start()
        await bridge.kill()
        await bridge.start()
        kept = {guest: names[guest] for guest in guests[ERASED:]}

        async def forgotten() -> bool:
            return await names_of_guests(settings, bridge, session, guests) == kept

        await until(forgotten)
        # What the platform still had to say of them brings no name back.
        late = SHAPES.left(30, who="0", came=0, user_id="sso-0", name="Guest 0")
        assert await post(session, bridge.url, SHAPES.request(late)) == 200
        assert await forgotten()
        found = await published(
            settings,
            event_id,
            lambda facts: len({fact.subject for fact in facts if isinstance(fact, PersonErased)}) == ERASED,
            topic=REGISTRATION,
        )
        told = {fact.id: (fact.subject, fact.data.guests) for fact in found if isinstance(fact, PersonErased)}
        assert Counter(told.values()) == Counter((people[n], (guests[n],)) for n in range(ERASED))

        async def nobody_in_the_files() -> bool:
            written = b"".join(file.read_bytes() for file in offices.iterdir() if file.name.startswith("registration."))
            return [n for n in range(PEOPLE) if f"Person-{n}-".encode() in written] == list(range(ERASED, PEOPLE))

        await until(nobody_in_the_files)


async def an_event_with_people(office: Office) -> tuple[str, list[str]]:
    """An event that claims the room, and its participants' ids."""
    rooms = [{"name": "Amphi", "conference": {"source": SHAPES.source, "room": SHAPES.room}}]
    event = await office.api("POST", "/events", an_event(rooms=rooms, sessions=[]))
    await office.api("POST", f"/events/{event['event_id']}/publish")
    path = f"/events/{event['event_id']}/registrations"
    bodies = [a_registration(name=f"Person-{n}-", email=f"person-{n}-@example.org") for n in range(PEOPLE)]
    return event["event_id"], [(await office.api("POST", path, body))["participant_id"] for body in bodies]


async def guests_of(
    settings: CommonSettings, bridge: ServiceProcess, session: aiohttp.ClientSession, event_id: str
) -> list[str]:
    """The ids of as many guests as there are people, who all gave a name."""
    for n in range(PEOPLE):
        join = SHAPES.joined(n, who=str(n), user_id=f"sso-{n}", name=f"Guest {n}")
        assert await post(session, bridge.url, SHAPES.request(join)) in {200, 202}
    facts = await published(settings, event_id, lambda found: len(found) == PEOPLE)
    return [str(fact.subject) for fact in facts]


async def erase_and_kill(office: Office, event_id: str, people: Sequence[str]) -> None:
    """Erase some people, each again until it is answered, while the service is killed once in the middle."""
    answered: list[str] = []

    async def erase(participant_id: str) -> None:
        path = f"/events/{event_id}/registrations/{participant_id}?erase=true"
        while await office.api("DELETE", path) is None:
            await asyncio.sleep(0.05)
        answered.append(participant_id)

    erasing = [asyncio.create_task(erase(person)) for person in people]
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not answered:
            await asyncio.sleep(0)
        await office.process.kill()
        await office.process.start()
        await asyncio.gather(*erasing)
    # Asked again, it is done already.
    await erase(people[0])


async def names_of_guests(
    settings: CommonSettings, bridge: ServiceProcess, session: aiohttp.ClientSession, guests: Sequence[str]
) -> dict[str, str]:
    """What the bridge still knows."""
    url, body = f"{bridge.url}/internal/guest-names", {"ids": guests}
    async with session.post(url, json=body, headers=internal_headers(settings)) as answer:
        names: dict[str, str] = (await answer.json())["names"]
        return names


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await holds():
            await asyncio.sleep(0.1)
