"""What imports need of the database."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from services.registration.domain.imports import Import, ImportContent, ImportLine, KnownParticipant


class ImportReading(Protocol):
    """A consistent view of imports."""

    async def imported(self, event_id: str, import_id: str) -> Import:
        """An import of the event.

        Raises:
            ImportNotFoundError: if the event has none of this id, or it is forgotten.
        """
        ...

    async def import_content(self, import_id: str) -> ImportContent:
        """What is kept of the file.

        Raises:
            ImportNotFoundError: if it is forgotten.
        """
        ...

    async def import_size(self, import_id: str) -> int | None:
        """How much is kept of the file, in characters: another number after something of it was deleted."""
        ...

    async def running_imports(self) -> Sequence[tuple[str, str]]:
        """The events and ids of those that are being carried out."""
        ...

    async def keeps_imports(self, *, before: datetime) -> bool:
        """Whether something is kept of files from before an instant that are not being carried out."""
        ...

    async def known_lines(self, event_id: str, lines: Sequence[ImportLine]) -> Sequence[KnownParticipant]:
        """Who bears the key of one of these lines, or has the address of one."""
        ...

    async def confirmed_by_line(self, event_id: str, key: str) -> str | None:
        """The participant of an event, with a seat, whom an import knows by an id given elsewhere, of this key."""
        ...


class ImportWriting(ImportReading, Protocol):
    """A transaction on them."""

    async def save_import(self, changed: Import, content: ImportContent | None = None) -> None:
        """Insert or replace an import; without `content`, what is kept of the file stays."""
        ...

    async def remember_line(self, event_id: str, line: ImportLine, participant_id: str) -> None:
        """Keep by which key a participant is known, and what the file said of them."""
        ...

    async def leave_out_of_imports(self, event_id: str, *, email: str, keys: Collection[str]) -> None:
        """Delete whoever has this address, or one of these keys, from the files of the event that are carried out."""
        ...

    async def forget_imports(self, event_id: str | None = None, *, before: datetime | None = None) -> None:
        """Delete what is kept of files that are not being carried out: of this event, or from before an instant."""
        ...
