"""Deliveries as the platforms send them, of our own making. Instants are minutes after `OPENING`."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import NAMESPACE_URL, uuid5

from tests.fakes.bridge import OPENING

APP: Final = "vpaas-magic-cookie-0123456789abcdef"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP POST of a platform."""

    path: str
    body: bytes
    headers: Mapping[str, str]


class Shapes(Protocol):
    """What every platform can say, in its own shape."""

    platform: str
    source: str
    room: str
    secret: str
    proof_field: str

    def opened(self, minute: float) -> bytes: ...

    def closed(self, minute: float) -> bytes: ...

    def joined(self, minute: float, *, who: str, user_id: object = None, name: str | None = None) -> bytes: ...

    def left(
        self, minute: float, *, who: str, came: float | None = None, user_id: object = None, name: str | None = None
    ) -> bytes: ...

    def uncounted(self, minute: float) -> bytes:
        """A machine, or somebody in the lobby."""
        ...

    def unknown(self, minute: float) -> bytes:
        """A delivery of a kind that means nothing to us."""
        ...

    def request(self, body: bytes, *, secret: str | None = None, signed_at: datetime = OPENING) -> Request: ...


class JitsiShapes:
    """The Prosody module `event_sync`."""

    platform = "jitsi"
    source = "own-jitsi"
    room = "pleniere"
    secret = "jitsi-token-0123456789"
    proof_field = "webhook_token"

    def opened(self, minute: float, **more: Any) -> bytes:  # noqa: ANN401  (any field of the payload)
        return self._body("muc-room-created", created_at=_seconds(minute), **more)

    def closed(self, minute: float, **more: Any) -> bytes:  # noqa: ANN401
        body = {"created_at": _seconds(minute) - 60, "destroyed_at": _seconds(minute), "all_occupants": {}, **more}
        return self._body("muc-room-destroyed", **body)

    def joined(self, minute: float, *, who: str, user_id: object = None, name: str | None = None) -> bytes:
        occupant = self.occupant(who, user_id, name) | {"joined_at": _seconds(minute)}
        return self._body("muc-occupant-joined", occupant=occupant, active_occupants_count=1)

    def left(
        self, minute: float, *, who: str, came: float | None = None, user_id: object = None, name: str | None = None
    ) -> bytes:
        occupant = self.occupant(who, user_id, name) | {"left_at": _seconds(minute), "total_dominant_speaker_time": 12}
        if came is not None:
            occupant["joined_at"] = _seconds(came)
        return self._body("muc-occupant-left", occupant=occupant, active_occupants_count=0)

    def uncounted(self, minute: float) -> bytes:
        occupant = {"occupant_jid": "recorder@recorder.meet.example.org/x1", "joined_at": _seconds(minute)}
        return self._body("muc-occupant-joined", occupant=occupant, active_occupants_count=1)

    def unknown(self, minute: float) -> bytes:
        return self._body("muc-occupant-raised-hand", at=_seconds(minute))

    def occupant(self, who: str, user_id: object = None, name: str | None = None) -> dict[str, Any]:
        occupant: dict[str, Any] = {"occupant_jid": f"{uuid5(NAMESPACE_URL, who)}@meet.example.org/Web1"}
        if user_id is not None:
            occupant["id"] = user_id
        if name is not None:
            occupant |= {"name": name, "email": f"{who}@example.org"}
        return occupant

    def request(
        self,
        body: bytes,
        *,
        secret: str | None = None,
        signed_at: datetime = OPENING,  # noqa: ARG002  (there is no signature)
    ) -> Request:
        headers = {"Authorization": f"Bearer {secret or self.secret}", "Content-Type": "application/json"}
        name = re.search(rb"muc-(room|occupant)-(\w+)", body)
        subject, happening = name.groups() if name else (b"occupant", b"joined")

        return Request(
            path=f"/webhooks/jitsi/{self.source}/events/{subject.decode()}/{happening.decode()}",
            body=body,
            headers=headers,
        )

    def _body(self, event_name: str, **more: Any) -> bytes:  # noqa: ANN401
        room = {
            "event_name": event_name,
            "room_name": self.room,
            "room_jid": f"{self.room}@conference.meet.example.org",
            "is_breakout": False,
        }
        return json.dumps(room | more).encode()


class JaasShapes:
    """The webhooks of 8x8's JaaS."""

    platform = "jaas"
    source = "our-jaas"
    room = "atelier"
    secret = "whsec_0123456789abcdef0123456789abcdef"
    proof_field = "webhook_secret"
    session = "5d9c7b3e-0000-4000-8000-000000000001"

    def opened(self, minute: float, **more: Any) -> bytes:  # noqa: ANN401
        return self.event("ROOM_CREATED", minute, {"conference": "x", "isBreakout": False} | more)

    def closed(self, minute: float, **more: Any) -> bytes:  # noqa: ANN401
        return self.event("ROOM_DESTROYED", minute, {"conference": "x", "isBreakout": False} | more)

    def joined(self, minute: float, *, who: str, user_id: object = None, name: str | None = None) -> bytes:
        return self.event("PARTICIPANT_JOINED", minute, self.participant(who, user_id, name))

    def left(
        self,
        minute: float,
        *,
        who: str,
        came: float | None = None,
        user_id: object = None,
        name: str | None = None,
    ) -> bytes:
        del came  # JaaS does not say it
        data = self.participant(who, user_id, name) | {"disconnectReason": "left"}
        return self.event("PARTICIPANT_LEFT", minute, data)

    def uncounted(self, minute: float) -> bytes:
        return self.event("PARTICIPANT_JOINED_LOBBY", minute, self.participant("waiting", None, "Somebody"))

    def unknown(self, minute: float) -> bytes:
        return self.event("RECORDING_UPLOADED", minute, {"preAuthenticatedLink": "https://example.org/recording"})

    def participant(self, who: str, user_id: object = None, name: str | None = None) -> dict[str, Any]:
        jid = uuid5(NAMESPACE_URL, who)
        data: dict[str, Any] = {
            "moderator": "false",
            "participantJid": f"{jid}@8x8.vc",
            "participantId": str(jid)[:8],
            "avatar": "https://example.org/avatar.png",
        }
        if user_id is not None:
            data["id"] = user_id
        if name is not None:
            data |= {"name": name, "email": f"{who}@example.org"}
        return data

    def event(self, event_type: str, minute: float, data: Mapping[str, Any], **more: Any) -> bytes:  # noqa: ANN401
        body = {
            "eventType": event_type,
            "sessionId": self.session,
            "timestamp": _seconds(minute) * 1000,
            "fqn": f"{APP}/{self.room}",
            "customerId": APP[-16:],
            "appId": APP,
            "data": data,
            **more,
        }
        key = uuid5(NAMESPACE_URL, json.dumps(body, sort_keys=True))
        return json.dumps({"idempotencyKey": str(key), **body}).encode()

    def request(self, body: bytes, *, secret: str | None = None, signed_at: datetime = OPENING) -> Request:
        stamp = str(int(signed_at.timestamp()))
        digest = hmac.digest((secret or self.secret).encode(), stamp.encode() + b"." + body, hashlib.sha256)
        signature = f"t={stamp},v1={base64.b64encode(digest).decode()}"
        headers = {"X-Jaas-Signature": signature, "Content-Type": "application/json"}
        return Request(path=f"/webhooks/jaas/{self.source}", body=body, headers=headers)


def instant(minute: float) -> datetime:
    """The instant of a minute."""
    return OPENING + timedelta(minutes=minute)


def _seconds(minute: float) -> int:
    return int(instant(minute).timestamp())
