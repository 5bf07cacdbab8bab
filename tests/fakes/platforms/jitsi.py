"""The deliveries of Jitsi's module `event_sync`, of our own making."""

import json
import re
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tests.fakes.bridge import OPENING
from tests.fakes.platforms.shapes import Request, seconds


class JitsiShapes:
    """The Prosody module `event_sync`."""

    platform = "jitsi"
    source = "own-jitsi"
    room = "pleniere"
    secret = "jitsi-token-0123456789"
    proof_field = "webhook_token"

    def opened(self, minute: float, **more: Any) -> bytes:  # noqa: ANN401  (any field of the payload)
        return self._body("muc-room-created", created_at=seconds(minute), **more)

    def closed(self, minute: float, **more: Any) -> bytes:  # noqa: ANN401
        body = {"created_at": seconds(minute) - 60, "destroyed_at": seconds(minute), "all_occupants": {}, **more}
        return self._body("muc-room-destroyed", **body)

    def joined(self, minute: float, *, who: str, user_id: object = None, name: str | None = None) -> bytes:
        occupant = self.occupant(who, user_id, name) | {"joined_at": seconds(minute)}
        return self._body("muc-occupant-joined", occupant=occupant, active_occupants_count=1)

    def left(
        self, minute: float, *, who: str, came: float | None = None, user_id: object = None, name: str | None = None
    ) -> bytes:
        occupant = self.occupant(who, user_id, name) | {"left_at": seconds(minute), "total_dominant_speaker_time": 12}
        if came is not None:
            occupant["joined_at"] = seconds(came)
        return self._body("muc-occupant-left", occupant=occupant, active_occupants_count=0)

    def uncounted(self, minute: float) -> bytes:
        occupant = {"occupant_jid": "recorder@recorder.meet.example.org/x1", "joined_at": seconds(minute)}
        return self._body("muc-occupant-joined", occupant=occupant, active_occupants_count=1)

    def unknown(self, minute: float) -> bytes:
        return self._body("muc-occupant-raised-hand", at=seconds(minute))

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
