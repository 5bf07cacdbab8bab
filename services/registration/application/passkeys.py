"""Use cases about passkeys: add one to an account, sign in with one. Each challenge is kept here, and good once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from services.chassis.clock import Clock
from services.registration.application.account_ports import Account, Passkey
from services.registration.application.audit import acting
from services.registration.application.ports import Mint, Store
from services.registration.application.sessions import Opened, Sessions
from services.registration.application.tokens import hash_of
from services.registration.domain.audit import Act, Deed
from services.registration.domain.errors import AccountNotFoundError, SignInRefusedError

CEREMONY_LIFETIME: Final = timedelta(minutes=5)
_ADDING: Final = "passkey_adding"
_SIGNING_IN: Final = "passkey_sign_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What an authenticator is asked: `options` as JSON for the browser, with the challenge in base64url."""

    options: str
    challenge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """What an authenticator made."""

    credential_id: str
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceremony:
    """A question to an authenticator; `secret` is given back with the answer, from the browser's own cookie."""

    secret: str
    options: str


class Authenticators(Protocol):
    """The rules of WebAuthn. What does not hold raises `SignInRefusedError`."""

    @property
    def origin(self) -> str:
        """Of which pages: `https://passerelle.example.org`."""
        ...

    def ask_to_create(self, account: Account, known: Sequence[Passkey]) -> Question:
        """Ask for a new key of an account, on an authenticator that has none of those known."""
        ...

    def created(self, answer: str, *, challenge: str) -> NewKey:
        """The key that was made, as the browser tells it in JSON."""
        ...

    def ask_to_sign_in(self) -> Question:
        """Ask for any key that is known here."""
        ...

    def credential_of(self, answer: str) -> str:
        """The id of the key that answers."""
        ...

    def signed(self, answer: str, *, challenge: str, passkey: Passkey) -> int:
        """Check the signature; gives how often the key has signed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkeys:
    """The passkeys of all accounts. `authenticators` is None where browsers have no passkeys: without a domain name."""

    store: Store
    clock: Clock
    mint: Mint
    sessions: Sessions
    authenticators: Authenticators | None

    async def of(self, account_id: str) -> Sequence[Passkey]:
        """The passkeys of an account, in the order they were made."""
        async with self.store.reading() as view:
            return await view.passkeys(account_id)

    async def begin_adding(self, account_id: str) -> Ceremony:
        """Ask an authenticator for a new key.

        Raises:
            AccountNotFoundError: if there is no such account.
            SignInRefusedError: if there are no passkeys here.
        """
        async with self.store.reading() as view:
            account, known = await view.account(account_id), await view.passkeys(account_id)
        if account is None:
            raise AccountNotFoundError(account_id)
        question = self._rules().ask_to_create(account, known)
        return await self._keep(_ADDING, question, account_id=account_id)

    async def add(self, account_id: str, *, secret: str, answer: str, label: str) -> None:
        """Keep the key that an authenticator made.

        Raises:
            SignInRefusedError: if it does not answer a question asked of this account, or is known already.
        """
        now = self.clock()
        async with self.store.writing() as transaction:
            asked = await transaction.take_ceremony(hash_of(secret), _ADDING, now=now)
        if asked is None or asked["account_id"] != account_id:
            raise SignInRefusedError("stale")
        key = self._rules().created(answer, challenge=asked["challenge"])
        async with self.store.writing() as transaction:
            if await transaction.passkey(key.credential_id) is not None:
                raise SignInRefusedError("known")
            passkey = Passkey(
                credential_id=key.credential_id,
                account_id=account_id,
                public_key=key.public_key,
                sign_count=key.sign_count,
                label=label,
                created_at=now,
            )
            await transaction.add_passkey(passkey)
            await transaction.note(Deed(act=Act.PASSKEY_ADDED, subject=account_id))

    async def remove(self, account_id: str, credential_id: str) -> None:
        """Forget a key; again changes nothing."""
        async with self.store.writing() as transaction:
            if await transaction.remove_passkey(account_id, credential_id):
                await transaction.note(Deed(act=Act.PASSKEY_REMOVED, subject=account_id))

    async def begin_sign_in(self) -> Ceremony:
        """Ask for any key that is known here.

        Raises:
            SignInRefusedError: if there are no passkeys here.
        """
        return await self._keep(_SIGNING_IN, self._rules().ask_to_sign_in())

    async def sign_in(self, *, secret: str, answer: str, device: str) -> Opened:
        """Let in whoever has the key.

        Raises:
            SignInRefusedError: if it is not known, or does not answer a question of ours, or signed something else.
        """
        now = self.clock()
        async with self.store.writing() as transaction:
            asked = await transaction.take_ceremony(hash_of(secret), _SIGNING_IN, now=now)
        if asked is None:
            raise SignInRefusedError("stale")
        rules = self._rules()
        async with self.store.writing() as transaction:
            passkey = await transaction.passkey(rules.credential_of(answer))
            if passkey is None:
                raise SignInRefusedError("unknown")
            count = rules.signed(answer, challenge=asked["challenge"], passkey=passkey)
            with acting(passkey.account_id):
                await transaction.passkey_used(passkey.credential_id, sign_count=count, at=now)
                return await self.sessions.open(transaction, holder=passkey.account_id, device=device)

    def _rules(self) -> Authenticators:
        if self.authenticators is None:
            raise SignInRefusedError("no_passkeys_here")
        return self.authenticators

    async def _keep(self, kind: str, question: Question, **content: str) -> Ceremony:
        secret = self.mint.secret()
        until: datetime = self.clock() + CEREMONY_LIFETIME
        kept = {"challenge": question.challenge, **content}
        async with self.store.writing() as transaction:
            await transaction.add_ceremony(hash_of(secret), kind, kept, until=until)
        return Ceremony(secret=secret, options=question.options)
