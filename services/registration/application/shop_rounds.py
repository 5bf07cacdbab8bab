"""Asking shops for their orders: by the clock, and when they say that one changed, which is kept until then."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import structlog

from services.chassis.clock import Clock
from services.registration.application.ports import Mint, Store
from services.registration.application.shop_ports import Notice, ShopCounter, ShopDoor
from services.registration.application.shop_secrets import ShopSecrets
from services.registration.application.shop_tickets import TicketTaking
from services.registration.domain.errors import RegistrationError
from services.registration.domain.shop_errors import ShopNotFoundError, ShopTroubleError
from services.registration.domain.ticket_shops import (
    POLL_EVERY,
    Standing,
    TicketShop,
    Trouble,
    Walk,
    wait_after,
)

_CLAIMED_FOR: Final = timedelta(minutes=1)
"""How long one process has a shop to itself, should it die at the next order or page, which takes far less."""
_NOTICES_AT_A_TIME: Final = 20
_LONGEST_ROUND: Final = 10.0
"""Seconds of a round, but for the page that it is at: then what the shop says by itself is heard in between."""

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopRounds:
    """The rounds to all shops. Whatever is cut off is done again, and does nothing the second time."""

    store: Store
    clock: Clock
    mint: Mint
    door: ShopDoor
    secrets: ShopSecrets
    taking: TicketTaking

    async def take_notice(self, token: str, *, headers: Mapping[str, str], body: bytes) -> None:
        """Keep word of a shop that an order changed. It is only a reason to ask the shop, whoever it came from.

        Raises:
            ShopNotFoundError: if no shop has this token.
            NoticeRefusedError: if it is not signed as it should be, or cannot be read.
        """
        digest = hash_token(token)
        async with self.store.reading() as view:
            shop = await view.shop_of_token(digest)
        if shop is None:
            raise ShopNotFoundError("")
        order_id = self.door.order_of_notice(shop, self.secrets.open(shop), headers=headers, body=body)
        if order_id is None:
            return
        notice = Notice(notice_id=self.mint.part_id("ntc"), order_id=order_id)
        async with self.store.writing() as transaction:
            await transaction.add_notice(shop.shop_id, notice, at=self.clock())

    async def ask_due(self) -> None:
        """Ask the shops whose time has come, all at once."""
        async with self.store.reading() as view:
            due = await view.due_shops(self.clock())
        for error in await asyncio.gather(*map(self.ask, due), return_exceptions=True):
            # Each shop was asked to its end: one that cannot be, for want of a database, say, does not cut others off.
            if error is not None:
                raise error

    async def ask(self, shop: TicketShop) -> None:
        """Ask a shop for what it told of and, if it is time, for what changed. What goes wrong is kept, to be seen."""
        async with self.store.writing() as transaction:
            if not await transaction.claim_shop(shop, until=self.clock() + _CLAIMED_FOR):
                return
            notices = await transaction.notices(shop.shop_id, limit=_NOTICES_AT_A_TIME)
        try:
            await self._ask(shop, notices)
        except ShopNotFoundError:
            # Disconnected while it was asked.
            return
        except ShopTroubleError as error:
            await self._note_trouble(shop, error)
        except (RegistrationError, ValueError, LookupError, TypeError) as error:
            # Nothing that a shop can say may end the service for all others.
            log.error("shop.not_understood", shop_id=shop.shop_id, error=type(error).__name__)  # noqa: TRY400
            await self._note_trouble(shop, ShopTroubleError(Trouble.UNREADABLE))

    async def _ask(self, shop: TicketShop, notices: Sequence[Notice]) -> None:
        counter = self.door.counter(shop.platform, shop.settings, self.secrets.open(shop))
        for notice in notices:
            tickets = await counter.order(notice.order_id)
            if not await self.taking.take(shop, tickets) or not await self._keep(shop, self._held(shop.standing)):
                break
            async with self.store.writing() as transaction:
                await transaction.drop_notice(notice.notice_id)
        standing = shop.standing
        if standing.poll_at <= self.clock():
            standing = await self._walk(shop, counter)
        answered = self.clock()
        well = replace(standing, answered_at=answered, trouble=None, failures=0, not_before=answered)
        await self._keep(shop, well)

    async def _walk(self, shop: TicketShop, counter: ShopCounter) -> Standing:
        """Go on with the walk for a while; the shop is asked again at once if it is not done by then."""
        loop, began, standing = asyncio.get_running_loop(), self.clock(), shop.standing
        until = loop.time() + _LONGEST_ROUND
        all_at = standing.walked_all_at
        if standing.walk.page is None and (all_at is None or all_at + counter.walks_all_every <= began):
            standing = replace(standing, walk=Walk())
        while loop.time() < until:
            of_all = standing.walk.since is None
            tickets, walk = await counter.walk(standing.walk)
            if not await self.taking.take(shop, tickets):
                break
            standing = replace(standing, walk=walk)
            if walk.page is None:
                standing = replace(standing, poll_at=began + POLL_EVERY)
                return replace(standing, walked_all_at=began) if of_all else standing
            # How far it went is kept at each page: what goes wrong on the next does not begin anew.
            if not await self._keep(shop, self._held(standing)):
                break
        return standing

    def _held(self, standing: Standing) -> Standing:
        return replace(standing, not_before=self.clock() + _CLAIMED_FOR)

    async def _keep(self, shop: TicketShop, standing: Standing) -> bool:
        """Keep how it goes; False if an organizer changed the shop meanwhile, for which the walk begins anew."""
        async with self.store.writing() as transaction:
            await transaction.event(shop.event_id)
            stands = await transaction.shop(shop.event_id, shop.shop_id)
            same = (stands.terms, stands.sealed, stands.active) == (shop.terms, shop.sealed, shop.active)
            if same:
                await transaction.save_standing(shop.shop_id, standing)
        return same

    async def _note_trouble(self, shop: TicketShop, error: ShopTroubleError) -> None:
        async with self.store.writing() as transaction:
            await transaction.event(shop.event_id)
            try:
                standing = (await transaction.shop(shop.event_id, shop.shop_id)).standing
            except ShopNotFoundError:
                return
            failures = standing.failures + 1
            until = self.clock() + max(wait_after(failures), error.wait or timedelta(0))
            # The place of a walk may be what the shop does not know any more: after a second time it begins anew.
            walk = standing.walk if failures == 1 else Walk(since=standing.walk.since)
            troubled = replace(standing, trouble=error.trouble, failures=failures, not_before=until, walk=walk)
            await transaction.save_standing(shop.shop_id, troubled)
        log.warning("shop.trouble", shop_id=shop.shop_id, trouble=error.trouble.value, failures=failures)


def hash_token(token: str) -> str:
    """How the token of a shop's notifications is kept: it has 256 random bits."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
