"""All use cases about accounts and who may do what, joined."""

from dataclasses import dataclass

from services.chassis.clock import Clock
from services.chassis.secrets import SecretBox, derive_key
from services.registration.application.account_letters import AccountComposer, AccountLetterBook, AccountLetters
from services.registration.application.accounts import Accounts
from services.registration.application.address_change import AddressChange
from services.registration.application.audit import AuditLog
from services.registration.application.desk_links import DeskLinks
from services.registration.application.desk_passes import DeskPasses
from services.registration.application.email_sign_in import EmailedLinks, EmailSignIn
from services.registration.application.federated_sign_in import FederatedSignIn, IdentityProvider
from services.registration.application.hand_over import HandOver
from services.registration.application.letters import Post
from services.registration.application.passkeys import Authenticators, Passkeys
from services.registration.application.ports import Mint, Store
from services.registration.application.sessions import Sessions
from services.registration.application.tokens import Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCases:
    """Who signs in how, and may do what; `federated` is None without an identity provider."""

    sessions: Sessions
    accounts: Accounts
    emailed: EmailSignIn
    addresses: AddressChange
    passkeys: Passkeys
    federated: FederatedSignIn | None
    hand_over: HandOver
    desk_links: DeskLinks
    desk_passes: DeskPasses
    audit: AuditLog
    letters: AccountLetters

    @classmethod
    def join(  # noqa: PLR0913  (each is one thing from outside, and named at the call)
        cls,
        *,
        store: Store,
        clock: Clock,
        mint: Mint,
        tokens: Tokens,
        secret_key: str,
        links: EmailedLinks,
        authenticators: Authenticators | None,
        provider: IdentityProvider | None,
        book: AccountLetterBook,
        composer: AccountComposer,
        post: Post | None,
    ) -> "AccountCases":
        """Join them over one store."""
        sessions = Sessions(store=store, clock=clock, mint=mint, tokens=tokens)
        digest_key = derive_key(secret_key, purpose="sign-in requests")
        return cls(
            sessions=sessions,
            accounts=Accounts(store=store, clock=clock, mint=mint, sessions=sessions),
            emailed=EmailSignIn(
                store=store,
                clock=clock,
                mint=mint,
                sessions=sessions,
                links=links,
                digest_key=digest_key,
            ),
            addresses=AddressChange(store=store, clock=clock, mint=mint, links=links, digest_key=digest_key),
            passkeys=Passkeys(store=store, clock=clock, mint=mint, sessions=sessions, authenticators=authenticators),
            hand_over=HandOver(store=store, clock=clock, mint=mint, sessions=sessions),
            federated=None
            if provider is None
            else FederatedSignIn(store=store, clock=clock, mint=mint, sessions=sessions, provider=provider),
            desk_links=DeskLinks(
                store=store,
                clock=clock,
                mint=mint,
                sessions=sessions,
                box=SecretBox.derive(secret_key, purpose="desk-link"),
                public_url=links.public_url,
            ),
            desk_passes=DeskPasses(sessions=sessions, key=derive_key(secret_key, purpose="desk-pass")),
            audit=AuditLog(store=store),
            letters=AccountLetters(store=store, book=book, composer=composer, post=post, clock=clock),
        )
