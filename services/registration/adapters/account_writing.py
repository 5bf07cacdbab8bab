"""What is written of accounts, sessions, desk links and the audit log."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.access import Role
from services.chassis.clock import Clock
from services.chassis.scrubbing import owe
from services.registration.adapters.account_reading import same_address
from services.registration.adapters.account_tables import (
    ACCOUNT_LETTERS,
    ACCOUNT_ROLES,
    ACCOUNTS,
    AUDIT_LOG,
    CEREMONIES,
    DESK_LINKS,
    IDENTITIES,
    PASSKEYS,
    SESSIONS,
    SIGN_IN_REQUESTS,
)
from services.registration.adapters.erasure_tables import SCRUBS
from services.registration.application.account_ports import Account, EmailedLink, Passkey, Session
from services.registration.application.audit import current_actor
from services.registration.domain.audit import Deed
from services.registration.domain.desk_days import DeskLink
from services.registration.domain.letters import LetterState


class SqlAccountWriting:
    """A transaction; implements what the ports `AccountWriting` and `AuditWriting` add to reading."""

    _connection: AsyncConnection
    _clock: Clock

    async def note(self, *deeds: Deed) -> None:
        """See the port."""
        actor = current_actor()
        await self.note_of([(deed, actor) for deed in deeds])

    async def note_of(self, deeds: Sequence[tuple[Deed, str]]) -> None:
        """Write down what each of these actors does."""
        now = self._clock()
        rows = [
            {"at": now, "actor": actor, "act": deed.act.value, "event_id": deed.event_id, "subject": deed.subject}
            for deed, actor in deeds
        ]
        if rows:
            await self._connection.execute(insert(AUDIT_LOG), rows)

    async def add_account(self, account: Account) -> None:
        """See the port."""
        await self._connection.execute(insert(ACCOUNTS).values(_values(account)))

    async def save_account(self, account: Account) -> None:
        """See the port."""
        mine = ACCOUNTS.c.account_id == account.account_id
        await self._connection.execute(update(ACCOUNTS).where(mine).values(_values(account)))

    async def delete_account(self, account_id: str) -> None:
        """See the port."""
        for table in (ACCOUNT_ROLES, IDENTITIES, PASSKEYS, ACCOUNT_LETTERS):
            await self._delete(table, table.c.account_id == account_id)
        await self._delete(SESSIONS, SESSIONS.c.holder == account_id)
        await self._delete(ACCOUNTS, ACCOUNTS.c.account_id == account_id)
        await owe(self._connection, SCRUBS, now=self._clock())

    async def save_role(self, account_id: str, event_id: str, role: Role | None, *, at: datetime) -> None:
        """See the port."""
        columns = ACCOUNT_ROLES.c
        await self._delete(ACCOUNT_ROLES, columns.account_id == account_id, columns.event_id == event_id)
        if role is not None:
            values = {"account_id": account_id, "event_id": event_id, "role": role.value, "given_at": at}
            await self._connection.execute(insert(ACCOUNT_ROLES).values(values))

    async def add_identity(self, issuer: str, subject: str, account_id: str) -> None:
        """See the port."""
        values = {"issuer": issuer, "subject": subject, "account_id": account_id}
        await self._connection.execute(insert(IDENTITIES).values(values))

    async def add_session(self, session: Session) -> None:
        """See the port."""
        await self._delete(SESSIONS, SESSIONS.c.expires_at <= session.created_at)
        values = {
            "session_id": session.session_id,
            "hash": session.hash,
            "holder": session.holder,
            "role": None if session.role is None else session.role.value,
            "device": session.device,
            "created_at": session.created_at,
            "expires_at": session.expires_at,
        }
        await self._connection.execute(insert(SESSIONS).values(values))

    async def end_session(self, session_id: str) -> bool:
        """See the port."""
        return await self._delete(SESSIONS, SESSIONS.c.session_id == session_id)

    async def add_passkey(self, passkey: Passkey) -> None:
        """See the port."""
        values = {
            "credential_id": passkey.credential_id,
            "account_id": passkey.account_id,
            "public_key": passkey.public_key,
            "sign_count": passkey.sign_count,
            "label": passkey.label,
            "created_at": passkey.created_at,
        }
        await self._connection.execute(insert(PASSKEYS).values(values))

    async def passkey_used(self, credential_id: str, *, sign_count: int, at: datetime) -> None:
        """See the port."""
        mine = PASSKEYS.c.credential_id == credential_id
        await self._connection.execute(update(PASSKEYS).where(mine).values(sign_count=sign_count, used_at=at))

    async def remove_passkey(self, account_id: str, credential_id: str) -> bool:
        """See the port."""
        columns = PASSKEYS.c
        return await self._delete(PASSKEYS, columns.account_id == account_id, columns.credential_id == credential_id)

    async def add_ceremony(self, ceremony_hash: str, kind: str, content: Mapping[str, str], *, until: datetime) -> None:
        """See the port."""
        values = {"hash": ceremony_hash, "kind": kind, "content": dict(content), "expires_at": until}
        await self._connection.execute(insert(CEREMONIES).values(values))

    async def take_ceremony(self, ceremony_hash: str, kind: str, *, now: datetime) -> Mapping[str, str] | None:
        """See the port."""
        columns = CEREMONIES.c
        await self._delete(CEREMONIES, columns.expires_at <= now)
        query = select(columns.content).where(columns.hash == ceremony_hash, columns.kind == kind)
        row = (await self._connection.execute(query)).first()
        # Two requests may have read it: whoever deletes it has it.
        taken = await self._delete(CEREMONIES, columns.hash == ceremony_hash)
        return row.content if row is not None and taken else None

    async def count_sign_in_request(self, digests: Collection[str], *, at: datetime, since: datetime) -> list[int]:
        """See the port."""
        columns = SIGN_IN_REQUESTS.c
        await self._delete(SIGN_IN_REQUESTS, columns.at < since)
        await self._connection.execute(insert(SIGN_IN_REQUESTS), [{"digest": digest, "at": at} for digest in digests])
        counted = select(columns.digest, func.count().label("requests")).where(columns.digest.in_(digests))
        rows = await self._connection.execute(counted.group_by(columns.digest))
        counts = {row.digest: row.requests for row in rows}
        return [counts[digest] for digest in digests]

    async def send_link(self, link: EmailedLink, *, at: datetime) -> None:
        """See the port."""
        values = {
            "link_id": link.link_id,
            "account_id": link.account_id,
            "kind": link.kind,
            "event_id": link.event_id,
            "role": None if link.role is None else link.role.value,
            "address": link.address,
            "until": link.until,
            "state": LetterState.OWED.value,
            "written_at": at,
            "attempts": 0,
            "due_at": at,
        }
        await self._connection.execute(insert(ACCOUNT_LETTERS).values(values))

    async def use_link(self, link_id: str, *, at: datetime) -> bool:
        """See the port."""
        columns = ACCOUNT_LETTERS.c
        mine = (columns.link_id == link_id, columns.used_at.is_(None), columns.until > at)
        used = await self._connection.execute(update(ACCOUNT_LETTERS).where(*mine).values(used_at=at))
        return used.rowcount > 0

    async def retire_links(
        self, account_id: str, kinds: Collection[str], *, at: datetime, beyond: datetime | None = None
    ) -> None:
        """See the port."""
        columns = ACCOUNT_LETTERS.c
        mine = [columns.account_id == account_id, columns.kind.in_(kinds), columns.used_at.is_(None)]
        if beyond is not None:
            mine.append(columns.until > beyond)
        await self._connection.execute(update(ACCOUNT_LETTERS).where(*mine).values(used_at=at))

    async def remove_identities(self, account_id: str) -> None:
        """See the port."""
        await self._delete(IDENTITIES, IDENTITIES.c.account_id == account_id)

    async def add_desk_link(self, link: DeskLink) -> None:
        """See the port."""
        values = {
            "link_id": link.link_id,
            "event_id": link.event_id,
            "day": link.day.isoformat(),
            "label": link.label,
            "gate": link.gate,
            "created_at": link.created_at,
        }
        await self._connection.execute(insert(DESK_LINKS).values(values))

    async def revoke_desk_link(self, event_id: str, link_id: str, *, at: datetime) -> bool:
        """See the port."""
        columns = DESK_LINKS.c
        mine = (columns.event_id == event_id, columns.link_id == link_id, columns.revoked_at.is_(None))
        revoked = await self._connection.execute(update(DESK_LINKS).where(*mine).values(revoked_at=at))
        return revoked.rowcount > 0

    async def _delete(self, table: Table, *conditions: ColumnElement[bool]) -> bool:
        deleted = await self._connection.execute(delete(table).where(*conditions))
        return deleted.rowcount > 0


def _values(account: Account) -> dict[str, Any]:
    return {
        "account_id": account.account_id,
        "name": account.name,
        "email": account.email,
        "address": same_address(account.email),
        "language": account.language,
        "role": None if account.role is None else account.role.value,
        "created_at": account.created_at,
    }
