"""Use cases about sessions: browsers that are signed in. Every sign-in opens a new one, and only its hash is stored."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.chassis.access import Grant, Role
from services.chassis.clock import Clock
from services.registration.application.account_ports import Session
from services.registration.application.audit import acting
from services.registration.application.ports import Mint, Reading, Store, Writing
from services.registration.application.token_ports import StoredToken
from services.registration.application.tokens import TOKEN_PREFIX, Standing, Tokens, grant_of_token, hash_of
from services.registration.domain.audit import Act, Deed
from services.registration.domain.desk_days import LinkState

SESSION_PREFIX: Final = "pss_"
SESSION_LIFETIME: Final = timedelta(days=30)
ACCOUNT: Final = "acc"
DESK_LINK: Final = "dlk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session just opened: what the cookie holds, and for how long."""

    secret: str
    lifetime: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Who is signed in where; also knows the tokens, so that one question is enough for whatever a request brings."""

    store: Store
    clock: Clock
    mint: Mint
    tokens: Tokens

    async def verify(self, token: str) -> Grant | None:
        """What a token or a session allows; None if it is unknown, over or revoked."""
        found = await self.standing(token)
        return None if found is None else found.grant

    async def standing(self, token: str) -> Standing | None:
        """The same, and until when."""
        if not token.startswith(SESSION_PREFIX):
            return await self.tokens.standing(token)
        return await self.standing_of(hash_of(token))

    async def standing_of(self, session_hash: str) -> Standing | None:
        """The same of a session that is known by its hash."""
        now = self.clock()
        async with self.store.reading() as view:
            session = await view.session(session_hash)
            if session is None or session.expires_at <= now:
                return None
            return await _standing(view, session, now=now)

    async def open_with_code(self, code: str, *, device: str) -> Opened | None:
        """Use up a sign-in code: a session that is an organizer's by itself. None if it is not valid (any more)."""
        async with self.store.writing() as transaction:
            if not await transaction.take_sign_in_code(hash_of(code), now=self.clock()):
                return None
            return await self.open(transaction, holder=None, role=Role.ORGANIZER, device=device)

    async def open_with_token(self, token: str, *, device: str) -> Opened | None:
        """A session that allows what a token does, and ends with it. None if the token is not valid."""
        grant = await self.tokens.verify(token) if token.startswith(TOKEN_PREFIX) else None
        if grant is None:
            return None
        async with self.store.writing() as transaction:
            return await self.open(transaction, holder=grant.token_id, device=device)

    async def open(
        self,
        transaction: Writing,
        *,
        holder: str | None,
        device: str,
        role: Role | None = None,
        until: datetime | None = None,
    ) -> Opened:
        """Open a session in a transaction, for thirty days or until an instant."""
        now = self.clock()
        secret = f"{SESSION_PREFIX}{self.mint.secret()}"
        expires_at = now + SESSION_LIFETIME if until is None else min(until, now + SESSION_LIFETIME)
        session = Session(
            session_id=self.mint.part_id("sess"),
            hash=hash_of(secret),
            holder=holder,
            role=role,
            device=device,
            created_at=now,
            expires_at=expires_at,
        )
        await transaction.add_session(session)
        with acting(holder or session.session_id):
            await transaction.note(Deed(act=Act.SESSION_OPENED, subject=session.session_id))
        return Opened(secret=secret, lifetime=expires_at - now)

    async def of(self, holder: str) -> Sequence[Session]:
        """The sessions of a holder that are not over, the latest first."""
        now = self.clock()
        async with self.store.reading() as view:
            return [session for session in await view.sessions(holder) if session.expires_at > now]

    async def end(self, token: str) -> None:
        """End the session of this cookie; a token that a browser holds by itself is not revoked by that."""
        async with self.store.writing() as transaction:
            session = await transaction.session(hash_of(token))
            if session is not None:
                await self._end(transaction, session)

    async def end_of(self, holder: str, session_id: str) -> None:
        """End one of a holder's sessions, if it is there still."""
        await self._end_those(holder, lambda session: session.session_id == session_id)

    async def end_others(self, holder: str, *, keep: str) -> None:
        """End all sessions of a holder but one."""
        await self._end_those(holder, lambda session: session.session_id != keep)

    async def _end_those(self, holder: str, chosen: Callable[[Session], bool]) -> None:
        async with self.store.writing() as transaction:
            for session in await transaction.sessions(holder):
                if chosen(session):
                    await self._end(transaction, session)

    async def _end(self, transaction: Writing, session: Session) -> None:
        if await transaction.end_session(session.session_id):
            await transaction.note(Deed(act=Act.SESSION_ENDED, subject=session.session_id))


async def _standing(view: Reading, session: Session, *, now: datetime) -> Standing | None:
    """What a session allows now: what whoever holds it may do, as it stands."""
    holder, until = session.holder, session.expires_at
    if holder is None:
        return Standing(grant=Grant(token_id=session.session_id, role=session.role), until=until)
    if holder.startswith(f"{ACCOUNT}_"):
        account = await view.account(holder)
        if account is None:
            return None
        roles = await view.roles(holder)
        grant = Grant(token_id=session.session_id, role=account.role, roles=roles, holder=holder)
        return Standing(grant=grant, until=until)
    if holder.startswith(f"{DESK_LINK}_"):
        link = await view.desk_link(holder)
        if link is None or link.state(now) is not LinkState.OPEN:
            return None
        grant = Grant(token_id=session.session_id, role=Role.DESK, event_id=link.event_id, holder=holder)
        return Standing(grant=grant, until=min(until, link.ends_at))
    return _standing_by_token(session, await view.token_of_id(holder), now=now)


def _standing_by_token(session: Session, token: StoredToken | None, *, now: datetime) -> Standing | None:
    grant = grant_of_token(token, now=now)
    if token is None or grant is None:
        return None
    until = session.expires_at if token.expires_at is None else min(session.expires_at, token.expires_at)
    return Standing(grant=replace(grant, token_id=session.session_id, holder=session.holder), until=until)
