"""Use cases about attendance sheets: what stands on them, blank before an event and known afterwards."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

from services.chassis.clock import Clock
from services.registration.application.attendance_records import AttendanceReckoning, all_records
from services.registration.application.issued_documents import DocumentDraft, IssuedDocuments
from services.registration.application.issuers import Issuers
from services.registration.application.ports import Participant, Reading, Store
from services.registration.application.rosters import everybody
from services.registration.application.signature_ports import SealedSignature
from services.registration.application.signatures import Signatures
from services.registration.domain.attendance_records import AttendanceRecord, Evidence
from services.registration.domain.attendance_sheets import (
    Listed,
    Sheet,
    Standing,
    blank_sheet,
    figures_of,
    sheet_of,
)
from services.registration.domain.audit import Act, Deed
from services.registration.domain.checkins import Scan
from services.registration.domain.documents import DocumentKind, IssuedDocument, digest_of
from services.registration.domain.errors import RegistrationError
from services.registration.domain.event import Event
from services.registration.domain.issuers import Issuer
from services.registration.domain.sheet_slots import Slot, slots_of
from services.registration.domain.signatures import SheetSettings, Signature

_AT_A_TIME: Final = 500
MOST_LINES: Final = 10_000
"""Of one file: twenty half-days of 500 people, which are drawn in half a minute at most, signatures and all."""


class TooManyLinesError(RegistrationError):
    """All sheets together are too long for one file."""

    def __init__(self, lines: int) -> None:
        """Keep how many lines they have."""
        super().__init__(lines)
        self.lines = lines


class NoSuchSheetError(RegistrationError):
    """The event has no half-day or session of this name."""

    def __init__(self, slot_id: str) -> None:
        """Keep what was asked for."""
        super().__init__(slot_id)
        self.slot_id = slot_id


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetQuery:
    """Which sheets: of one slot, or of all half-days. `blank` ones know nothing of attendance.

    With a `limit`, so many of the half-days that follow `after`. Without `absent`, who was not there (or cancelled) is
    left out of what is known.
    """

    event_id: str
    slot_id: str | None = None
    as_of: datetime | None = None
    blank: bool = False
    absent: bool = True
    after: str | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetSet:
    """Sheets of an event, to be read as one document.

    `following` is the last slot if others come after. `evidence` is what the facts come to that they rest on, None for
    blank ones; `is_open`: more may come. `document` is
    what the register keeps of them, where they are issued, with the `figures` and the address to ask its code at.
    """

    event: Event
    settings: SheetSettings
    sheets: tuple[Sheet, ...]
    as_of: datetime
    is_open: bool
    evidence: Evidence | None
    following: str | None = None
    issuer: Issuer | None = None
    figures: Mapping[str, object] = field(default_factory=dict)
    document: IssuedDocument | None = None
    verify_at: str = ""

    @property
    def blank(self) -> bool:
        """Whether they know nothing of attendance."""
        return self.evidence is None

    def without_absent(self) -> "SheetSet":
        """The same without those who were not there."""
        shown = {Standing.PRESENT, Standing.EXPECTED}
        return replace(
            self,
            sheets=tuple(
                Sheet(slot=sheet.slot, rows=tuple(row for row in sheet.rows if row.standing in shown))
                for sheet in self.sheets
            ),
        )


class SheetPrinter(Protocol):
    """Draws sheets."""

    def draw(self, sheets: SheetSet, language: str) -> bytes:
        """A PDF. Safe in a thread."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheets:
    """The sheets of all events."""

    store: Store
    clock: Clock
    reckoning: AttendanceReckoning
    signatures: Signatures
    register: IssuedDocuments
    issuers: Issuers
    printer: SheetPrinter
    verify_at: Callable[[str], str]

    async def print(self, query: SheetQuery, language: str) -> tuple[Event, bytes]:
        """The sheets as a PDF; that they were taken along is written down.

        What is known now is issued: it has a code by which anybody may ask whether it is genuine. Blank sheets and what
        was known earlier are not. Raises as `gather`.
        """
        sheets = await self.take_along(replace(query, absent=True))
        printed = sheets if query.absent else sheets.without_absent()
        if sheets.evidence is None or query.as_of is not None:
            return sheets.event, await asyncio.to_thread(self.printer.draw, printed, language)
        draft = DocumentDraft(
            kind=DocumentKind.ATTENDANCE_SHEET,
            event_id=query.event_id,
            part=query.slot_id,
            as_of=sheets.as_of,
            root=sheets.evidence.root,
            facts=sheets.evidence.facts,
            figures=digest_of(sheets.figures),
            language=language,
            provisional=sheets.is_open,
        )

        async def draw(document: IssuedDocument) -> bytes:
            issued = replace(
                printed,
                as_of=document.as_of,
                evidence=Evidence(root=document.root, facts=document.facts),
                document=document,
                verify_at=self.verify_at(document.code),
            )
            return await asyncio.to_thread(self.printer.draw, issued, language)

        return sheets.event, (await self.register.issue(draft, draw))[1]

    async def figures_today(self, document: IssuedDocument) -> str | None:
        """The digest of what would be printed if the document were issued now; None if it has no such part any more.

        Raises:
            AttendanceAwayError: if nobody can say.
        """
        try:
            sheets = await self.gather(SheetQuery(event_id=document.event_id, slot_id=document.part))
        except NoSuchSheetError:
            return None
        return digest_of(sheets.figures)

    async def gather(self, query: SheetQuery) -> SheetSet:
        """The sheets that are asked for.

        Raises:
            EventNotFoundError: if there is no such event.
            NoSuchSheetError: if it has no such half-day or session.
            AttendanceAwayError: if they are not blank, and what reckons attendance does not answer.
        """
        async with self.store.reading() as view:
            event, settings = await view.event(query.event_id), await view.sheet_settings(query.event_id)
            slots = slots_of(event, query.slot_id)
            if query.slot_id is not None and not slots:
                raise NoSuchSheetError(query.slot_id)
            slots, following = _part_of(slots, query)
            participants = await everybody(view, event.event_id)
            scans = {} if query.blank else await _scans(view, event, participants)
            stored = [] if query.blank else await view.signatures(event.event_id)
        listed = [_listed(each, scans) for each in participants]
        issuer = await self.issuers.of(event, others=False)
        if query.blank:
            return SheetSet(
                event=event,
                settings=settings,
                sheets=tuple(blank_sheet(slot, listed) for slot in slots),
                as_of=self.clock(),
                is_open=True,
                evidence=None,
                issuer=issuer,
            )
        records: dict[str, AttendanceRecord] = {}
        async for page in all_records(self.reckoning, event.event_id, as_of=query.as_of):
            records |= {record.participant_id: record for record in page.people}
        as_of = page.schedule.as_of
        signed = self._signed(stored, as_of if query.as_of else None)
        sheets = [
            sheet_of(slot, listed, records=records, signatures=signed.get(slot.slot_id, {}), known_to=as_of)
            for slot in slots
        ]
        return SheetSet(
            event=event,
            settings=settings,
            sheets=tuple(sheets),
            as_of=as_of,
            is_open=page.schedule.open,
            evidence=page.evidence,
            following=following,
            issuer=issuer,
            figures=figures_of(sheets),
        )

    async def take_along(self, query: SheetQuery) -> SheetSet:
        """The same, written down as taken: names go with them.

        Raises as `gather`, and:
            TooManyLinesError: if they are too long for one file.
        """
        sheets = await self.gather(query)
        lines = sum(len(sheet.rows) for sheet in sheets.sheets)
        if lines > MOST_LINES:
            raise TooManyLinesError(lines)
        async with self.store.writing() as transaction:
            await transaction.note(Deed(act=Act.SHEETS_EXPORTED, event_id=query.event_id, subject=query.slot_id))
        return sheets if query.absent else sheets.without_absent()

    def _signed(
        self, stored: Sequence[SealedSignature], until: datetime | None
    ) -> Mapping[str, Mapping[str, Signature]]:
        found: dict[str, dict[str, Signature]] = {}
        for each in stored:
            if until is None or each.at <= until:
                found.setdefault(each.half_day_id, {})[each.participant_id] = self.signatures.seals.open(each)
        return found


def _part_of(slots: Sequence[Slot], query: SheetQuery) -> tuple[Sequence[Slot], str | None]:
    """Those that are asked for, and the last of them if others follow."""
    names = [slot.slot_id for slot in slots]
    first = names.index(query.after) + 1 if query.after in names else 0
    if query.limit is None or first + query.limit >= len(slots):
        return slots[first:], None
    return slots[first : first + query.limit], names[first + query.limit - 1]


async def _scans(view: Reading, event: Event, participants: Sequence[Participant]) -> Mapping[str, Sequence[Scan]]:
    ids = [participant.registration.participant_id for participant in participants]
    found: dict[str, list[Scan]] = {}
    for start in range(0, len(ids), _AT_A_TIME):
        for scan in await view.scans_of_guests(event.event_id, ids[start : start + _AT_A_TIME]):
            found.setdefault(scan.participant_id, []).append(scan)
    return {participant_id: sorted(scans, key=lambda scan: scan.at) for participant_id, scans in found.items()}


def _listed(participant: Participant, scans: Mapping[str, Sequence[Scan]]) -> Listed:
    return Listed(
        registration=participant.registration,
        name=participant.person.name if participant.person else None,
        scans=scans.get(participant.registration.participant_id, ()),
    )
