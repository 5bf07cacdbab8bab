"""Organizers' acts that registration's audit log tells: noted before what cannot be taken back, else after the act."""

from typing import Final

from aiohttp import web

from services.chassis.access import require_signed_in
from services.chassis.noted_acts import AuditNotes, NotedAct
from services.chassis.problems import unavailable

NOTES: Final = web.AppKey("notes", AuditNotes)
_RETRY_AFTER_SECONDS: Final = 2


async def note_first(request: web.Request, act: NotedAct, *, event_id: str, subject: str) -> None:
    """Note what is about to be done, once whoever asks was let do it.

    Raises:
        Problem: 503 while it cannot be noted; then it must not be done.
    """
    if not await _note(request, act, event_id=event_id, subject=subject):
        raise unavailable(
            "Registration, which notes who does this, does not answer: nothing was done.",
            retry_after=_RETRY_AFTER_SECONDS,
        )


async def note_done(request: web.Request, act: NotedAct, *, subject: str, event_id: str | None = None) -> None:
    """Note what was done; while registration is away, our own log alone tells it: a secret must end all the same."""
    await _note(request, act, event_id=event_id, subject=subject)


async def _note(request: web.Request, act: NotedAct, *, event_id: str | None, subject: str) -> bool:
    grant = require_signed_in(request)
    by = grant.holder or grant.token_id
    return await request.app[NOTES].note(act, by=by, event_id=event_id, subject=subject)
