"""Use cases about signatures: taken at a desk, on a tablet passed round, or by the personal link."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from services.chassis.clock import Clock
from services.chassis.secrets import BrokenSealError, SecretBox
from services.registration.application.audit import current_actor
from services.registration.application.ports import Participant, Reading, Store
from services.registration.application.signature_ports import SealedSignature
from services.registration.domain.audit import Act, Deed
from services.registration.domain.errors import EventChangedMeanwhileError
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.half_days import HalfDay, half_days, signed_for
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.signatures import (
    Asked,
    SheetSettings,
    Signature,
    SignatureRefusedError,
    SignatureTrouble,
    Stroke,
    Way,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureSeals:
    """Opens and closes what was signed, with the key of this purpose: a stolen file shows nobody's hand."""

    box: SecretBox

    @classmethod
    def derive(cls, secret_key: str) -> Self:
        """With the key of this purpose."""
        return cls(box=SecretBox.derive(secret_key, purpose="signatures"))

    def seal(self, *, strokes: Sequence[Stroke], typed: str | None) -> str:
        """As it is stored."""
        return self.box.seal(json.dumps({"strokes": strokes, "typed": typed}, separators=(",", ":")).encode()).decode()

    def open(self, stored: SealedSignature) -> Signature:
        """What was signed; without drawing and name if the installation's key was changed since it was sealed."""
        try:
            said: dict[str, Any] = json.loads(self.box.open(stored.sealed.encode()))
        except BrokenSealError:
            said = {"strokes": [], "typed": None}
        return Signature(
            participant_id=stored.participant_id,
            half_day_id=stored.half_day_id,
            way=stored.way,
            at=stored.at,
            taken_by=stored.taken_by,
            strokes=tuple(tuple((x, y) for x, y in stroke) for stroke in said["strokes"]),
            typed=said["typed"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Where an event stands with its signatures: `open_for` are the half-days that may be signed for at `now`."""

    event: Event
    settings: SheetSettings
    now: datetime
    open_for: Sequence[HalfDay]
    current: HalfDay | None

    def half(self, half_day_id: str | None) -> HalfDay | None:
        """The one that is asked for, if it may be signed for; without a wish the current one."""
        if not half_day_id:
            return self.current
        return next((half for half in self.open_for if half.half_day_id == half_day_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatures:
    """The signatures of all events."""

    store: Store
    clock: Clock
    seals: SignatureSeals

    @classmethod
    def derive(cls, secret_key: str, *, store: Store, clock: Clock) -> Self:
        """Sealed with the key of this purpose."""
        return cls(store=store, clock=clock, seals=SignatureSeals.derive(secret_key))

    async def settings(self, event_id: str) -> SheetSettings:
        """What the sheets of an event are made with."""
        async with self.store.reading() as view:
            return await view.sheet_settings(event_id)

    async def change_settings(
        self, event_id: str, settings: SheetSettings, *, seen: Collection[str] | None = None
    ) -> None:
        """Say what the sheets of an event are made with, whatever its state.

        With `seen`, the versions that the editor saw, nothing that another one changed since is overwritten.

        Raises:
            EventNotFoundError: if there is no such event.
            EventChangedMeanwhileError: if they stand at none of the versions seen.
        """
        async with self.store.writing() as transaction:
            await transaction.event(event_id)
            known = await transaction.sheet_settings(event_id)
            if seen is not None and known.version not in seen:
                raise EventChangedMeanwhileError(event_id=event_id, parts=())
            if known != settings:
                await transaction.save_sheet_settings(event_id, settings)
                await transaction.note(Deed(act=Act.SHEETS_CHANGED, event_id=event_id, subject=settings.asked.value))

    async def signing(self, event_id: str, *, any_day: bool = False) -> Signing:
        """What may be signed for now: today's half-days, or with `any_day` all that have begun.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        async with self.store.reading() as view:
            return await self._signing(view, event_id, any_day=any_day)

    async def sign(
        self,
        event_id: str,
        participant_id: str,
        half_day_id: str,
        *,
        strokes: Sequence[Stroke] = (),
        typed: str | None = None,
        any_day: bool = False,
        from_afar: bool = False,
    ) -> Signature:
        """Take a signature: `strokes` as checked, or else the typed name of who says that they were there.

        Whoever signed for the half-day before signs anew. `from_afar` is by the personal link.

        Raises:
            EventNotFoundError: if there is no such event.
            ParticipantNotFoundError: if it has no such registration.
            SignatureRefusedError: if it is not asked for, not theirs to give, or not for this half-day now.
        """
        async with self.store.writing() as transaction:
            signing = await self._signing(transaction, event_id, any_day=any_day or from_afar)
            participant = await transaction.participant(event_id, participant_id)
            half = signing.half(half_day_id)
            _require(signing, participant, half, came=await _came(transaction, participant), from_afar=from_afar)
            drawn = Way.DRAWN if strokes else Way.ATTESTED if from_afar else Way.CONFIRMED
            stored = SealedSignature(
                event_id=event_id,
                participant_id=participant_id,
                half_day_id=half_day_id,
                way=drawn,
                at=signing.now,
                taken_by=current_actor(),
                sealed=self.seals.seal(strokes=strokes, typed=typed),
            )
            await transaction.save_signature(stored)
            await transaction.note(Deed(act=Act.SIGNED, event_id=event_id, subject=participant_id))
        return self.seals.open(stored)

    async def times(self, event_id: str) -> Mapping[tuple[str, str], datetime]:
        """When who signed for what, by participant and half-day."""
        async with self.store.reading() as view:
            return await view.signature_times(event_id)

    async def of_participant(self, event_id: str, participant_id: str) -> Sequence[Signature]:
        """The signatures of one participant, in the order of the half-days."""
        async with self.store.reading() as view:
            stored = await view.signatures(event_id, participant_id=participant_id)
        return sorted((self.seals.open(each) for each in stored), key=lambda signature: signature.order)

    async def _signing(self, view: Reading, event_id: str, *, any_day: bool) -> Signing:
        event, settings, now = await view.event(event_id), await view.sheet_settings(event_id), self.clock()
        halves, current = half_days(event), None
        if event.status not in {EventStatus.PUBLISHED, EventStatus.CLOSED}:
            halves = ()
        current = signed_for(halves, now=now, timezone=event.timezone)
        today = [] if current is None else [half for half in halves if half.day == current.day]
        begun = [half for half in halves if half.starts_at <= now] if any_day else []
        open_for = [half for half in halves if half in today or half in begun]
        if current is None and open_for:
            current = open_for[-1]
        return Signing(event=event, settings=settings, now=now, open_for=open_for, current=current)


def may_attest(settings: SheetSettings, participant: Participant) -> bool:
    """Whether somebody may attest by the personal link that they took part: who does so remotely, if that is asked."""
    return settings.from_afar and participant.registration.mode is Mode.REMOTE


async def _came(view: Reading, participant: Participant) -> bool:
    scans = await view.scans_of(participant.registration.participant_id)
    return any(scan.voided_by is None for scan in scans)


def _require(signing: Signing, participant: Participant, half: HalfDay | None, *, came: bool, from_afar: bool) -> None:
    settings = signing.settings
    if not (may_attest(settings, participant) if from_afar else settings.asked is Asked.SCREEN):
        raise SignatureRefusedError(SignatureTrouble.NOT_ASKED)
    if half is None or (from_afar and signing.now < half.starts_at):
        raise SignatureRefusedError(SignatureTrouble.NOT_ITS_TIME)
    seated = participant.registration.status is SeatStatus.CONFIRMED
    if participant.person is None or not (seated or came):
        raise SignatureRefusedError(SignatureTrouble.NO_SEAT)
