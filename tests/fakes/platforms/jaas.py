"""The deliveries of 8x8's JaaS, of our own making."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from tests.fakes.bridge import OPENING
from tests.fakes.platforms.shapes import Request, seconds

APP: Final = "vpaas-magic-cookie-0123456789abcdef"


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
            "timestamp": seconds(minute) * 1000,
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
