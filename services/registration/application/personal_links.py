"""Personal links: sealed texts that open one registration, without an account and without a password."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from services.chassis.clock import Clock
from services.chassis.secrets import BrokenSealError, ExpiredTokenError, SecretBox
from services.registration.domain.agenda import Room
from services.registration.domain.event import Event

PERSONAL: Final = "registration"
"""What the box of confirmation pages is derived for."""
JOIN: Final = "join"
"""What the box of join links, and of the grants handed to the streaming bridge, is derived for."""
BEATS: Final = "beats"
"""What the box of the tokens is derived for by which the bridge knows who watches a stream."""
GRANT_LIFETIME: Final = timedelta(seconds=60)
_CLOCK_SKEW: Final = timedelta(minutes=1)
DOORS_OPEN: Final = timedelta(hours=1)
"""How long before an event watching its streams begins to count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalLinks:
    """Seals and opens the personal links of participants; `public_url` is the origin that people see.

    Links do not expire: what they open is checked against the registration each time, and ends with it.
    """

    personal: SecretBox
    joining: SecretBox
    beats: SecretBox
    clock: Clock
    public_url: str

    @classmethod
    def derive(cls, *, secret_key: str, clock: Clock, public_url: str) -> "PersonalLinks":
        """The links of one installation."""
        return cls(
            personal=SecretBox.derive(secret_key, purpose=PERSONAL),
            joining=SecretBox.derive(secret_key, purpose=JOIN),
            beats=SecretBox.derive(secret_key, purpose=BEATS),
            clock=clock,
            public_url=public_url,
        )

    def token(self, *, event_id: str, participant_id: str) -> str:
        """The personal token of a registration."""
        return self.personal.seal_token({"event_id": event_id, "participant_id": participant_id}, expires_at=None)

    def confirmation_url(self, *, event_id: str, participant_id: str) -> str:
        """The page where somebody finds their ticket, changes the mode, or cancels."""
        token = self.token(event_id=event_id, participant_id=participant_id)
        return f"{self.public_url}/e/{event_id}/confirmation/{token}"

    def group_url(self, *, event_id: str, group_id: str) -> str:
        """The page where somebody finds the personal pages of all whom they registered together."""
        token = self.personal.seal_token({"event_id": event_id, "group_id": group_id}, expires_at=None)
        return f"{self.public_url}/e/{event_id}/group/{token}"

    def read_group_token(self, token: str, *, event_id: str) -> str | None:
        """Whose group's page it opens; None if it is not one of this event."""
        return self._read(self.personal, token, event_id=event_id, name="group_id")

    def join_url(self, *, event_id: str, participant_id: str) -> str:
        """The link that leads into the meeting."""
        token = self.join_token(event_id=event_id, participant_id=participant_id)
        return f"{self.public_url}/e/{event_id}/join/{token}"

    def join_token(self, *, event_id: str, participant_id: str) -> str:
        """The token of who takes part: whoever has it takes part in their name, and can change nothing."""
        return self.joining.seal_token({"event_id": event_id, "participant_id": participant_id}, expires_at=None)

    def live_url(self, *, event_id: str, participant_id: str) -> str:
        """The page where somebody follows the event while it is held."""
        token = self.join_token(event_id=event_id, participant_id=participant_id)
        return f"{self.public_url}/e/{event_id}/live/{token}"

    def watch_token(self, event: Event, room: Room, *, participant_id: str) -> str:
        """What the page of a stream tells the streaming bridge with, until the event is over: who watches, and where.

        Nothing of before the page was drawn counts (the bridge's clock may be behind), nor of before the doors open.
        """
        return self.beats.seal_token(
            {
                "event_id": event.event_id,
                "participant_id": participant_id,
                "room": f"{room.name}@{room.room_id}",
                "counts_from": max(self.clock() - _CLOCK_SKEW, event.starts_at - DOORS_OPEN).isoformat(),
            },
            expires_at=event.over_at,
        )

    def read_token(self, token: str, *, event_id: str) -> str | None:
        """Whose personal token it is; None if it is not one of this event."""
        return self._read(self.personal, token, event_id=event_id)

    def read_join_token(self, token: str, *, event_id: str) -> str | None:
        """Whose join link it is; None if it is not one of this event."""
        return self._read(self.joining, token, event_id=event_id)

    def grant_path(self, event: Event, *, participant_id: str, display_name: str, language: str) -> str:
        """Where the streaming bridge lets this participant into the meeting, within a minute."""
        grant = self.joining.seal_token(
            {
                "event_id": event.event_id,
                "participant_id": participant_id,
                "display_name": display_name,
                "moderator": False,
                "language": language,
                "starts_at": event.starts_at.isoformat(),
                "timezone": event.timezone,
                "contact": event.data_contact.email if event.data_contact else None,
            },
            expires_at=self.clock() + GRANT_LIFETIME,
        )
        return f"/join/{grant}"

    def _read(self, box: SecretBox, token: str, *, event_id: str, name: str = "participant_id") -> str | None:
        try:
            payload = box.open_token(token, now=self.clock())
        except (BrokenSealError, ExpiredTokenError):
            return None
        identifier = payload.get(name)
        return identifier if payload.get("event_id") == event_id and isinstance(identifier, str) else None
