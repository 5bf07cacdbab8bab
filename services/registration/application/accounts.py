"""Use cases about accounts: who they are, and what they may do at which event."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from services.chassis.access import Grant, Role
from services.chassis.clock import Clock
from services.registration.application.account_ports import Account, EmailedLink
from services.registration.application.audit import acting
from services.registration.application.email_sign_in import INVITATION
from services.registration.application.ports import Mint, Store, Writing
from services.registration.application.sessions import ACCOUNT, Opened, Sessions
from services.registration.domain.audit import Act, Deed
from services.registration.domain.errors import AccountNotFoundError, AddressTakenError

INVITATION_LIFETIME: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """What is known of whoever gets an account."""

    name: str
    email: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The accounts of an installation. A role at every event (`event_id` None) is that of who runs the installation."""

    store: Store
    clock: Clock
    mint: Mint
    sessions: Sessions

    async def found(self, grant: Grant, somebody: Somebody, *, device: str) -> Opened:
        """Make an account of a session that has none yet, as after the link that `passerelle up` prints.

        Raises:
            AddressTakenError: if the address has an account: whoever owns it signs in by e-mail.
        """
        async with self.store.writing() as transaction:
            if await transaction.account_of_address(somebody.email) is not None:
                raise AddressTakenError
            account = self._new(somebody, role=grant.role)
            await transaction.add_account(account)
            with acting(account.account_id):
                await transaction.note(Deed(act=Act.ACCOUNT_CREATED, subject=account.account_id))
            await transaction.end_session(grant.token_id)
            return await self.sessions.open(transaction, holder=account.account_id, device=device)

    async def invite(self, somebody: Somebody, role: Role, *, event_id: str | None) -> Account:
        """Give somebody a role at an event, or at all of them, and write to them. An account of the address is kept.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        now = self.clock()
        async with self.store.writing() as transaction:
            if event_id is not None:
                await transaction.event(event_id)
            account = await transaction.account_of_address(somebody.email)
            if account is None:
                account = self._new(somebody)
                await transaction.add_account(account)
                await transaction.note(Deed(act=Act.ACCOUNT_CREATED, event_id=event_id, subject=account.account_id))
            await self._give(transaction, account, role, event_id=event_id)
            link = EmailedLink(
                link_id=self.mint.secret()[:32],
                account_id=account.account_id,
                kind=INVITATION,
                until=now + INVITATION_LIFETIME,
                event_id=event_id,
                role=role,
            )
            await transaction.send_link(link, at=now)
        return account

    async def take_role(self, account_id: str, *, event_id: str | None) -> None:
        """Take the role that an account has at an event, or at all of them; the account stays.

        Raises:
            AccountNotFoundError: if there is no such account.
        """
        async with self.store.writing() as transaction:
            account = await self._known(transaction, account_id)
            await self._give(transaction, account, None, event_id=event_id)

    async def change(self, account_id: str, *, name: str, language: str) -> None:
        """Correct the name and the language of an account.

        Raises:
            AccountNotFoundError: if there is no such account.
        """
        async with self.store.writing() as transaction:
            account = await self._known(transaction, account_id)
            changed = replace(account, name=name, language=language)
            if changed != account:
                await transaction.save_account(changed)
                await transaction.note(Deed(act=Act.ACCOUNT_CHANGED, subject=account_id))

    async def delete(self, account_id: str) -> None:
        """Delete an account with all that is its own; again changes nothing. The audit log keeps its random id."""
        async with self.store.writing() as transaction:
            if await transaction.account(account_id) is not None:
                await transaction.note(Deed(act=Act.ACCOUNT_DELETED, subject=account_id))
                await transaction.delete_account(account_id)

    async def find(self, account_id: str) -> Account:
        """One account.

        Raises:
            AccountNotFoundError: if there is none.
        """
        async with self.store.reading() as view:
            account = await view.account(account_id)
        if account is None:
            raise AccountNotFoundError(account_id)
        return account

    async def members(self, event_id: str) -> Sequence[tuple[Account, Role]]:
        """Who has a role at this event, by name.

        Raises:
            EventNotFoundError: if there is none.
        """
        async with self.store.reading() as view:
            await view.event(event_id)
            return await view.members(event_id)

    async def organizers(self) -> Sequence[Account]:
        """Who has a role at every event, by name."""
        async with self.store.reading() as view:
            return await view.organizers()

    async def names(self, account_ids: Collection[str]) -> Mapping[str, str]:
        """The names of those of these accounts that there are."""
        async with self.store.reading() as view:
            return {key: account.name for key, account in (await view.accounts(account_ids)).items()}

    async def _give(self, transaction: Writing, account: Account, role: Role | None, *, event_id: str | None) -> None:
        if event_id is None:
            await transaction.save_account(replace(account, role=role))
        else:
            await transaction.save_role(account.account_id, event_id, role, at=self.clock())
        act = Act.ROLE_TAKEN if role is None else Act.ROLE_GIVEN
        await transaction.note(Deed(act=act, event_id=event_id, subject=account.account_id))

    async def _known(self, transaction: Writing, account_id: str) -> Account:
        account = await transaction.account(account_id)
        if account is None:
            raise AccountNotFoundError(account_id)
        return account

    def _new(self, somebody: Somebody, *, role: Role | None = None) -> Account:
        return Account(
            account_id=self.mint.part_id(ACCOUNT),
            name=somebody.name,
            email=somebody.email,
            language=somebody.language,
            created_at=self.clock(),
            role=role,
        )
