"""The webhooks of the demo, shaped as the platforms send them: a JaaS and a Jitsi of one's own."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from deploy.local.demo.scenario import ConnectionDelivery, RoomDelivery, Venue
from schemas.identifiers import guest_id

JAAS_APP: Final = "vpaas-magic-cookie-demo"
PLENARY: Final = "pleniere"
WORKSHOP: Final = "atelier"
_JITSI_ROOM_JID: Final = f"{WORKSHOP}@conference.meet.example.org"
_NAMESPACE: Final = UUID("3f7a9f62-7a32-5ab0-8a8e-0d3d1e4f5a66")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """One HTTP POST; `headers` is called for each attempt, since a signature carries its instant."""

    path: str
    body: bytes
    headers: Callable[[datetime], Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Platforms:
    """Both platforms for one event: their secrets, and the clock of the play (`opens_at` is second 0)."""

    opens_at: datetime
    run: str
    jaas_secret: str = field(default_factory=lambda: f"whsec_{secrets.token_hex(16)}")
    jitsi_token: str = field(default_factory=lambda: secrets.token_hex(24))

    @property
    def jaas_source(self) -> str:
        """The name of the JaaS source of this run."""
        return f"demo-jaas-{self.run}"

    @property
    def jitsi_source(self) -> str:
        """The name of the Jitsi source of this run."""
        return f"demo-jitsi-{self.run}"

    def request(
        self, delivery: RoomDelivery | ConnectionDelivery, *, platform_id: str | None, name: str | None
    ) -> WebhookRequest:
        """The request of a delivery; `platform_id` is what the person's signed link carried, None for a stranger."""
        person = {"id": platform_id, "name": name, "email": None}
        if delivery.venue is Venue.PLENARY:
            body = _bytes(self._jaas_body(delivery, person))
            return WebhookRequest(
                path=f"/webhooks/jaas/{self.jaas_source}", body=body, headers=lambda now: self._jaas_headers(body, now)
            )
        event, fields = self._jitsi_body(delivery, person)
        headers = {"Authorization": f"Bearer {self.jitsi_token}", "Content-Type": "application/json"}
        return WebhookRequest(
            path=f"/webhooks/jitsi/{self.jitsi_source}/events/{event}",
            body=_bytes(fields),
            headers=lambda _now: headers,
        )

    def connection_of(self, delivery: ConnectionDelivery) -> str:
        """The platform's id of a connection, in this run."""
        if delivery.venue is Venue.PLENARY:
            return f"{PLENARY}@conference.{JAAS_APP}.8x8.vc/{self.run}-{delivery.connection}"
        return f"{self.run}-{delivery.connection}@meet.example.org/web"

    def guest(self, person: str) -> str:
        """The id of the guest that a stranger on JaaS becomes, by the platform's id of them."""
        return guest_id(source=f"/bridge/jaas/{self.jaas_source}", person=person)

    def _instant(self, second: int) -> datetime:
        return self.opens_at + timedelta(seconds=second)

    def _jaas_headers(self, body: bytes, now: datetime) -> Mapping[str, str]:
        stamp = str(int(now.timestamp()))
        digest = hmac.new(self.jaas_secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).digest()
        return {
            "X-Jaas-Signature": f"t={stamp},v1={base64.b64encode(digest).decode()}",
            "Content-Type": "application/json",
        }

    def _jaas_body(
        self, delivery: RoomDelivery | ConnectionDelivery, person: Mapping[str, str | None]
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "idempotencyKey": str(uuid5(_NAMESPACE, f"{self.run}/{delivery.key}")),
            "customerId": "demo",
            "appId": JAAS_APP,
            "sessionId": str(uuid5(_NAMESPACE, f"{self.run}/session")),
            "timestamp": int(self._instant(delivery.at).timestamp() * 1000),
            "fqn": f"{JAAS_APP}/{PLENARY}",
            "data": {"conference": f"{PLENARY}@conference.{JAAS_APP}.8x8.vc", "isBreakout": False},
        }
        if isinstance(delivery, RoomDelivery):
            return {**body, "eventType": f"ROOM_{delivery.kind.upper()}"}
        jid = self.connection_of(delivery)
        data = {"moderator": False, "participantJid": jid, "participantId": jid.rsplit("-", 1)[1]}
        data |= {key: value for key, value in person.items() if value is not None}
        if delivery.kind == "left":
            data["disconnectReason"] = "left"
        return {**body, "eventType": f"PARTICIPANT_{delivery.kind.upper()}", "data": data}

    def _jitsi_body(
        self, delivery: RoomDelivery | ConnectionDelivery, person: Mapping[str, str | None]
    ) -> tuple[str, dict[str, Any]]:
        room: dict[str, Any] = {"room_name": WORKSHOP, "room_jid": _JITSI_ROOM_JID, "is_breakout": False}
        at = int(self._instant(delivery.at).timestamp())
        if isinstance(delivery, RoomDelivery):
            body = room | {"event_name": f"muc-room-{delivery.kind}", f"{delivery.kind}_at": at}
            if delivery.kind == "destroyed":
                body |= {"created_at": at - 3600, "all_occupants": {}}
            return f"room/{delivery.kind}", body
        occupant: dict[str, Any] = {
            "occupant_jid": self.connection_of(delivery),
            "joined_at": int(self._instant(delivery.joined_at).timestamp()),
        }
        occupant |= {key: value for key, value in person.items() if value is not None}
        if delivery.kind == "left":
            occupant |= {"left_at": at, "total_dominant_speaker_time": 0}
        body = room | {"event_name": f"muc-occupant-{delivery.kind}", "active_occupants_count": 1, "occupant": occupant}
        return f"occupant/{delivery.kind}", body


def _bytes(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
