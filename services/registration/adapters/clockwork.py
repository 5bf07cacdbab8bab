"""What is done by the clock, again and again, for as long as the service runs."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from services.chassis.database import is_away
from services.chassis.scrubbing import SETTLED, Scrubbing
from services.registration.application.account_letters import AccountLetters
from services.registration.application.events import Events
from services.registration.application.letters import Letters
from services.registration.application.offers import Offers
from services.registration.application.people import People
from services.registration.application.shop_rounds import ShopRounds

log = structlog.stdlib.get_logger(__name__)


def clockwork(
    *,
    events: Events,
    offers: Offers,
    letters: Letters,
    account_letters: AccountLetters,
    begun: Mapping[str, Callable[[], Awaitable[None]]],
    shops: ShopRounds,
    people: People,
    scrubbing: Scrubbing,
) -> Mapping[str, Coroutine[Any, Any, None]]:
    """All of it by name, each to be run until the service stops."""
    return {
        "closing": close_by_the_clock(events),
        "seats": settle_seats_by_the_clock(offers),
        "letters": deliver_letters(letters),
        "account letters": deliver_letters(account_letters),
        **{name: again_and_again(carry_on, name=name) for name, carry_on in begun.items()},
        "shops": ask_shops(shops),
        "reminders": remind_by_the_clock(people),
        "scrubbing": scrub_by_the_clock(scrubbing),
    }


async def close_by_the_clock(events: Events, *, poll_seconds: float = 1.0) -> None:
    """Close events whose end and grace have passed, for ever."""

    async def close() -> None:
        for event in await events.close_due():
            log.info("event.closed_by_clock", event_id=event.event_id)

    await again_and_again(close, name="closing", poll_seconds=poll_seconds)


async def settle_seats_by_the_clock(offers: Offers, *, poll_seconds: float = 1.0) -> None:
    """Pass on the seats that nobody took in time, or came for, for ever."""

    async def settle() -> None:
        for event_id in await offers.settle_due():
            log.info("seats.settled_by_clock", event_id=event_id)

    await again_and_again(settle, name="seats", poll_seconds=poll_seconds)


async def remind_by_the_clock(people: People) -> None:
    """Remind participants of events that begin soon, for ever."""

    async def remind() -> None:
        if owed := await people.remind():
            log.info("letters.reminders_owed", reminders=owed)

    await again_and_again(remind, name="reminders", poll_seconds=60)


async def ask_shops(shops: ShopRounds) -> None:
    """Ask the ticket shops whose time has come, or that said something, for ever."""
    await again_and_again(shops.ask_due, name="shops")


async def scrub_by_the_clock(scrubbing: Scrubbing) -> None:
    """Have what was erased gone from the database's files within seconds, for ever."""

    async def scrub() -> None:
        await scrubbing.scrub_owed(settled=SETTLED)

    await again_and_again(scrub, name="scrubbing", poll_seconds=5)


async def deliver_letters(letters: Letters | AccountLetters) -> None:
    """Send letters as they come due, for ever."""

    async def deliver() -> None:
        while await letters.deliver_due():
            pass

    await again_and_again(deliver, name="letters")


async def again_and_again(work: Callable[[], Awaitable[None]], *, name: str, poll_seconds: float = 1.0) -> None:
    """Do what is due each second, for ever; while the database is away it waits.

    It asks the database again and again instead of setting an alarm: what is due may be changed by another process.
    """
    away = False
    while True:
        try:
            await work()
            away = False
        except (SQLAlchemyError, OSError) as error:
            if not is_away(error):
                raise
            if not away:
                log.warning("work.interrupted", work=name, error=type(error).__name__)
            away = True
        await asyncio.sleep(poll_seconds)
