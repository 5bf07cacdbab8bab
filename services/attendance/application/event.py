"""One event as the worker holds it: what its own facts say, and those of its people who are at hand."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import msgspec
from msgspec import Struct

from services.attendance.application.kept import KeptEventFact, KeptLink, event_fact
from services.attendance.application.known import Circle
from services.attendance.application.person import Person
from services.attendance.domain.context import EventContext, fold_context
from services.attendance.domain.facts import LinkChange

_EVER: Final = -(10**15)
_PAGE: Final = 64


class _Record(Struct):
    earlier: int
    facts: list[KeptEventFact]


_read_record: Final = msgspec.json.Decoder(_Record).decode
_read_page: Final = msgspec.json.Decoder(list[KeptEventFact]).decode


class Event:
    """What is known of an event.

    Its facts stand on pages of limited size, each a record, so that one more of thousands does not write them all anew:
    the last page is under the event's id, the full ones before it under `event_id/earlier/NNNN`.
    """

    def __init__(self, event_id: str, read: Callable[[bytes], bytes | None], *, has_people: bool) -> None:
        """Read what is kept of it; `has_people` if there is a record of anybody."""
        self.id = event_id
        self.key = event_id.encode()
        self.facts: dict[str, KeptEventFact] = {}
        self.people: dict[str, Person] = {}
        """Those at hand, by participant or guest id."""
        self.circles: dict[str, Circle | None] = {}
        """The people at hand to whom guests are linked, by whose presence it is; None where that cannot be."""
        self.asleep: set[str] = set()
        """Those not at hand whom a fact about the event may concern."""
        self.dirty: set[int] = set()
        """The pages that changed."""
        self.flushed = 0
        self._pages: list[list[str]] = [[]]
        record = read(self.key)
        if record is not None and record.startswith(b"{"):
            self._recall(_read_record(record), read)
        self.is_new = not self.facts and not has_people
        """Whether nothing was known of it: no crash can have kept some of its records and lost others."""
        self.is_consistent = self.is_new
        """Whether everybody's record is known to rest on these facts."""
        self.is_counted = not has_people
        """Whether all who are not at hand have been looked at, to see who is `asleep`."""
        self._latest_link = max(
            ((fact.time, fact.id) for fact in self.facts.values() if isinstance(fact, KeptLink)), default=(_EVER, "")
        )
        self.use(fold_context(event_fact(fact) for fact in self.facts.values()))

    def use(self, context: EventContext) -> None:
        """Go on with another context."""
        self.context = context
        changes = [change.time for changes in context.rooms.values() for change in changes[-1:]]
        closes_at = _EVER if context.closes_at is None else context.closes_at
        self.quiet_since = max(changes, default=_EVER)
        """What opens from then on has no inferred end."""
        self.quiet_since = max(self.quiet_since, closes_at)
        self.day_starts_at = _EVER if context.day_starts_at is None else context.day_starts_at

    def context_with(self, kept: KeptEventFact) -> EventContext:
        """The context that one more fact, or a better copy of one, leads to."""
        fact, replaced = event_fact(kept), self.facts.get(kept.id)
        if isinstance(fact, LinkChange) and replaced is None and (kept.time, kept.id) > self._latest_link:
            return self.context.after_link(fact)
        facts = self.facts | {kept.id: kept}
        if isinstance(fact, LinkChange) or isinstance(replaced, KeptLink):
            return fold_context(map(event_fact, facts.values()))
        # Who is linked to whom stays as it is, of however many that has been told.
        folded = fold_context(event_fact(one) for one in facts.values() if not isinstance(one, KeptLink))
        return replace(folded, links=self.context.links, guests=self.context.guests)

    def remember(self, kept: KeptEventFact, context: EventContext) -> None:
        """Add the fact that led to a context, or a better copy of it."""
        if kept.id in self.facts:
            self.dirty.add(next(number for number, page in enumerate(self._pages) if kept.id in page))
        else:
            if len(self._pages[-1]) >= _PAGE:
                # It is written under another key from now on.
                self.dirty.add(len(self._pages) - 1)
                self._pages.append([])
            self._pages[-1].append(kept.id)
            self.dirty.add(len(self._pages) - 1)
        self.facts[kept.id] = kept
        if isinstance(kept, KeptLink):
            self._latest_link = max(self._latest_link, (kept.time, kept.id))
        self.use(context)

    def write(self) -> dict[bytes, bytes | None]:
        """The records of the pages that changed."""
        records: dict[bytes, bytes | None] = {}
        for number in sorted(self.dirty):
            facts = [self.facts[fact_id] for fact_id in self._pages[number]]
            if number < len(self._pages) - 1:
                records[self._page_key(number)] = msgspec.json.encode(facts)
            else:
                records[self.key] = msgspec.json.encode(_Record(earlier=number, facts=facts))
        self.dirty.clear()
        return records

    def is_plain(self, subject: str) -> bool:
        """Whether nobody is linked to somebody, nor they to anybody."""
        return subject not in self.context.links and subject not in self.context.guests

    def _recall(self, record: _Record, read: Callable[[bytes], bytes | None]) -> None:
        pages = [_read_page(read(self._page_key(number)) or b"[]") for number in range(record.earlier)]
        pages.append(record.facts)
        self._pages = [[fact.id for fact in page] for page in pages]
        self.facts = {fact.id: fact for page in pages for fact in page}

    def _page_key(self, number: int) -> bytes:
        return b"%b/earlier/%04d" % (self.key, number)
