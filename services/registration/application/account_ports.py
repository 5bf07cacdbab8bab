"""What accounts need of the database: who they are, what they may do, and how they sign in."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.chassis.access import Role
from services.registration.domain.desk_days import DeskLink


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may sign in; `role` is what they are at every event, if anything."""

    account_id: str
    name: str
    email: str
    language: str
    created_at: datetime
    role: Role | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that is signed in, by the hash of what its cookie holds.

    `holder` is the account, the desk link or the token it was opened with; without one it has `role` by itself, as
    after the link that `passerelle up` prints. `device` is a browser and a system, as they call themselves.
    """

    session_id: str
    hash: str
    holder: str | None
    role: Role | None
    device: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A key that an authenticator keeps; `credential_id` in base64url."""

    credential_id: str
    account_id: str
    public_key: bytes
    sign_count: int
    label: str
    created_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailedLink:
    """A link sent to an account, good once until `until`; an invitation says to which event, and as what.

    `address` is where it is sent, if that is not the account's own: what becomes the account's when the link is used.
    """

    link_id: str
    account_id: str
    kind: str
    until: datetime
    event_id: str | None = None
    role: Role | None = None
    used_at: datetime | None = None
    address: str | None = None


class AccountReading(Protocol):
    """A consistent view of accounts, sessions and desk links."""

    async def account(self, account_id: str) -> Account | None:
        """One account."""
        ...

    async def account_of_address(self, address: str) -> Account | None:
        """The account of an e-mail address, however it is capitalised."""
        ...

    async def account_of_identity(self, issuer: str, subject: str) -> Account | None:
        """The account that an identity provider's user was linked to."""
        ...

    async def accounts(self, account_ids: Collection[str]) -> Mapping[str, Account]:
        """Those of these accounts that there are."""
        ...

    async def organizers(self) -> Sequence[Account]:
        """The accounts that have a role at every event, by name."""
        ...

    async def members(self, event_id: str) -> Sequence[tuple[Account, Role]]:
        """The accounts that have a role at this one event, by name."""
        ...

    async def roles(self, account_id: str) -> Mapping[str, Role]:
        """The roles of an account at single events."""
        ...

    async def session(self, session_hash: str) -> Session | None:
        """The session of this hash, if it was not ended."""
        ...

    async def sessions(self, holder: str) -> Sequence[Session]:
        """The sessions of a holder that were not ended, the latest first."""
        ...

    async def passkey(self, credential_id: str) -> Passkey | None:
        """One passkey."""
        ...

    async def passkeys(self, account_id: str) -> Sequence[Passkey]:
        """The passkeys of an account, in the order they were made."""
        ...

    async def emailed_link(self, link_id: str) -> EmailedLink | None:
        """A link that was sent."""
        ...

    async def open_link(self, account_id: str, kind: str, *, at: datetime) -> EmailedLink | None:
        """The latest link of a kind that was sent to an account and is good still."""
        ...

    async def desk_link(self, link_id: str) -> DeskLink | None:
        """One desk link."""
        ...

    async def desk_links(self, event_id: str) -> Sequence[DeskLink]:
        """All desk links of an event, by day."""
        ...


class AccountWriting(AccountReading, Protocol):
    """A transaction on them."""

    async def add_account(self, account: Account) -> None:
        """Insert an account; its address must be nobody's yet."""
        ...

    async def save_account(self, account: Account) -> None:
        """Replace an account."""
        ...

    async def delete_account(self, account_id: str) -> None:
        """Delete an account with all that is its own: roles, sessions, passkeys, identities, links."""
        ...

    async def save_role(self, account_id: str, event_id: str, role: Role | None, *, at: datetime) -> None:
        """Give an account a role at one event instead of the one it had; None takes it."""
        ...

    async def add_identity(self, issuer: str, subject: str, account_id: str) -> None:
        """Link an identity provider's user to an account."""
        ...

    async def add_session(self, session: Session) -> None:
        """Insert a session, and forget those that are over."""
        ...

    async def end_session(self, session_id: str) -> bool:
        """End a session; False if there is none of this id."""
        ...

    async def add_passkey(self, passkey: Passkey) -> None:
        """Insert a passkey."""
        ...

    async def passkey_used(self, credential_id: str, *, sign_count: int, at: datetime) -> None:
        """Note that a passkey was used."""
        ...

    async def remove_passkey(self, account_id: str, credential_id: str) -> bool:
        """Delete a passkey; False if the account has none of this id."""
        ...

    async def add_ceremony(self, ceremony_hash: str, kind: str, content: Mapping[str, str], *, until: datetime) -> None:
        """Keep what a sign-in under way must be answered with."""
        ...

    async def take_ceremony(self, ceremony_hash: str, kind: str, *, now: datetime) -> Mapping[str, str] | None:
        """Use up what was kept; None if it is unknown, used, of another kind or expired."""
        ...

    async def count_sign_in_request(self, digests: Collection[str], *, at: datetime, since: datetime) -> list[int]:
        """Note a request under each digest; gives how many there were under each since an instant, this one too."""
        ...

    async def send_link(self, link: EmailedLink, *, at: datetime) -> None:
        """Owe an account the letter that carries a link."""
        ...

    async def use_link(self, link_id: str, *, at: datetime) -> bool:
        """Use a link up; False if it is unknown or used, or its time is over."""
        ...

    async def retire_links(
        self, account_id: str, kinds: Collection[str], *, at: datetime, beyond: datetime | None = None
    ) -> None:
        """Use up all links of some kinds that an account was sent; with `beyond`, those that are good for longer."""
        ...

    async def remove_identities(self, account_id: str) -> None:
        """Unlink an account from all users of identity providers."""
        ...

    async def add_desk_link(self, link: DeskLink) -> None:
        """Insert a desk link."""
        ...

    async def revoke_desk_link(self, event_id: str, link_id: str, *, at: datetime) -> bool:
        """Revoke a desk link; False if the event has none of this id that is not revoked."""
        ...
