"""Whether a document that somebody holds is genuine and up to date, told without telling who it is about."""

import hmac
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from services.registration.application.issued_documents import IssuedDocuments
from services.registration.application.ports import Store
from services.registration.domain.attendance_errors import AttendanceAwayError
from services.registration.domain.documents import (
    Because,
    DocumentKind,
    DocumentNotFoundError,
    FiguresUnknownError,
    IssuedDocument,
    read_document_code,
)
from services.registration.domain.event import Event, EventStatus

FiguresToday: TypeAlias = Callable[[IssuedDocument], Awaitable[str | None]]
"""The digest of what a document would say if it were issued now; None if there would be none."""


class DocumentStanding(StrEnum):
    """Where a genuine document stands; the values stand in the API."""

    CURRENT = "current"
    """What it says would be said today, too."""
    OUTDATED = "outdated"
    """Something else would be said today: it is genuine, as of its date."""
    REPLACED = "replaced"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    """Nobody can tell at the moment what would be said today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A genuine document; `because` says why it is outdated or replaced, `replaced_at` since when it is the latter."""

    document: IssuedDocument
    event: Event
    standing: DocumentStanding
    because: tuple[Because, ...] = ()
    replaced_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Asks the register, and `figures_today` by the kind of document."""

    store: Store
    register: IssuedDocuments
    figures_today: Mapping[DocumentKind, FiguresToday]

    async def look(self, typed: str) -> Verified:
        """The document of a code, however it is typed.

        Raises:
            DocumentNotFoundError: if none was issued under it, or it cannot be a code.
        """
        code = read_document_code(typed)
        if code is None:
            raise DocumentNotFoundError(typed)
        document = await self.register.find(code)
        return await self.standing_of(document)

    async def standing_of(self, document: IssuedDocument) -> Verified:
        """Where a document stands."""
        async with self.store.reading() as view:
            event = await view.event(document.event_id)
            newer = None if document.replaced_by is None else await view.document(document.replaced_by)
        standing = await self._standing(document)
        because: tuple[Because, ...] = ()
        if standing is DocumentStanding.OUTDATED:
            over = document.provisional and event.status is EventStatus.CLOSED
            because = (Because.EVENT_CLOSED if over else Because.FIGURES,)
        elif standing is DocumentStanding.REPLACED and newer is not None:
            because = document.why_replaced_by(newer)
        replaced_at = None if newer is None else newer.issued_at
        return Verified(document=document, event=event, standing=standing, because=because, replaced_at=replaced_at)

    async def is_of(self, document: IssuedDocument, typed: str) -> bool | None:
        """Whether it is about somebody of this name; None if it names nobody, or the name is kept no more."""
        if document.participant_id is None:
            return None
        async with self.store.reading() as view:
            names = await view.names(document.event_id, [document.participant_id])
        name = names.get(document.participant_id)
        return None if name is None else hmac.compare_digest(_plain(name), _plain(typed))

    async def _standing(self, document: IssuedDocument) -> DocumentStanding:
        if document.revoked is not None:
            return DocumentStanding.REVOKED
        if document.replaced_by is not None:
            return DocumentStanding.REPLACED
        reckon = self.figures_today.get(document.kind)
        if reckon is None:
            return DocumentStanding.UNKNOWN
        try:
            same = await reckon(document) == document.figures
        except (AttendanceAwayError, FiguresUnknownError):
            return DocumentStanding.UNKNOWN
        return DocumentStanding.CURRENT if same else DocumentStanding.OUTDATED


def _plain(name: str) -> bytes:
    """A name without what people write differently: capitals, accents, hyphens and spaces."""
    signs = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(sign for sign in signs if sign.isalnum())
    return (letters or signs.strip()).encode()
