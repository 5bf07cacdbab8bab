"""Use cases about signing in by a link sent by e-mail, which is good once."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from services.chassis.clock import Clock
from services.chassis.secrets import BrokenSealError, ExpiredTokenError, SecretBox
from services.registration.application.account_ports import Account, EmailedLink
from services.registration.application.ports import Mint, Store
from services.registration.application.sessions import Opened, Sessions
from services.registration.domain.errors import TooManySignInsError

SIGN_IN: Final = "sign_in"
INVITATION: Final = "invitation"
_SIGNS_IN: Final = frozenset({SIGN_IN, INVITATION})
LINK_LIFETIME: Final = timedelta(minutes=15)
WINDOW: Final = timedelta(minutes=15)
MOST_FOR_AN_ADDRESS: Final = 3
MOST_FROM_A_CLIENT: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailedLinks:
    """Seals the ids of links into their addresses: nothing that opens an account is in the database."""

    box: SecretBox
    clock: Clock
    public_url: str

    @classmethod
    def derive(cls, *, secret_key: str, clock: Clock, public_url: str) -> "EmailedLinks":
        """The links of one installation."""
        return cls(box=SecretBox.derive(secret_key, purpose="sign-in"), clock=clock, public_url=public_url)

    def url(self, link: EmailedLink) -> str:
        """The address that the letter carries."""
        token = self.box.seal_token({"link_id": link.link_id}, expires_at=link.until)
        return f"{self.public_url}/{'sign-in/link' if link.kind in _SIGNS_IN else 'account/address'}/{token}"

    def read(self, token: str) -> str | None:
        """The id of the link of an address; None if it is none of ours, or too old."""
        try:
            return str(self.box.open_token(token, now=self.clock())["link_id"])
        except (BrokenSealError, ExpiredTokenError, KeyError):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailSignIn:
    """Sends links, and lets in who comes back with one."""

    store: Store
    clock: Clock
    mint: Mint
    sessions: Sessions
    links: EmailedLinks
    digest_key: bytes

    async def ask(self, email: str, *, client: str) -> None:
        """Send a link to the account of an address. Nothing shows whether there is one.

        `client` is the network address of who asks. An address gets a few links in a quarter of an hour, and no more.

        Raises:
            TooManySignInsError: if this client asks again and again, for whichever addresses.
        """
        now = self.clock()
        digests = [digest_of(self.digest_key, "address", email), digest_of(self.digest_key, "client", client)]
        # The same is written whether the address is known or not, so that the time it takes tells nothing.
        async with self.store.writing() as transaction:
            of_address, of_client = await transaction.count_sign_in_request(digests, at=now, since=now - WINDOW)
            account = await transaction.account_of_address(email)
            if account is not None and of_address <= MOST_FOR_AN_ADDRESS and of_client <= MOST_FROM_A_CLIENT:
                link = EmailedLink(
                    link_id=self.mint.secret()[:32],
                    account_id=account.account_id,
                    kind=SIGN_IN,
                    until=now + LINK_LIFETIME,
                )
                await transaction.send_link(link, at=now)
        if of_client > MOST_FROM_A_CLIENT:
            raise TooManySignInsError(WINDOW)

    async def owner_of(self, token: str) -> Account | None:
        """Whose link it is, if it still is good; looking does not use it up."""
        link_id = self.links.read(token)
        if link_id is None:
            return None
        async with self.store.reading() as view:
            link = await view.emailed_link(link_id)
            if link is None or link.kind not in _SIGNS_IN or link.used_at is not None or link.until <= self.clock():
                return None
            return await view.account(link.account_id)

    async def redeem(self, token: str, *, device: str) -> Opened | None:
        """Use a link up: a session of its account. None if it is not valid (any more)."""
        link_id = self.links.read(token)
        if link_id is None:
            return None
        async with self.store.writing() as transaction:
            link = await transaction.emailed_link(link_id)
            if link is None or link.kind not in _SIGNS_IN or not await transaction.use_link(link_id, at=self.clock()):
                return None
            return await self.sessions.open(transaction, holder=link.account_id, device=device)


def digest_of(key: bytes, kind: str, value: str) -> str:
    """What requests are counted under, so that neither addresses nor clients are kept."""
    return hmac.new(key, f"{kind}\0{value.strip().casefold()}".encode(), hashlib.sha256).hexdigest()
