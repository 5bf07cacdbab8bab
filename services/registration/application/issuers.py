"""Use cases about issuers: as whom documents of an event are issued, and how its certificates are made."""

from dataclasses import dataclass

from services.chassis.clock import Clock
from services.registration.application.ports import Mint, Reading, Store
from services.registration.domain.audit import Act, Deed
from services.registration.domain.certificates import CertificateSettings, NoCertificate, NoCertificateError
from services.registration.domain.event import Event
from services.registration.domain.issuers import Issuer, KnownIssuer


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuers:
    """The issuers of all events."""

    store: Store
    clock: Clock
    mint: Mint

    async def of(self, event: Event, *, others: bool) -> Issuer | None:
        """As whom documents of an event are issued.

        That is what was said for it; else what was said last for another one, if `others` may be looked at, without its
        stamp; else who answers for its data.
        """
        async with self.store.reading() as view:
            return await _issuer_of(view, event, others=others)

    async def settle(self, event: Event) -> KnownIssuer:
        """The same, kept: what was issued can be drawn again as it was.

        Raises:
            NoCertificateError: if nobody said who issues documents.
        """
        async with self.store.reading() as view:
            known = await view.issuer_of(event.event_id)
            issuer = await _issuer_of(view, event, others=False)
        if known is not None:
            return known
        if issuer is None:
            raise NoCertificateError(NoCertificate.ISSUER_INCOMPLETE, missing=["name"])
        return await self.save(event.event_id, issuer)

    async def save(self, event_id: str, issuer: Issuer) -> KnownIssuer:
        """Say as whom documents of an event are issued from now on.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        async with self.store.writing() as transaction:
            await transaction.event(event_id)
            known = await transaction.issuer_of(event_id)
            if known is not None and known.issuer == issuer:
                return known
            saved = KnownIssuer(issuer_id=self.mint.part_id("iss"), event_id=event_id, issuer=issuer)
            await transaction.save_issuer(saved, at=self.clock())
            await transaction.note(Deed(act=Act.DOCUMENT_SETTINGS_CHANGED, event_id=event_id))
        return saved

    async def settings(self, event_id: str) -> CertificateSettings:
        """How certificates of an event are made."""
        async with self.store.reading() as view:
            return await view.certificate_settings(event_id)

    async def change_settings(self, event_id: str, settings: CertificateSettings) -> None:
        """Say how certificates of an event are made.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        async with self.store.writing() as transaction:
            await transaction.event(event_id)
            if await transaction.certificate_settings(event_id) != settings:
                await transaction.save_certificate_settings(event_id, settings)
                await transaction.note(Deed(act=Act.DOCUMENT_SETTINGS_CHANGED, event_id=event_id))


async def _issuer_of(view: Reading, event: Event, *, others: bool) -> Issuer | None:
    if known := await view.issuer_of(event.event_id):
        return known.issuer
    if others and (last := await view.last_issuer()):
        return last.issuer.without_stamp
    contact = event.data_contact
    return None if contact is None else Issuer(name=contact.controller, address=contact.postal_address)
