"""The deliveries of LiveKit, of our own making."""

import base64
import hashlib
import json
import warnings
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import jwt
from jwt.warnings import InsecureKeyLengthWarning

from tests.fakes.bridge import OPENING
from tests.fakes.platforms.shapes import Request, seconds

API_KEY: Final = "APIpassereLLe"


class LivekitShapes:
    """The webhooks of LiveKit."""

    platform = "livekit"
    source = "our-livekit"
    room = "amphi"
    secret = "livekit-secret-0123456789abcdef0123456789"
    proof_field = "api_secret"

    def opened(self, minute: float) -> bytes:
        return self.event("room_started", minute)

    def closed(self, minute: float) -> bytes:
        return self.event("room_finished", minute)

    def joined(self, minute: float, *, who: str, user_id: object = None, name: str | None = None) -> bytes:
        participant = self.participant(who, user_id, name, came=minute) | {"state": "ACTIVE"}
        return self.event("participant_joined", minute, participant=participant)

    def left(
        self, minute: float, *, who: str, came: float | None = None, user_id: object = None, name: str | None = None
    ) -> bytes:
        participant = self.participant(who, user_id, name, came=came) | {"state": "DISCONNECTED"}
        participant["disconnectReason"] = "CLIENT_INITIATED"
        return self.event("participant_left", minute, participant=participant)

    def uncounted(self, minute: float) -> bytes:
        recorder = self.participant("recorder", "EG_recorder", None, came=minute) | {"kind": "EGRESS"}
        return self.event("participant_joined", minute, participant=recorder)

    def unknown(self, minute: float) -> bytes:
        track = {"sid": "TR_audio", "type": "AUDIO", "source": "MICROPHONE"}
        return self.event("track_published", minute, participant=self.participant("ada", None, None), track=track)

    def participant(
        self, who: str, user_id: object = None, name: str | None = None, *, came: float | None = None
    ) -> dict[str, Any]:
        participant: dict[str, Any] = {
            "sid": f"PA_{uuid5(NAMESPACE_URL, who).hex[:12]}",
            "identity": f"{who}__4f2a" if user_id is None else user_id,
            "metadata": json.dumps({"email": f"{who}@example.org"}),
            "attributes": {"avatar": "https://example.org/avatar.png"},
            "version": 3,
        }
        if came is not None:
            participant |= {"joinedAt": str(seconds(came)), "joinedAtMs": str(seconds(came) * 1000)}
        if name is not None:
            participant["name"] = name
        return participant

    def event(self, event: str, minute: float, **more: Any) -> bytes:  # noqa: ANN401  (any field of the payload)
        body = {
            "event": event,
            "room": {
                "sid": "RM_oNe0fOurS",
                "name": self.room,
                "emptyTimeout": 300,
                "creationTime": str(seconds(0)),
                "creationTimeMs": str(seconds(0) * 1000),
                "turnPassword": "turn-password-0123456789",
                "enabledCodecs": [{"mime": "audio/opus"}],
            },
            "createdAt": str(seconds(minute)),
            **more,
        }
        return json.dumps({**body, "id": f"EV_{uuid5(NAMESPACE_URL, json.dumps(body)).hex[:12]}"}).encode()

    def request(self, body: bytes, *, secret: str | None = None, signed_at: datetime = OPENING) -> Request:
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        claims = {"iss": API_KEY, "nbf": signed_at, "exp": signed_at + timedelta(minutes=5), "sha256": digest}
        return self.proved(body, claims, secret=secret)

    def proved(self, body: bytes, claims: Mapping[str, Any], *, secret: str | None = None) -> Request:
        """A delivery with the token that makes these claims."""
        headers = {"Authorization": token(claims, secret or self.secret), "Content-Type": "application/webhook+json"}
        return Request(path=f"/webhooks/livekit/{self.source}", body=body, headers=headers)


def token(claims: Mapping[str, Any], secret: str) -> str:
    """A token as LiveKit makes them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InsecureKeyLengthWarning)
        return jwt.encode(dict(claims), secret, algorithm="HS256")
