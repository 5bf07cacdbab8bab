"""What is read of accounts, sessions, desk links and the audit log."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, desc, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.access import Role
from services.registration.adapters.account_tables import (
    ACCOUNT_LETTERS,
    ACCOUNT_ROLES,
    ACCOUNTS,
    AUDIT_LOG,
    DESK_LINKS,
    IDENTITIES,
    PASSKEYS,
    SESSIONS,
)
from services.registration.adapters.tables import EVENTS
from services.registration.application.account_ports import Account, EmailedLink, Passkey, Session
from services.registration.application.audit import AuditQuery
from services.registration.domain.audit import Act, AuditEntry, Deed
from services.registration.domain.desk_days import DeskLink


class SqlAccountReading:
    """A view through one connection; implements the ports `AccountReading` and `AuditReading`."""

    _connection: AsyncConnection

    async def account(self, account_id: str) -> Account | None:
        """See the port."""
        return await self._account(select(ACCOUNTS).where(ACCOUNTS.c.account_id == account_id))

    async def account_of_address(self, address: str) -> Account | None:
        """See the port."""
        return await self._account(select(ACCOUNTS).where(ACCOUNTS.c.address == same_address(address)))

    async def account_of_identity(self, issuer: str, subject: str) -> Account | None:
        """See the port."""
        mine = (IDENTITIES.c.issuer == issuer, IDENTITIES.c.subject == subject)
        return await self._account(select(ACCOUNTS).join(IDENTITIES).where(*mine))

    async def accounts(self, account_ids: Collection[str]) -> Mapping[str, Account]:
        """See the port."""
        rows = await self._connection.execute(select(ACCOUNTS).where(ACCOUNTS.c.account_id.in_(account_ids)))
        return {row.account_id: _account_from(row) for row in rows}

    async def organizers(self) -> Sequence[Account]:
        """See the port."""
        query = select(ACCOUNTS).where(ACCOUNTS.c.role.is_not(None)).order_by(ACCOUNTS.c.name, ACCOUNTS.c.account_id)
        return [_account_from(row) for row in await self._connection.execute(query)]

    async def members(self, event_id: str) -> Sequence[tuple[Account, Role]]:
        """See the port."""
        query = (
            select(ACCOUNTS, ACCOUNT_ROLES.c.role.label("role_here"))
            .join(ACCOUNT_ROLES)
            .where(ACCOUNT_ROLES.c.event_id == event_id)
            .order_by(ACCOUNTS.c.name, ACCOUNTS.c.account_id)
        )
        return [(_account_from(row), Role(row.role_here)) for row in await self._connection.execute(query)]

    async def roles(self, account_id: str) -> Mapping[str, Role]:
        """See the port."""
        columns = ACCOUNT_ROLES.c
        query = select(columns.event_id, columns.role).where(columns.account_id == account_id)
        return {row.event_id: Role(row.role) for row in await self._connection.execute(query)}

    async def session(self, session_hash: str) -> Session | None:
        """See the port."""
        row = (await self._connection.execute(select(SESSIONS).where(SESSIONS.c.hash == session_hash))).first()
        return None if row is None else _session_from(row)

    async def sessions(self, holder: str) -> Sequence[Session]:
        """See the port."""
        columns = SESSIONS.c
        query = select(SESSIONS).where(columns.holder == holder).order_by(desc(columns.created_at), columns.session_id)
        return [_session_from(row) for row in await self._connection.execute(query)]

    async def passkey(self, credential_id: str) -> Passkey | None:
        """See the port."""
        row = (
            await self._connection.execute(select(PASSKEYS).where(PASSKEYS.c.credential_id == credential_id))
        ).first()
        return None if row is None else _passkey_from(row)

    async def passkeys(self, account_id: str) -> Sequence[Passkey]:
        """See the port."""
        query = select(PASSKEYS).where(PASSKEYS.c.account_id == account_id).order_by(PASSKEYS.c.created_at)
        return [_passkey_from(row) for row in await self._connection.execute(query)]

    async def emailed_link(self, link_id: str) -> EmailedLink | None:
        """See the port."""
        query = select(ACCOUNT_LETTERS).where(ACCOUNT_LETTERS.c.link_id == link_id)
        row = (await self._connection.execute(query)).first()
        return None if row is None else emailed_link_from(row)

    async def open_link(self, account_id: str, kind: str, *, at: datetime) -> EmailedLink | None:
        """See the port."""
        columns = ACCOUNT_LETTERS.c
        good = (columns.account_id == account_id, columns.kind == kind, columns.used_at.is_(None), columns.until > at)
        query = select(ACCOUNT_LETTERS).where(*good).order_by(desc(columns.number)).limit(1)
        row = (await self._connection.execute(query)).first()
        return None if row is None else emailed_link_from(row)

    async def desk_link(self, link_id: str) -> DeskLink | None:
        """See the port."""
        row = (await self._connection.execute(_DESK_LINKS.where(DESK_LINKS.c.link_id == link_id))).first()
        return None if row is None else _desk_link_from(row)

    async def desk_links(self, event_id: str) -> Sequence[DeskLink]:
        """See the port."""
        columns = DESK_LINKS.c
        query = _DESK_LINKS.where(columns.event_id == event_id).order_by(columns.day, columns.created_at)
        return [_desk_link_from(row) for row in await self._connection.execute(query)]

    async def audit_entries(self, query: AuditQuery) -> Sequence[AuditEntry]:
        """See the port."""
        columns = AUDIT_LOG.c
        found = select(AUDIT_LOG).order_by(desc(columns.number)).limit(query.limit)
        if query.event_id is not None:
            found = found.where(columns.event_id == query.event_id)
        if query.before is not None:
            found = found.where(columns.number < query.before)
        if query.actor is not None:
            found = found.where(columns.actor == query.actor)
        if query.subject is not None:
            found = found.where(columns.subject == query.subject)
        if query.acts:
            found = found.where(columns.act.in_([act.value for act in query.acts]))
        return [_entry_from(row) for row in await self._connection.execute(found)]

    async def _account(self, query: Select[Any]) -> Account | None:
        row = (await self._connection.execute(query)).first()
        return None if row is None else _account_from(row)


def same_address(email: str) -> str:
    """What two writings of one address have in common."""
    return email.strip().casefold()


def emailed_link_from(row: Row[Any]) -> EmailedLink:
    """A row of `account_letters`."""
    return EmailedLink(
        link_id=row.link_id,
        account_id=row.account_id,
        kind=row.kind,
        until=row.until,
        event_id=row.event_id,
        role=None if row.role is None else Role(row.role),
        used_at=row.used_at,
        address=row.address,
    )


def _account_from(row: Row[Any]) -> Account:
    return Account(
        account_id=row.account_id,
        name=row.name,
        email=row.email,
        language=row.language,
        created_at=row.created_at,
        role=None if row.role is None else Role(row.role),
    )


def _session_from(row: Row[Any]) -> Session:
    return Session(
        session_id=row.session_id,
        hash=row.hash,
        holder=row.holder,
        role=None if row.role is None else Role(row.role),
        device=row.device,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def _passkey_from(row: Row[Any]) -> Passkey:
    return Passkey(
        credential_id=row.credential_id,
        account_id=row.account_id,
        public_key=row.public_key,
        sign_count=row.sign_count,
        label=row.label,
        created_at=row.created_at,
        used_at=row.used_at,
    )


def _desk_link_from(row: Row[Any]) -> DeskLink:
    return DeskLink(
        link_id=row.link_id,
        event_id=row.event_id,
        day=date.fromisoformat(row.day),
        timezone=row.timezone,
        label=row.label,
        gate=row.gate,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
    )


def _entry_from(row: Row[Any]) -> AuditEntry:
    deed = Deed(act=Act(row.act), event_id=row.event_id, subject=row.subject)
    return AuditEntry(number=row.number, at=row.at, actor=row.actor, deed=deed)


# The zone is the event's as it is now: who corrects it moves the days of its links too.
_DESK_LINKS = select(DESK_LINKS, EVENTS.c.timezone).join(EVENTS, EVENTS.c.event_id == DESK_LINKS.c.event_id)
