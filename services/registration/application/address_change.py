"""Use cases about another e-mail address for an account: confirmed there, and undone from the old one."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.chassis.clock import Clock
from services.registration.application.account_ports import Account, EmailedLink
from services.registration.application.audit import acting
from services.registration.application.email_sign_in import (
    INVITATION,
    MOST_FOR_AN_ADDRESS,
    SIGN_IN,
    WINDOW,
    EmailedLinks,
    digest_of,
)
from services.registration.application.ports import Mint, Store, Writing
from services.registration.domain.audit import Act, Deed
from services.registration.domain.errors import AccountNotFoundError, AddressTakenError, TooManySignInsError

CONFIRMATION: Final = "address_confirm"
"""The kind of link that is sent to the new address, which becomes the account's when it is used."""
UNDO: Final = "address_undo"
"""The kind of link that is sent to the old address, which becomes the account's again when it is used."""
CONFIRMATION_LIFETIME: Final = timedelta(days=1)
UNDO_LIFETIME: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressStep:
    """What a link of a letter does when it is used: the account gets this address."""

    kind: str
    account: Account
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressChange:
    """Changes of accounts' addresses. Who reads the mail of an address signs in, so it is never changed unconfirmed."""

    store: Store
    clock: Clock
    mint: Mint
    links: EmailedLinks
    digest_key: bytes

    async def ask(self, account_id: str, address: str) -> None:
        """Send a link to an address that is to be the account's; an earlier one that was not used is good no more.

        Nothing tells whether it is another account's: whoever reads its mail learns it there.

        Raises:
            AccountNotFoundError: if there is no such account.
            TooManySignInsError: if this is asked again and again.
        """
        now = self.clock()
        digests = [digest_of(self.digest_key, "address", address), digest_of(self.digest_key, "account", account_id)]
        async with self.store.writing() as transaction:
            await self._known(transaction, account_id)
            counts = await transaction.count_sign_in_request(digests, at=now, since=now - WINDOW)
            allowed = max(counts) <= MOST_FOR_AN_ADDRESS
            if allowed:
                await transaction.retire_links(account_id, {CONFIRMATION}, at=now)
                await self._send(transaction, account_id, CONFIRMATION, address, until=now + CONFIRMATION_LIFETIME)
        if not allowed:
            raise TooManySignInsError(WINDOW)

    async def awaited(self, account_id: str) -> str | None:
        """The address that a link was sent to and that is not confirmed yet."""
        async with self.store.reading() as view:
            link = await view.open_link(account_id, CONFIRMATION, at=self.clock())
        return None if link is None else link.address

    async def look(self, token: str) -> AddressStep | None:
        """What a link does, if it still is good; looking does not use it up."""
        link_id = self.links.read(token)
        if link_id is None:
            return None
        async with self.store.reading() as view:
            link = await view.emailed_link(link_id)
            if link is None or link.used_at is not None or link.until <= self.clock() or link.address is None:
                return None
            account = await view.account(link.account_id)
        if account is None or link.kind not in {CONFIRMATION, UNDO}:
            return None
        return AddressStep(kind=link.kind, account=account, address=link.address)

    async def use(self, token: str) -> AddressStep | None:
        """Use a link up: the account gets its address. None if it is not valid (any more).

        Undone is more than the address, as somebody else may have changed it: all sessions end, and passkeys and
        identities that may be theirs are gone.

        Raises:
            AddressTakenError: if another account has the address by now.
        """
        step, link_id, now = await self.look(token), self.links.read(token), self.clock()
        if step is None or link_id is None:
            return None
        async with self.store.writing() as transaction:
            link = await transaction.emailed_link(link_id)
            account = await transaction.account(step.account.account_id)
            if link is None or account is None or not await transaction.use_link(link_id, at=now):
                return None
            holder = await transaction.account_of_address(step.address)
            if holder is not None and holder.account_id != account.account_id:
                raise AddressTakenError
            with acting(account.account_id):
                await transaction.save_account(replace(account, email=step.address))
                await transaction.retire_links(account.account_id, {CONFIRMATION, SIGN_IN, INVITATION}, at=now)
                if step.kind == UNDO:
                    await transaction.retire_links(account.account_id, {UNDO}, at=now, beyond=link.until)
                    await self._shut_out(transaction, account.account_id, since=link.until - UNDO_LIFETIME)
                    act = Act.ACCOUNT_ADDRESS_RESTORED
                else:
                    await self._send(transaction, account.account_id, UNDO, account.email, until=now + UNDO_LIFETIME)
                    act = Act.ACCOUNT_ADDRESS_CHANGED
                await transaction.note(Deed(act=act, subject=account.account_id))
        return step

    async def _shut_out(self, transaction: Writing, account_id: str, *, since: datetime) -> None:
        """End what whoever took the account over could come back by."""
        for session in await transaction.sessions(account_id):
            await transaction.end_session(session.session_id)
            await transaction.note(Deed(act=Act.SESSION_ENDED, subject=session.session_id))
        for passkey in await transaction.passkeys(account_id):
            if passkey.created_at >= since:
                await transaction.remove_passkey(account_id, passkey.credential_id)
                await transaction.note(Deed(act=Act.PASSKEY_REMOVED, subject=account_id))
        await transaction.remove_identities(account_id)

    async def _send(self, transaction: Writing, account_id: str, kind: str, address: str, *, until: datetime) -> None:
        link = EmailedLink(
            link_id=self.mint.secret()[:32], account_id=account_id, kind=kind, until=until, address=address
        )
        await transaction.send_link(link, at=self.clock())

    async def _known(self, transaction: Writing, account_id: str) -> Account:
        account = await transaction.account(account_id)
        if account is None:
            raise AccountNotFoundError(account_id)
        return account
