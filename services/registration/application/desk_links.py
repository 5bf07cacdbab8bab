"""Use cases about desk links: what volunteers open the desk with, on the day, without an account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.chassis.clock import Clock
from services.chassis.secrets import BrokenSealError, ExpiredTokenError, SecretBox
from services.registration.application.ports import Mint, Store
from services.registration.application.sessions import DESK_LINK, Opened, Sessions
from services.registration.domain.audit import Act, Deed
from services.registration.domain.desk_days import DeskLink, LinkState, days_of
from services.registration.domain.errors import DeskLinkNotFoundError, InvalidValueError, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskLinks:
    """The desk links of all events. Their addresses hold a sealed id, so that each can be shown again, and revoked."""

    store: Store
    clock: Clock
    mint: Mint
    sessions: Sessions
    box: SecretBox
    public_url: str

    async def create(self, event_id: str, *, day: date, label: str, gate: str | None = None) -> DeskLink:
        """Make a link for one day of an event.

        Raises:
            EventNotFoundError: if there is no such event.
            InvalidValueError: if it does not take place on that day.
        """
        async with self.store.writing() as transaction:
            event = await transaction.event(event_id)
            if day not in days_of(event.starts_at, event.ends_at, event.timezone):
                raise InvalidValueError(pointer="/day", rule=Rule.DAY_OF_EVENT)
            link = DeskLink(
                link_id=self.mint.part_id(DESK_LINK),
                event_id=event_id,
                day=day,
                timezone=event.timezone,
                label=label,
                gate=gate,
                created_at=self.clock(),
            )
            await transaction.add_desk_link(link)
            await transaction.note(Deed(act=Act.DESK_LINK_CREATED, event_id=event_id, subject=link.link_id))
        return link

    async def revoke(self, event_id: str, link_id: str) -> None:
        """Make a link worthless, and all desks that were opened with it; again changes nothing.

        Raises:
            DeskLinkNotFoundError: if the event has no such link.
        """
        async with self.store.writing() as transaction:
            link = await transaction.desk_link(link_id)
            if link is None or link.event_id != event_id:
                raise DeskLinkNotFoundError(link_id)
            if await transaction.revoke_desk_link(event_id, link_id, at=self.clock()):
                await transaction.note(Deed(act=Act.DESK_LINK_REVOKED, event_id=event_id, subject=link_id))

    async def of(self, event_id: str) -> Sequence[tuple[DeskLink, LinkState]]:
        """All links of an event, by day, with what each is worth now.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        now = self.clock()
        async with self.store.reading() as view:
            await view.event(event_id)
            return [(link, link.state(now)) for link in await view.desk_links(event_id)]

    async def read(self, token: str) -> tuple[DeskLink, LinkState] | None:
        """The link of an address, and what it is worth now; None if it is none of ours."""
        try:
            link_id = str(self.box.open_token(token, now=self.clock())["link_id"])
        except (BrokenSealError, ExpiredTokenError, KeyError):
            return None
        async with self.store.reading() as view:
            link = await view.desk_link(link_id)
        return None if link is None else (link, link.state(self.clock()))

    async def open(self, token: str, *, device: str) -> tuple[DeskLink, Opened] | None:
        """Open the desk: a session until the end of the link's day. None if the link is not good now."""
        known = await self.read(token)
        if known is None or known[1] is not LinkState.OPEN:
            return None
        link = known[0]
        async with self.store.writing() as transaction:
            opened = await self.sessions.open(transaction, holder=link.link_id, device=device, until=link.ends_at)
        return link, opened

    def url(self, link: DeskLink) -> str:
        """The address of a link."""
        token = self.box.seal_token({"link_id": link.link_id}, expires_at=None)
        return f"{self.public_url}/desk-link/{token}"
