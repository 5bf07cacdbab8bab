"""The deliveries of BigBlueButton's webhooks, of our own making."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from tests.fakes.bridge import OPENING
from tests.fakes.platforms.shapes import Request, seconds

ORIGIN = "http://127.0.0.1:8080"
"""Where the bridge under test says it is."""


class BigBlueButtonShapes:
    """What bbb-webhooks posts: a form with a JSON array of messages, and a checksum in the address."""

    platform = "bigbluebutton"
    source = "our-bbb"
    room = "seminaire-automne"
    secret = "639259d4-9dd8-4b25-bf01-95f9567eaf4b"
    proof_field = "shared_secret"

    @property
    def digest(self) -> str:
        return hashlib.sha1(self.room.encode(), usedforsecurity=False).hexdigest()

    @property
    def meeting(self) -> str:
        """The internal id: the external one's SHA-1, and when it was made."""
        return f"{self.digest}-{seconds(0) * 1000}"

    def opened(self, minute: float) -> bytes:
        more = {
            "name": "Séminaire",
            "is-breakout": False,
            "create-time": seconds(minute) * 1000,
            "moderator-pass": "mp-of-the-room",
            "viewer-pass": "ap-of-the-room",
        }
        return self.delivery(self.message("meeting-created", minute, meeting=more))

    def closed(self, minute: float) -> bytes:
        return self.delivery(self.message("meeting-ended", minute))

    def joined(self, minute: float, *, who: str, user_id: object = None, name: str | None = None) -> bytes:
        return self.delivery(self.message("user-joined", minute, user=self.user(who, user_id, name)))

    def left(
        self, minute: float, *, who: str, came: float | None = None, user_id: object = None, name: str | None = None
    ) -> bytes:
        del came, name  # it says neither
        return self.delivery(self.message("user-left", minute, user=self.user(who, user_id)))

    def uncounted(self, minute: float) -> bytes:
        """It knows no machines. But of a connection that it has forgotten, it does not know whose it was."""
        user = self.user("somebody") | {"external-user-id": ""}
        return self.delivery(self.message("user-left", minute, user=user))

    def unknown(self, minute: float) -> bytes:
        return self.delivery(self.message("user-audio-voice-enabled", minute, user=self.user("somebody")))

    def user(self, who: str, user_id: object = None, name: str | None = None) -> dict[str, Any]:
        """Whoever came without an id of their own has that of the connection, as its API does it."""
        internal = f"w_{hashlib.sha256(who.encode()).hexdigest()[:12]}"
        user: dict[str, Any] = {
            "internal-user-id": internal,
            "external-user-id": internal if user_id is None else user_id,
            "role": "VIEWER",
            "ip-address": "192.0.2.17",
            "session-token": "session-of-somebody",
            "user-agent": "Mozilla/5.0 (a browser)",
            "referer": "https://moodle.example.org/avatar.png",
        }
        if name is not None:
            user |= {"name": name, "userdata": {"mail": f"{who}@example.org"}}
        return user

    def message(
        self,
        kind: str,
        minute: float,
        *,
        meeting: Mapping[str, Any] | None = None,
        **attributes: Any,  # noqa: ANN401  (any attribute of a message)
    ) -> dict[str, Any]:
        ids = {"internal-meeting-id": self.meeting, "external-meeting-id": self.room}
        attributes["meeting"] = ids | dict(meeting or {})
        return {
            "data": {"type": "event", "id": kind, "attributes": attributes, "event": {"ts": seconds(minute) * 1000}}
        }

    def delivery(self, *messages: object) -> bytes:
        """The form: the time of sending in it is the first one's, however often it is sent."""
        event = json.dumps(messages, ensure_ascii=False)
        return urlencode({"domain": "bbb.example.org", "event": event, "timestamp": seconds(0) * 1000}).encode()

    def request(
        self,
        body: bytes,
        *,
        secret: str | None = None,
        signed_at: datetime = OPENING,  # noqa: ARG002  (there is no instant in it)
        algorithm: str = "sha1",
        origin: str = ORIGIN,
    ) -> Request:
        path = f"/webhooks/{self.platform}/{self.source}"
        known = (secret or self.secret).encode()
        checksum = hashlib.new(algorithm, f"{origin}{path}".encode() + body + known).hexdigest()
        headers = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
        return Request(path=f"{path}?checksum={checksum}", body=body, headers=headers)
