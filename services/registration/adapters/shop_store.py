"""Ticket shops in the SQL store."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Row, delete, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registration.adapters.import_tables import IMPORTED_LINES
from services.registration.adapters.shop_tables import SHOP_NOTICES, SHOP_TICKETS, SHOPS
from services.registration.adapters.tables import EVENTS
from services.registration.application.shop_ports import Notice
from services.registration.domain.event import EventStatus
from services.registration.domain.shop_errors import ShopNotFoundError
from services.registration.domain.ticket_shops import (
    WELL,
    Fate,
    Platform,
    Standing,
    Terms,
    TicketKind,
    TicketShop,
    ToldTicket,
    Trouble,
    Walk,
)

_TERMS: Final = TypeAdapter(Terms)


class SqlShopReading:
    """A view of shops through one connection; implements the port `ShopReading`."""

    _connection: AsyncConnection

    async def shop(self, event_id: str, shop_id: str) -> TicketShop:
        """See the port."""
        query = select(SHOPS).where(SHOPS.c.event_id == event_id, SHOPS.c.shop_id == shop_id)
        row = (await self._connection.execute(query)).first()
        if row is None:
            raise ShopNotFoundError(shop_id)
        return _shop(row)

    async def shops(self, event_id: str) -> Sequence[TicketShop]:
        """See the port."""
        query = select(SHOPS).where(SHOPS.c.event_id == event_id).order_by(SHOPS.c.connected_at, SHOPS.c.shop_id)
        return [_shop(row) for row in await self._connection.execute(query)]

    async def shop_of_token(self, token_hash: str) -> TicketShop | None:
        """See the port."""
        row = (await self._connection.execute(select(SHOPS).where(SHOPS.c.token_hash == token_hash))).first()
        return None if row is None else _shop(row)

    async def notices(self, shop_id: str, *, limit: int) -> Sequence[Notice]:
        """See the port."""
        said = SHOP_NOTICES.c
        query = select(SHOP_NOTICES).where(said.shop_id == shop_id).order_by(said.at, said.notice_id).limit(limit)
        rows = await self._connection.execute(query)
        return [Notice(notice_id=row.notice_id, order_id=row.order_id) for row in rows]

    async def due_shops(self, now: datetime) -> Sequence[TicketShop]:
        """See the port."""
        said_something = exists().where(SHOP_NOTICES.c.shop_id == SHOPS.c.shop_id)
        query = (
            select(SHOPS)
            .join(EVENTS, EVENTS.c.event_id == SHOPS.c.event_id)
            .where(
                SHOPS.c.not_before <= now,
                SHOPS.c.active,
                EVENTS.c.status == EventStatus.PUBLISHED.value,
                or_(SHOPS.c.poll_at <= now, said_something),
            )
            .order_by(SHOPS.c.poll_at)
        )
        return [_shop(row) for row in await self._connection.execute(query)]

    async def fates(self, shop_id: str) -> Mapping[Fate, int]:
        """See the port."""
        told = SHOP_TICKETS.c
        query = select(told.fate, func.count().label("number")).where(told.shop_id == shop_id).group_by(told.fate)
        return {Fate(row.fate): row.number for row in await self._connection.execute(query)}

    async def told_tickets(self, event_id: str, keys: Collection[str]) -> Mapping[str, ToldTicket]:
        """See the port."""
        told = SHOP_TICKETS.c
        query = select(SHOP_TICKETS).where(told.event_id == event_id, told.key.in_(keys))
        return {row.key: _told(row) for row in await self._connection.execute(query)}

    async def tickets_of(self, event_id: str, participant_id: str) -> Sequence[ToldTicket]:
        """See the port."""
        told, line = SHOP_TICKETS.c, IMPORTED_LINES.c
        same = (line.event_id == told.event_id) & (line.key == told.key)
        query = select(SHOP_TICKETS).join(IMPORTED_LINES, same).order_by(told.order_id, told.position_id)
        mine = (told.event_id == event_id, line.participant_id == participant_id)
        return [_told(row) for row in await self._connection.execute(query.where(*mine))]

    async def sold_on(self, event_id: str, keys: Collection[str]) -> Mapping[str, Platform]:
        """See the port."""
        told = SHOP_TICKETS.c
        query = select(told.key, SHOPS.c.platform).join(SHOPS, SHOPS.c.shop_id == told.shop_id)
        rows = await self._connection.execute(query.where(told.event_id == event_id, told.key.in_(keys)))
        return {row.key: Platform(row.platform) for row in rows}

    async def tickets_to_look_at(self, shop_id: str, *, limit: int) -> Sequence[ToldTicket]:
        """See the port."""
        told = SHOP_TICKETS.c
        well = [fate.value for fate in WELL]
        query = select(SHOP_TICKETS).where(told.shop_id == shop_id, told.fate.not_in(well))
        rows = await self._connection.execute(query.order_by(told.order_id, told.position_id).limit(limit))
        return [_told(row) for row in rows]


class SqlShopWriting(SqlShopReading):
    """A transaction on them; implements the port `ShopWriting`."""

    async def save_shop(self, shop: TicketShop) -> None:
        """See the port."""
        values = {
            "event_id": shop.event_id,
            "platform": shop.platform.value,
            "actor": shop.actor,
            "settings": dict(shop.settings),
            "identity": shop.identity,
            "sealed": shop.sealed,
            "token_hash": shop.token_hash,
            "connected_at": shop.connected_at,
            "kinds": [asdict(kind) for kind in shop.kinds],
            "terms": _TERMS.dump_python(shop.terms, mode="json"),
            "active": shop.active,
            **_standing_values(shop.standing),
        }
        mine = SHOPS.c.shop_id == shop.shop_id
        if not (await self._connection.execute(update(SHOPS).where(mine).values(values))).rowcount:
            await self._connection.execute(insert(SHOPS).values(shop_id=shop.shop_id, **values))

    async def save_standing(self, shop_id: str, standing: Standing) -> None:
        """See the port."""
        mine = SHOPS.c.shop_id == shop_id
        await self._connection.execute(update(SHOPS).where(mine).values(_standing_values(standing)))

    async def claim_shop(self, shop: TicketShop, *, until: datetime) -> bool:
        """See the port."""
        unclaimed = (SHOPS.c.shop_id == shop.shop_id, SHOPS.c.not_before == shop.standing.not_before)
        claimed = await self._connection.execute(update(SHOPS).where(*unclaimed).values(not_before=until))
        return claimed.rowcount > 0

    async def remove_shop(self, shop_id: str) -> None:
        """See the port."""
        for table in (SHOP_NOTICES, SHOPS):
            await self._connection.execute(delete(table).where(table.c.shop_id == shop_id))

    async def add_notice(self, shop_id: str, notice: Notice, *, at: datetime) -> None:
        """See the port."""
        # Two words of one order wait for each other here, and for whoever disconnects the shop.
        connected = select(SHOPS.c.shop_id).where(SHOPS.c.shop_id == shop_id).with_for_update()
        if await self._connection.scalar(connected) is None:
            return
        # A new row: whoever looks at the order now, and drops the earlier word, may have asked before the change.
        said = SHOP_NOTICES.c
        earlier = (said.shop_id == shop_id, said.order_id == notice.order_id)
        await self._connection.execute(delete(SHOP_NOTICES).where(*earlier))
        values = {"notice_id": notice.notice_id, "shop_id": shop_id, "order_id": notice.order_id, "at": at}
        await self._connection.execute(insert(SHOP_NOTICES).values(values))

    async def drop_notice(self, notice_id: str) -> None:
        """See the port."""
        await self._connection.execute(delete(SHOP_NOTICES).where(SHOP_NOTICES.c.notice_id == notice_id))

    async def tell_tickets(self, event_id: str, shop_id: str, told: Sequence[ToldTicket]) -> None:
        """See the port."""
        before = await self.told_tickets(event_id, [ticket.key for ticket in told])
        for ticket in told:
            columns = SHOP_TICKETS.c
            values = {
                "shop_id": shop_id,
                "order_id": ticket.order_id,
                "position_id": ticket.position_id,
                "fate": ticket.fate.value,
            }
            if ticket.key in before:
                mine = (columns.event_id == event_id, columns.key == ticket.key)
                await self._connection.execute(update(SHOP_TICKETS).where(*mine).values(values))
            else:
                await self._connection.execute(insert(SHOP_TICKETS).values(event_id=event_id, key=ticket.key, **values))


def _standing_values(standing: Standing) -> dict[str, Any]:
    return {
        "poll_at": standing.poll_at,
        "not_before": standing.not_before,
        "walk": asdict(standing.walk),
        "walked_all_at": standing.walked_all_at,
        "answered_at": standing.answered_at,
        "trouble": None if standing.trouble is None else standing.trouble.value,
        "failures": standing.failures,
    }


def _shop(row: Row[Any]) -> TicketShop:
    return TicketShop(
        shop_id=row.shop_id,
        event_id=row.event_id,
        platform=Platform(row.platform),
        actor=row.actor,
        settings=row.settings,
        identity=row.identity,
        sealed=row.sealed,
        token_hash=row.token_hash,
        connected_at=row.connected_at,
        kinds=[TicketKind(**kind) for kind in row.kinds],
        terms=_TERMS.validate_python(row.terms),
        active=row.active,
        standing=Standing(
            poll_at=row.poll_at,
            not_before=row.not_before,
            walk=Walk(**row.walk),
            walked_all_at=row.walked_all_at,
            answered_at=row.answered_at,
            trouble=None if row.trouble is None else Trouble(row.trouble),
            failures=row.failures,
        ),
    )


def _told(row: Row[Any]) -> ToldTicket:
    return ToldTicket(key=row.key, order_id=row.order_id, position_id=row.position_id, fate=Fate(row.fate))
