"""Use cases about the guests of an event: who was in a meeting unknown, and who they may be."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from schemas.identifiers import is_guest_id
from services.registration.application.identities import Identities
from services.registration.application.neighbours import Neighbours, SeenGuest
from services.registration.application.ports import GuestLink
from services.registration.domain.audit import Act, Deed
from services.registration.domain.errors import GuestNotFoundError, GuestsUnknownError, LinkConflictError
from services.registration.domain.instants import after


class GuestState(StrEnum):
    """What is known of who a guest is."""

    OPEN = "open"
    LINKED = "linked"
    SET_ASIDE = "set_aside"
    """An organizer said that they are nobody who registered."""

    @classmethod
    def of(cls, link: GuestLink | None) -> "GuestState":
        """As the last word on a guest has it."""
        if link is None:
            return cls.OPEN
        if link.participant_id is not None:
            return cls.LINKED
        return cls.SET_ASIDE if link.set_aside else cls.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Likely:
    """A participant whose name is like a guest's; `likeness` is of 100."""

    participant_id: str
    name: str
    likeness: int


class Comparing(Protocol):
    """The participants of an event, ready to be compared with names."""

    def likeliest(self, name: str | None) -> Sequence[Likely]:
        """The few whose names are most like it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """A guest as an organizer sees them. `participant_name` is None for who is linked to somebody erased.

    `namesakes` are the other open guests who gave the same name: the same person, mostly, who came again.
    """

    seen: SeenGuest
    state: GuestState
    participant_id: str | None = None
    participant_name: str | None = None
    likely: Sequence[Likely] = ()
    namesakes: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestPage:
    """Some guests of a state, and how many there are of each; `named` is the one who was asked for by id."""

    guests: Sequence[Guest]
    counts: Mapping[GuestState, int]
    more: bool
    named: Guest | None = None


Place = tuple[datetime, str]
"""When a guest was first seen, and their id: what lists are sorted by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guests:
    """The guests of events. `compare` makes names ready for `likeliest`, `alike` says what two names have in common."""

    identities: Identities
    neighbours: Neighbours
    compare: Callable[[Mapping[str, str]], Comparing]
    alike: Callable[[str], str]

    async def page(
        self, event_id: str, *, state: GuestState | None, after: Place | None, limit: int, named: str | None = None
    ) -> GuestPage:
        """The guests of a state (or of any), the first seen first, from those after a place; and one by id.

        Raises:
            EventNotFoundError: if there is no such event.
            GuestsUnknownError: if the bridge, which knows them, does not answer.
        """
        guests, people = await self._all(event_id)
        counts = Counter(guest.state for guest in guests)
        chosen = [
            guest
            for guest in guests
            if state in {None, guest.state} and (after is None or (guest.seen.first_seen, guest.seen.guest_id) > after)
        ]
        # Among thousands of names this takes a while, in which this process has others to answer.
        shown = await asyncio.to_thread(self._suggested, chosen[:limit], people)
        return GuestPage(
            guests=shown,
            counts=counts,
            more=len(chosen) > limit,
            named=next((guest for guest in guests if guest.seen.guest_id == named), None),
        )

    async def find(self, event_id: str, guest_id: str) -> Guest:
        """One guest of an event.

        Raises:
            GuestNotFoundError: if the event has none of this id.
            EventNotFoundError, GuestsUnknownError: as `page` does.
        """
        guests, people = await self._all(event_id)
        found = [guest for guest in guests if guest.seen.guest_id == guest_id]
        if not found:
            raise GuestNotFoundError(guest_id)
        return (await asyncio.to_thread(self._suggested, found, people))[0]

    async def link(self, event_id: str, guest_id: str, participant_id: str, *, namesakes: bool = False) -> int:
        """Take a guest for a participant, and with `namesakes` every open guest of the same name; how many in all.

        Raises:
            LinkConflictError: if the guest is already taken for somebody else.
            EventNotFoundError, ParticipantNotFoundError: as `Identities.link` does.
            GuestNotFoundError: if no guest can have this id; with `namesakes` as `find` does.
            GuestsUnknownError: with `namesakes`, as `find` does.
        """
        _require_guest(guest_id)
        others = (await self.find(event_id, guest_id)).namesakes if namesakes else ()
        await self.identities.link(event_id, guest_id=guest_id, participant_id=participant_id)
        linked = 1
        for other in others:
            try:
                await self.identities.link(event_id, guest_id=other, participant_id=participant_id)
            except LinkConflictError:
                # Somebody was quicker, and thinks otherwise of this one.
                continue
            linked += 1
        return linked

    async def who_is_who(self, event_id: str, emails: Collection[str]) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """The participants that guests of an event are linked to, and those that alone have some addresses."""
        async with self.identities.store.reading() as view:
            links = await view.guest_links(event_id)
            holders = await view.holders_of(event_id, emails)
        linked = {guest: link.participant_id for guest, link in links.items() if link.participant_id is not None}
        return linked, holders

    async def set_aside(self, event_id: str, guest_id: str) -> None:
        """Say that a guest is nobody who registered. Again: nothing changes.

        Raises:
            EventNotFoundError: if there is no such event.
            GuestNotFoundError: if no guest can have this id.
            LinkConflictError: if the guest is taken for a participant.
        """
        await self._set(event_id, guest_id, aside=True)

    async def take_back(self, event_id: str, guest_id: str) -> None:
        """Undo that. Again, or where it was never said: nothing changes. Raises as `set_aside`."""
        await self._set(event_id, guest_id, aside=False)

    async def _set(self, event_id: str, guest_id: str, *, aside: bool) -> None:
        _require_guest(guest_id)
        now = self.identities.clock()
        async with self.identities.store.writing() as transaction:
            await transaction.event(event_id)
            known = await transaction.guest_link(event_id, guest_id)
            if known is not None and known.participant_id is not None:
                raise LinkConflictError(guest_id=guest_id, participant_id=known.participant_id)
            if (known is not None and known.set_aside) is aside:
                return
            at = after(known.changed_at if known else None, now=now)
            said = GuestLink(guest_id=guest_id, participant_id=None, changed_at=at, set_aside=aside)
            await transaction.save_guest_link(event_id, said)
            act = Act.GUEST_SET_ASIDE if aside else Act.GUEST_TAKEN_BACK
            await transaction.note(Deed(act=act, event_id=event_id, subject=guest_id))

    async def _all(self, event_id: str) -> tuple[list[Guest], Mapping[str, str]]:
        """The guests without suggestions, and who may be proposed."""
        async with self.identities.store.reading() as view:
            await view.event(event_id)
            links, people = await view.guest_links(event_id), await view.all_names(event_id)
            # Who cancelled is proposed to nobody, and may be linked already.
            linked = {link.participant_id for link in links.values() if link.participant_id is not None}
            names = {**people, **await view.names(event_id, sorted(linked - people.keys()))}
        seen = await self.neighbours.guests(event_id)
        if seen is None:
            raise GuestsUnknownError(event_id)
        return self._guests(seen, links, names), people

    def _guests(
        self, seen: Sequence[SeenGuest], links: Mapping[str, GuestLink], names: Mapping[str, str]
    ) -> list[Guest]:
        states = {one.guest_id: GuestState.of(links.get(one.guest_id)) for one in seen}
        called: dict[str, list[str]] = defaultdict(list)
        for one in seen:
            if states[one.guest_id] is GuestState.OPEN and one.name:
                called[self.alike(one.name)].append(one.guest_id)
        guests = []
        for one in seen:
            link = links.get(one.guest_id)
            whose = None if link is None else link.participant_id
            same = called.get(self.alike(one.name), []) if one.name else []
            guests.append(
                Guest(
                    seen=one,
                    state=states[one.guest_id],
                    participant_id=whose,
                    participant_name=None if whose is None else names.get(whose),
                    namesakes=[other for other in same if other != one.guest_id],
                )
            )
        return guests

    def _suggested(self, guests: Sequence[Guest], people: Mapping[str, str]) -> list[Guest]:
        comparing = self.compare(people)
        return [
            replace(guest, likely=comparing.likeliest(guest.seen.name)) if guest.state is GuestState.OPEN else guest
            for guest in guests
        ]


def _require_guest(guest_id: str) -> None:
    if not is_guest_id(guest_id):
        raise GuestNotFoundError(guest_id)
