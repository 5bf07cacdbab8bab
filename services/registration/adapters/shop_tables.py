"""The tables of ticket shops. Their secrets are sealed; of tickets there are the shops' own ids, and no name."""

from typing import Final

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from services.chassis.database import UtcInstant
from services.registration.adapters.tables import METADATA

SHOPS: Final = Table(
    "shops",
    METADATA,
    Column("shop_id", String(40), primary_key=True),
    Column("event_id", ForeignKey("events.event_id"), nullable=False, index=True),
    Column("platform", String(20), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("settings", JSON, nullable=False),
    Column("identity", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("connected_at", UtcInstant, nullable=False),
    Column("kinds", JSON, nullable=False),
    Column("terms", JSON, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("poll_at", UtcInstant, nullable=False),
    Column("not_before", UtcInstant, nullable=False, index=True),
    Column("walk", JSON, nullable=False),
    Column("walked_all_at", UtcInstant),
    Column("answered_at", UtcInstant),
    Column("trouble", String(40)),
    Column("failures", Integer, nullable=False),
)
SHOP_NOTICES: Final = Table(
    "shop_notices",
    METADATA,
    Column("notice_id", String(40), primary_key=True),
    Column("shop_id", ForeignKey("shops.shop_id"), nullable=False),
    Column("order_id", String(60), nullable=False),
    Column("at", UtcInstant, nullable=False),
    Index("shop_notices_by_order", "shop_id", "order_id", unique=True),
)
SHOP_TICKETS: Final = Table(
    "shop_tickets",
    METADATA,
    Column("event_id", ForeignKey("events.event_id"), primary_key=True),
    Column("key", String(64), primary_key=True),
    # Not a foreign key: what became of a ticket outlives the connection, should the shop come back.
    Column("shop_id", String(40), nullable=False),
    Column("order_id", String(60), nullable=False),
    Column("position_id", String(60), nullable=False),
    Column("fate", String(20), nullable=False),
    Index("shop_tickets_by_fate", "shop_id", "fate"),
)
