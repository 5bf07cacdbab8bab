"""Use cases about signing in with an identity provider (OpenID Connect): code flow, PKCE, state and nonce."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from services.chassis.clock import Clock
from services.registration.application.audit import acting
from services.registration.application.ports import Mint, Store
from services.registration.application.sessions import Opened, Sessions
from services.registration.application.tokens import hash_of
from services.registration.domain.audit import Act, Deed
from services.registration.domain.errors import SignInRefusedError

_KIND: Final = "oidc"
_LIFETIME: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the provider says somebody is; `email` only where it has verified the address."""

    issuer: str
    subject: str
    email: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """What the browser brings back from the provider; `issuer` where the provider names itself (RFC 9207)."""

    state: str
    code: str
    issuer: str | None = None


class IdentityProvider(Protocol):
    """An OpenID provider. What does not hold raises `SignInRefusedError`."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    async def sign_in_url(self, *, state: str, nonce: str, code_challenge: str) -> str:
        """Where a browser signs in."""
        ...

    async def identify(self, back: Return, *, code_verifier: str, nonce: str) -> Identity:
        """Redeem the code, and verify who it is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A browser on its way to the provider; it keeps `secret` in its own cookie."""

    secret: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedSignIn:
    """Lets in whom the provider knows, if they have an account: by its own id for them, at first by their address."""

    store: Store
    clock: Clock
    mint: Mint
    sessions: Sessions
    provider: IdentityProvider

    async def begin(self, *, following: str) -> Departure:
        """Send a browser to the provider; `following` is where it goes on afterwards.

        Raises:
            SignInRefusedError: if the provider does not answer.
        """
        secret, state, nonce, verifier = (self.mint.secret() for _ in range(4))
        url = await self.provider.sign_in_url(state=state, nonce=nonce, code_challenge=_challenge(verifier))
        content = {"state": state, "nonce": nonce, "verifier": verifier, "following": following}
        async with self.store.writing() as transaction:
            await transaction.add_ceremony(hash_of(secret), _KIND, content, until=self.clock() + _LIFETIME)
        return Departure(secret=secret, url=url)

    async def finish(self, secret: str, back: Return, *, device: str) -> tuple[Opened, str]:
        """Let in who comes back: their session, and where they go on.

        Raises:
            SignInRefusedError: if this browser did not set out, or the provider's word does not hold, or nobody here
                is whom it names.
        """
        async with self.store.writing() as transaction:
            begun = await transaction.take_ceremony(hash_of(secret), _KIND, now=self.clock())
        if begun is None or not hmac.compare_digest(begun["state"].encode(), back.state.encode()):
            raise SignInRefusedError("stale")
        who = await self.provider.identify(back, code_verifier=begun["verifier"], nonce=begun["nonce"])
        async with self.store.writing() as transaction:
            account = await transaction.account_of_identity(who.issuer, who.subject)
            if account is None and who.email is not None:
                account = await transaction.account_of_address(who.email)
                if account is not None:
                    await transaction.add_identity(who.issuer, who.subject, account.account_id)
                    with acting(account.account_id):
                        await transaction.note(Deed(act=Act.IDENTITY_LINKED, subject=account.account_id))
            if account is None:
                raise SignInRefusedError("no_account")
            opened = await self.sessions.open(transaction, holder=account.account_id, device=device)
        return opened, begun["following"]


def _challenge(verifier: str) -> str:
    """The S256 code challenge of RFC 7636."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
