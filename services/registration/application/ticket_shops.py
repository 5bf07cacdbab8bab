"""What organizers do with ticket shops: connect one, agree whom its tickets register, look, import, disconnect."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from services.chassis.clock import Clock
from services.registration.application.audit import current_actor
from services.registration.application.imports import LineKeys
from services.registration.application.ports import Mint, Store, Writing
from services.registration.application.shop_ports import ShopDoor
from services.registration.application.shop_rounds import ShopRounds, hash_token
from services.registration.application.shop_secrets import ShopSecrets
from services.registration.application.shop_tickets import TicketReader, TicketTaking
from services.registration.domain.audit import Act, Deed
from services.registration.domain.shop_errors import ShopConnectedError, ShopTroubleError
from services.registration.domain.ticket_shops import (
    Fate,
    Platform,
    ShopTicket,
    Standing,
    Terms,
    TicketShop,
    ToldTicket,
    Walk,
)

TOKEN = "token"  # noqa: S105  (its name among the secrets)
_PAGES_FORESEEN = 3
_LOOKED_AT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What the first orders of a shop would do; `whole` if those are all."""

    tickets: Sequence[tuple[ShopTicket, Fate]]
    whole: bool

    @property
    def fates(self) -> Mapping[Fate, int]:
        """How many would have which fate."""
        return Counter(fate for _, fate in self.tickets)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopReport:
    """What became of a shop's tickets, and some of those to look at."""

    fates: Mapping[Fate, int]
    to_look_at: Sequence[ToldTicket]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketShops:
    """The shops of all events."""

    store: Store
    clock: Clock
    mint: Mint
    door: ShopDoor
    secrets: ShopSecrets
    taking: TicketTaking
    rounds: ShopRounds

    @classmethod
    def join(
        cls,
        *,
        store: Store,
        clock: Clock,
        mint: Mint,
        door: ShopDoor,
        keys: LineKeys,
        read: TicketReader,
        secret_key: str,
    ) -> "TicketShops":
        """Join all that concerns shops over one store."""
        secrets = ShopSecrets.derive(secret_key)
        taking = TicketTaking(store=store, clock=clock, mint=mint, keys=keys, read=read)
        rounds = ShopRounds(store=store, clock=clock, mint=mint, door=door, secrets=secrets, taking=taking)
        return cls(store=store, clock=clock, mint=mint, door=door, secrets=secrets, taking=taking, rounds=rounds)

    async def connect(
        self, event_id: str, platform: Platform, settings: Mapping[str, str], secrets: Mapping[str, str]
    ) -> TicketShop:
        """Connect a shop that answers; nobody is registered by it before `agree`.

        Raises:
            EventNotFoundError: if there is no such event.
            ShopConnectedError: if it is connected to the event already.
            ShopTroubleError: if it cannot be asked.
        """
        kinds = await self.door.counter(platform, settings, secrets).kinds()
        token, now = self.mint.secret(), self.clock()
        shop = TicketShop(
            shop_id=self.mint.part_id("shop"),
            event_id=event_id,
            platform=platform,
            actor=current_actor(),
            settings=settings,
            identity=self.door.identity(platform, settings),
            sealed=self.secrets.seal({**secrets, TOKEN: token}),
            token_hash=hash_token(token),
            connected_at=now,
            standing=Standing(poll_at=now, not_before=now),
            kinds=kinds,
        )
        async with self.store.writing() as transaction:
            await transaction.event(event_id)
            await _require_new(transaction, shop)
            await transaction.save_shop(shop)
            await transaction.note(Deed(act=Act.SHOP_CONNECTED, event_id=event_id, subject=shop.shop_id))
        return shop

    async def reconnect(self, shop: TicketShop, settings: Mapping[str, str], secrets: Mapping[str, str]) -> None:
        """Ask a shop under another address or with other secrets from now on; those left out stay. Raises as that."""
        try:
            known = self.secrets.open(shop)
        except ShopTroubleError:
            # Sealed with another key: all of them are new, and so is the address of the notifications.
            known = {TOKEN: self.mint.secret()}
        secrets = {**known, **secrets}
        kinds = await self.door.counter(shop.platform, settings, secrets).kinds()
        changed = replace(
            shop,
            settings=settings,
            identity=self.door.identity(shop.platform, settings),
            sealed=self.secrets.seal(secrets),
            token_hash=hash_token(secrets[TOKEN]),
            kinds=kinds,
        )
        await self._change(changed)

    async def find(self, event_id: str, shop_id: str) -> TicketShop:
        """A shop.

        Raises:
            EventNotFoundError: if there is no such event.
            ShopNotFoundError: if it has no such shop.
        """
        async with self.store.reading() as view:
            await view.event(event_id)
            return await view.shop(event_id, shop_id)

    async def of_event(self, event_id: str) -> Sequence[TicketShop]:
        """The shops of an event, in the order they were connected.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        async with self.store.reading() as view:
            await view.event(event_id)
            return await view.shops(event_id)

    async def report(self, shop: TicketShop) -> ShopReport:
        """What became of its tickets."""
        async with self.store.reading() as view:
            looked_at = await view.tickets_to_look_at(shop.shop_id, limit=_LOOKED_AT)
            return ShopReport(fates=await view.fates(shop.shop_id), to_look_at=looked_at)

    async def tickets_of(self, event_id: str, participant_id: str) -> Sequence[ToldTicket]:
        """The tickets by which somebody is registered, in the shops' own numbers."""
        async with self.store.reading() as view:
            return await view.tickets_of(event_id, participant_id)

    async def foresee(self, shop: TicketShop, terms: Terms) -> Foreseen:
        """What the first orders would do; nothing happens.

        Raises:
            ShopTroubleError: if it cannot be asked.
        """
        counter = self.door.counter(shop.platform, shop.settings, self.secrets.open(shop))
        walk, tickets = Walk(), list[ShopTicket]()
        for _ in range(_PAGES_FORESEEN):
            some, walk = await counter.walk(walk)
            tickets += some
            if walk.page is None:
                break
        fates = await self.taking.foresee(replace(shop, terms=terms), tickets)
        return Foreseen(tickets=list(zip(tickets, fates, strict=True)), whole=walk.page is None)

    async def look_for_kinds(self, shop: TicketShop) -> TicketShop:
        """Ask what the shop sells by now.

        Raises:
            ShopTroubleError: if it cannot be asked.
        """
        kinds = await self.door.counter(shop.platform, shop.settings, self.secrets.open(shop)).kinds()
        changed = replace(shop, kinds=kinds)
        await self._change(changed)
        return changed

    async def agree(self, shop: TicketShop, terms: Terms, *, active: bool) -> None:
        """Have its tickets register people on these terms, if it is to be `active`; all orders are looked at anew."""
        async with self.store.writing() as transaction:
            await transaction.note(Deed(act=Act.SHOP_CHANGED, event_id=shop.event_id, subject=shop.shop_id))
        await self._change(replace(shop, terms=terms, active=active))

    async def import_now(self, shop: TicketShop) -> None:
        """Look at all of its orders, now; what goes wrong is kept, to be seen, and tried again."""
        await self._change(shop)
        await self.rounds.ask(await self.find(shop.event_id, shop.shop_id))

    async def disconnect(self, shop: TicketShop) -> None:
        """Forget a shop and its secrets. Whom it registered stays registered."""
        async with self.store.writing() as transaction:
            await transaction.event(shop.event_id)
            await transaction.remove_shop(shop.shop_id)
            await transaction.note(Deed(act=Act.SHOP_DISCONNECTED, event_id=shop.event_id, subject=shop.shop_id))

    def token(self, shop: TicketShop) -> str | None:
        """What its notifications show; None where it cannot be read any more."""
        try:
            return self.secrets.open(shop)[TOKEN]
        except ShopTroubleError:
            return None

    def known_secrets(self, shop: TicketShop) -> Mapping[str, str]:
        """By what a shop knows us; nothing where it cannot be read any more."""
        try:
            return {name: secret for name, secret in self.secrets.open(shop).items() if name != TOKEN}
        except ShopTroubleError:
            return {}

    async def _change(self, shop: TicketShop) -> None:
        """Save a shop, and have it asked for everything as soon as may be."""
        now = self.clock()
        async with self.store.writing() as transaction:
            await transaction.event(shop.event_id)
            await transaction.shop(shop.event_id, shop.shop_id)
            await _require_new(transaction, shop)
            anew = replace(shop.standing, poll_at=now, not_before=now, walk=Walk(), walked_all_at=None, failures=0)
            await transaction.save_shop(replace(shop, standing=anew))


async def _require_new(transaction: Writing, shop: TicketShop) -> None:
    for other in await transaction.shops(shop.event_id):
        if other.identity == shop.identity and other.shop_id != shop.shop_id:
            raise ShopConnectedError(other.shop_id)
