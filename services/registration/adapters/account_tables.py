"""The tables of accounts, sessions and the audit log. `accounts` alone says whose an account is."""

from typing import Final

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, LargeBinary, String, Table, Text

from services.chassis.database import RowNumber, UtcInstant
from services.registration.adapters.tables import METADATA

ACCOUNTS: Final = Table(
    "accounts",
    METADATA,
    Column("account_id", String(40), primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("address", Text, nullable=False, unique=True),
    Column("language", String(35), nullable=False),
    Column("role", String(20)),
    Column("created_at", UtcInstant, nullable=False),
)
ACCOUNT_ROLES: Final = Table(
    "account_roles",
    METADATA,
    Column("account_id", ForeignKey("accounts.account_id"), primary_key=True),
    Column("event_id", ForeignKey("events.event_id"), primary_key=True, index=True),
    Column("role", String(20), nullable=False),
    Column("given_at", UtcInstant, nullable=False),
)
IDENTITIES: Final = Table(
    "account_identities",
    METADATA,
    Column("issuer", String(500), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False, index=True),
)
PASSKEYS: Final = Table(
    "passkeys",
    METADATA,
    Column("credential_id", String(1400), primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False, index=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("label", String(100), nullable=False),
    Column("created_at", UtcInstant, nullable=False),
    Column("used_at", UtcInstant),
)
SESSIONS: Final = Table(
    "sessions",
    METADATA,
    Column("session_id", String(40), primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),
    # An account, a desk link or a token: which, its first letters say.
    Column("holder", String(40), index=True),
    Column("role", String(20)),
    Column("device", String(100), nullable=False),
    Column("created_at", UtcInstant, nullable=False),
    Column("expires_at", UtcInstant, nullable=False, index=True),
)
CEREMONIES: Final = Table(
    "ceremonies",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("content", JSON, nullable=False),
    Column("expires_at", UtcInstant, nullable=False, index=True),
)
SIGN_IN_REQUESTS: Final = Table(
    "sign_in_requests",
    METADATA,
    Column("number", RowNumber, primary_key=True, autoincrement=True),
    Column("digest", String(64), nullable=False),
    Column("at", UtcInstant, nullable=False, index=True),
    Index("sign_in_requests_by_digest", "digest", "at"),
)
ACCOUNT_LETTERS: Final = Table(
    "account_letters",
    METADATA,
    Column("number", RowNumber, primary_key=True, autoincrement=True),
    Column("link_id", String(40), nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("event_id", ForeignKey("events.event_id")),
    Column("role", String(20)),
    Column("address", Text),
    Column("until", UtcInstant, nullable=False),
    Column("used_at", UtcInstant),
    Column("state", String(20), nullable=False),
    Column("written_at", UtcInstant, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("due_at", UtcInstant, index=True),
    Column("reason", String(100)),
)
DESK_LINKS: Final = Table(
    "desk_links",
    METADATA,
    Column("link_id", String(40), primary_key=True),
    Column("event_id", ForeignKey("events.event_id"), nullable=False, index=True),
    Column("day", String(10), nullable=False),
    Column("label", String(100), nullable=False),
    Column("gate", String(100)),
    Column("created_at", UtcInstant, nullable=False),
    Column("revoked_at", UtcInstant),
)
AUDIT_LOG: Final = Table(
    "audit_log",
    METADATA,
    Column("number", RowNumber, primary_key=True, autoincrement=True),
    Column("at", UtcInstant, nullable=False),
    Column("actor", String(40), nullable=False),
    Column("act", String(40), nullable=False),
    Column("event_id", String(200)),
    Column("subject", String(200)),
    Index("audit_log_of_event", "event_id", "number"),
    Index("audit_log_of_actor", "actor", "number"),
)
