"""The deliveries of Zoom, of our own making."""

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tests.fakes.bridge import OPENING
from tests.fakes.platforms.shapes import Request, instant, seconds


class ZoomShapes:
    """The webhooks of a Zoom app: meetings, or webinars."""

    platform = "zoom"
    source = "our-zoom"
    room = "84712639219"
    secret = "zoom_secret_token_0123"
    proof_field = "secret_token"
    session = "gsqg0HKxTQ2TxSVAxE9+0w=="

    def __init__(self, gathering: str = "meeting") -> None:
        self.gathering = gathering
        self._came: dict[str, float] = {}

    def opened(self, minute: float, **more: Any) -> bytes:  # noqa: ANN401  (any field of the object)
        return self.event("started", minute, {"start_time": "2026-11-23T08:30:00Z", **more})

    def closed(self, minute: float, **more: Any) -> bytes:  # noqa: ANN401
        return self.event("ended", minute, {"start_time": "2026-11-23T08:30:00Z", "end_time": iso(minute), **more})

    def joined(self, minute: float, *, who: str, user_id: object = None, name: str | None = None) -> bytes:
        self._came[who] = minute
        participant = self.participant(who, minute, user_id, name) | {"join_time": iso(minute)}
        return self.event("participant_joined", minute, {"participant": participant})

    def left(
        self, minute: float, *, who: str, came: float | None = None, user_id: object = None, name: str | None = None
    ) -> bytes:
        participant = self.participant(who, self._came.get(who, 0) if came is None else came, user_id, name) | {
            "leave_time": iso(minute),
            "leave_reason": "left the meeting.<br>Reason: Host ended the meeting.",
        }
        return self.event("participant_left", minute, {"participant": participant})

    def uncounted(self, minute: float) -> bytes:
        participant = self.participant("waiting", minute, None, "Somebody")
        return self.event("participant_joined_waiting_room", minute, {"participant": participant})

    def unknown(self, minute: float) -> bytes:
        return self.event("sharing_started", minute, {"participant": self.participant("ada", minute)})

    def validation(self, token: object = "qgg8vlvZRS6UYooatFL8Aw") -> bytes:
        body = {"event": "endpoint.url_validation", "event_ts": seconds(0) * 1000, "payload": {"plainToken": token}}
        return json.dumps(body).encode()

    def participant(self, who: str, came: float, user_id: object = None, name: str | None = None) -> dict[str, Any]:
        """Who joins again is given another `user_id`, and another `participant_uuid`."""
        uuid = uuid5(NAMESPACE_URL, f"{who} {came}")
        return {
            "user_id": str(16_700_000 + uuid.int % 100_000),
            "participant_uuid": str(uuid).upper(),
            "user_name": name or "",
            "email": f"{who}@example.org" if name else "",
            "id": user_id if user_id is not None else "",
            "participant_user_id": "",
            "registrant_id": "",
            "phone_number": "",
        }

    def event(self, happening: str, minute: float, about: dict[str, Any], **more: Any) -> bytes:  # noqa: ANN401
        gathering = {
            "id": self.room,
            "uuid": self.session,
            "host_id": "BXE0adSxQRqGSP5fg1rkcA",
            "topic": "Colloque hybride",
            "type": 2,
            "duration": 60,
            "timezone": "Europe/Paris",
        }
        body = {
            "event": f"{self.gathering}.{happening}",
            "event_ts": seconds(minute) * 1000 + 511,
            "payload": {"account_id": "vExNbhTISm6eoGh0BK6Wqg", "object": gathering | about},
            **more,
        }
        return json.dumps(body).encode()

    def request(self, body: bytes, *, secret: str | None = None, signed_at: datetime = OPENING) -> Request:
        stamp = str(int(signed_at.timestamp()))
        message = f"v0:{stamp}:".encode() + body
        signature = hmac.digest((secret or self.secret).encode(), message, hashlib.sha256).hex()
        headers = {
            "x-zm-request-timestamp": stamp,
            "x-zm-signature": f"v0={signature}",
            "Content-Type": "application/json",
        }
        return Request(path=f"/webhooks/zoom/{self.source}", body=body, headers=headers)


def iso(minute: float) -> str:
    """The instant of a minute, as Zoom writes it."""
    return instant(minute).strftime("%Y-%m-%dT%H:%M:%SZ")
