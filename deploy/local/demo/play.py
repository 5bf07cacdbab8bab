"""Play a scenario into a running Passerelle, through its HTTP interfaces only."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from deploy.local.demo.client import Client
from deploy.local.demo.deliveries import JAAS_APP, PLENARY, WORKSHOP, Platforms
from deploy.local.demo.scenario import (
    BREAK,
    END,
    GRACE,
    OPENING,
    Act,
    ConnectionDelivery,
    Link,
    RoomDelivery,
    Scan,
    Scenario,
    SwitchMode,
    Void,
)
from deploy.local.demo.scenario import WORKSHOP as WORKSHOP_STARTS

_CONCURRENCY: Final = 16


@dataclass(slots=True, kw_only=True)
class Play:
    """One run of a scenario. `opens_at` is the instant of its second 0; `run` keeps runs on one database apart."""

    scenario: Scenario
    client: Client
    opens_at: datetime
    run: str = field(default_factory=lambda: secrets.token_hex(3))
    event_id: str = ""
    participants: list[str] = field(default_factory=list)
    guests: dict[str, str] = field(default_factory=dict)
    _scanned: dict[str, "asyncio.Future[str]"] = field(default_factory=dict)
    _platforms: Platforms = field(init=False)

    def __post_init__(self) -> None:
        """Both platforms tell the time of the play."""
        self._platforms = Platforms(opens_at=self.opens_at, run=self.run)

    async def prepare(self, on_registered: Callable[[], None] = lambda: None) -> str:
        """Connect the platforms, create and publish the event, register everybody; the event's id."""
        await self._connect_platforms()
        event = await self.client.api("POST", "/api/v1/events", self._event(), key=f"{self.run}-event")
        self.event_id = event["event_id"]
        await self.client.api("POST", f"/api/v1/events/{self.event_id}/publish", key=f"{self.run}-publish")
        self.participants = [""] * len(self.scenario.people)
        gate = asyncio.Semaphore(_CONCURRENCY)

        async def register(index: int) -> None:
            person = self.scenario.people[index]
            body: dict[str, Any] = {
                "mode": person.mode,
                "name": person.name,
                "email": f"participant.{index}@example.org",
                "language": "fr" if index % 6 else "en",
                "consents": {},
            }
            async with gate:
                answer = await self.client.api(
                    "POST", f"{self._path}/registrations", body, key=f"{self.run}-register-{index}"
                )
            self.participants[index] = answer["participant_id"]
            on_registered()

        async with asyncio.TaskGroup() as group:
            for index in range(len(self.scenario.people)):
                group.create_task(register(index))
        return self.event_id

    async def perform(self, *, speed: float, on_act: Callable[[int], None] = lambda _second: None) -> None:
        """Send every act when its time has come, `speed` times as fast as it happened; then close the event.

        Acts of one moment go out side by side. Slower answers than the pace asks for delay what comes after them.
        """
        loop = asyncio.get_running_loop()
        began, gate = loop.time(), asyncio.Semaphore(_CONCURRENCY)
        self._scanned = {act.key: loop.create_future() for act in self.scenario.acts if isinstance(act, Scan)}
        closed = False

        async def perform(act: Act) -> None:
            try:
                await self._perform(act)
            finally:
                gate.release()

        async with asyncio.TaskGroup() as group:
            for act in self.scenario.acts:
                await asyncio.sleep(began + act.send / speed - loop.time())
                if act.send > END + GRACE and not closed:
                    closed = True
                    await self._close()
                await gate.acquire()
                group.create_task(perform(act))
                on_act(act.send)
        if not closed:
            await self._close()

    async def _close(self) -> None:
        await self.client.api("POST", f"{self._path}/close", key=f"{self.run}-close")

    @property
    def _path(self) -> str:
        return f"/api/v1/events/{self.event_id}"

    def _at(self, second: int) -> str:
        return (self.opens_at + timedelta(seconds=second)).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _event(self) -> dict[str, Any]:
        rooms = (
            ("Amphithéâtre", self._platforms.jaas_source, PLENARY),
            ("Salle Loire", self._platforms.jitsi_source, WORKSHOP),
        )
        return {
            "title": "Le numérique associatif\N{NO-BREAK SPACE}: ensemble, ici et là-bas",
            "starts_at": self._at(OPENING),
            "ends_at": self._at(END),
            "timezone": "Europe/Paris",
            "data_contact": {"controller": "La Passerelle associative (démonstration)", "email": "donnees@example.org"},
            "capacity": {"in_person": len(self.scenario.people), "remote": len(self.scenario.people)},
            "grace_minutes": GRACE // 60,
            "sessions": [
                {
                    "title": "Plénière\N{NO-BREAK SPACE}: une passerelle entre la salle et le lien",
                    "starts_at": self._at(OPENING),
                    "ends_at": self._at(BREAK),
                    "room": "Amphithéâtre",
                },
                {
                    "title": "Atelier\N{NO-BREAK SPACE}: organiser un événement hybride à petit budget",
                    "starts_at": self._at(WORKSHOP_STARTS),
                    "ends_at": self._at(END),
                    "room": "Salle Loire",
                },
            ],
            "rooms": [{"name": name, "conference": {"source": source, "room": room}} for name, source, room in rooms],
        }

    async def _connect_platforms(self) -> None:
        platforms = self._platforms
        for body in (
            {
                "platform": "jaas",
                "name": platforms.jaas_source,
                "app_id": JAAS_APP,
                "webhook_secret": platforms.jaas_secret,
            },
            {"platform": "jitsi", "name": platforms.jitsi_source, "webhook_token": platforms.jitsi_token},
        ):
            await self.client.api("POST", "/api/v1/sources", body, key=f"{self.run}-{body['platform']}")

    async def _perform(self, act: Act) -> None:
        match act:
            case Scan():
                await self._scan(act)
            case Void(scan=scan):
                fact = await self._scanned[scan]
                await self.client.api("POST", f"{self._path}/check-ins/{fact}/void", key=f"{self.run}-void-{scan}")
            case RoomDelivery():
                await self._deliver(act, platform_id=None, name=None)
            case ConnectionDelivery(who=int(index)):
                name = self.scenario.people[index].name
                await self._deliver(act, platform_id=self.participants[index], name=name)
            case ConnectionDelivery(who=str(name)):
                # A guest keeps the platform's own id over a reconnect, and has no id of ours.
                person = uuid5(NAMESPACE_URL, f"{self.run}/{name}").hex
                self.guests[name] = self._platforms.guest(person)
                await self._deliver(act, platform_id=person, name=self.scenario.guests[name].name)
            case SwitchMode(person=index, mode=mode):
                path = f"{self._path}/registrations/{self.participants[index]}"
                await self.client.api("PATCH", path, {"mode": mode}, key=f"{self.run}-switch-{index}")
            case Link(guest=guest, person=index):
                body = {"guest_id": self.guests[guest], "participant_id": self.participants[index]}
                await self.client.api("POST", f"{self._path}/links", body, key=f"{self.run}-link-{guest}")

    async def _scan(self, scan: Scan) -> None:
        answer = await self.client.api(
            "POST",
            f"{self._path}/check-ins",
            {
                "participant_id": self.participants[scan.person],
                "action": scan.action,
                "gate": scan.gate,
                "device": f"desk-{scan.gate[-4:].strip()}",
                "at": self._at(scan.at),
            },
            key=f"{self.run}-{scan.key}",
        )
        result = self._scanned[scan.key]
        if not result.done():
            result.set_result(answer["fact_id"])

    async def _deliver(
        self, delivery: RoomDelivery | ConnectionDelivery, *, platform_id: str | None, name: str | None
    ) -> None:
        request = self._platforms.request(delivery, platform_id=platform_id, name=name)
        await self.client.webhook(request.path, request.body, request.headers)
