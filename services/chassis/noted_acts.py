"""What other services have registration write into the audit log, which it alone keeps."""

from enum import StrEnum
from typing import Final

import structlog

from services.chassis.neighbour_calls import NeighbourCalls
from services.chassis.settings import CommonSettings

_PATIENCE_SECONDS: Final = 2.0

log = structlog.stdlib.get_logger(__name__)


class NotedAct(StrEnum):
    """All that may be noted so: words of the audit log."""

    PRESENCE_EXPORTED = "presence.exported"
    REPORT_ACCEPTED = "report.accepted"
    REPORT_TAKEN_BACK = "report.taken_back"
    ROOM_ENTERED = "room.entered"
    ROOM_OPENED = "room.opened"
    ROOM_CLOSED = "room.closed"
    ROOM_COUNT_TAKEN_BACK = "room.count_taken_back"
    SOURCE_ADDED = "source.added"
    SOURCE_CHANGED = "source.changed"
    SOURCE_SECRETS_ENDED = "source.secrets_ended"
    SOURCE_REMOVED = "source.removed"
    HOOK_REGISTERED = "source.hook_registered"
    HOOK_REMOVED = "source.hook_removed"


class AuditNotes:
    """Notes in registration's audit log."""

    def __init__(self, settings: CommonSettings) -> None:
        """Where registration is comes from `settings`."""
        self._calls = NeighbourCalls(settings)
        self._url = f"{settings.registration_url}/internal/note-act"

    async def note(self, act: NotedAct, *, by: str, event_id: str | None = None, subject: str | None = None) -> bool:
        """Whether it is written; `by` is who acts, by id. What is not, is in our own log as a warning."""
        body = {"act": act, "holder": by, "event_id": event_id, "subject": subject}
        noted = await self._calls.tell(self._url, body, patience=_PATIENCE_SECONDS)
        if not noted:
            log.warning("audit.not_noted", act=act.value, by=by, event_id=event_id, subject=subject)
        return noted
