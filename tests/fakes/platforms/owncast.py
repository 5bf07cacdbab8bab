"""The deliveries of Owncast, of our own making."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from tests.fakes.bridge import OPENING
from tests.fakes.platforms.shapes import Request, instant


class OwncastShapes:
    """The webhooks of an Owncast server."""

    platform = "owncast"
    source = "own-stream"
    room = "stream"
    secret = "owncast-token-0123456789"
    proof_field = "webhook_token"
    tells_devices_apart = False

    def opened(self, minute: float, **more: Any) -> bytes:  # noqa: ANN401  (any field of `eventData`)
        return self.event("STREAM_STARTED", minute, {"streamTitle": "Colloque hybride", **more})

    def closed(self, minute: float, **more: Any) -> bytes:  # noqa: ANN401
        return self.event("STREAM_STOPPED", minute, {"streamTitle": "Colloque hybride", **more})

    def joined(self, minute: float, *, who: str, user_id: object = None, name: str | None = None) -> bytes:
        return self.event("USER_JOINED", minute, {"user": self.user(who, user_id, name)})

    def left(
        self, minute: float, *, who: str, came: float | None = None, user_id: object = None, name: str | None = None
    ) -> bytes:
        del came  # Owncast does not say it
        return self.event("USER_PARTED", minute, {"user": self.user(who, user_id, name)})

    def uncounted(self, minute: float) -> bytes:
        return self.event("USER_JOINED", minute, {"user": self.user("robot", None, "Robot") | {"isBot": True}})

    def unknown(self, minute: float) -> bytes:
        said = {"body": "<p>Bonjour</p>", "rawBody": "Bonjour", "visible": True, "user": self.user("ada", None, "Ada")}
        return self.event("CHAT", minute, said)

    def user(self, who: str, user_id: object = None, name: str | None = None) -> dict[str, Any]:
        return {
            "id": user_id if user_id is not None else uuid5(NAMESPACE_URL, who).hex[:9],
            "displayName": name or "flaming-gagarin",
            "displayColor": 4,
            "createdAt": "2026-11-01T10:00:00.000000026Z",
            "previousNames": [name or "flaming-gagarin"],
            "isBot": False,
            "authenticated": False,
        }

    def event(self, event_type: str, minute: float, data: dict[str, Any]) -> bytes:
        told = {
            "timestamp": instant(minute).strftime("%Y-%m-%dT%H:%M:%S.000000042Z"),
            "serverURL": "https://stream.example.org",
            "status": {"online": True, "viewerCount": 5, "versionNumber": "0.2.5"},
            **data,
        }
        same = uuid5(NAMESPACE_URL, json.dumps([event_type, told], sort_keys=True)).hex[:9]
        return json.dumps({"type": event_type, "eventData": {"id": same, **told}}).encode()

    def request(
        self,
        body: bytes,
        *,
        secret: str | None = None,
        signed_at: datetime = OPENING,  # noqa: ARG002  (there is no signature)
    ) -> Request:
        path = f"/webhooks/owncast/{self.source}?token={quote(secret or self.secret)}"
        return Request(path=path, body=body, headers={"Content-Type": "application/json"})
