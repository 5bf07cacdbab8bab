"""Use cases about eligibility: the rules of events, and who attended enough by them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.chassis.clock import Clock
from services.registration.application.attendance_records import AttendanceReckoning, all_records, record_of
from services.registration.application.audit import current_actor
from services.registration.application.contests import Contests
from services.registration.application.document_ports import DocumentQuery
from services.registration.application.eligibility_ports import StoredRules
from services.registration.application.eligibility_roll import EligibilityRolls, concerned
from services.registration.application.ports import Mint, Reading, Store
from services.registration.domain.attendance_records import AttendanceRecord, Schedule
from services.registration.domain.audit import Act, Deed
from services.registration.domain.contests import Contest, grants_of
from services.registration.domain.eligibility import MOST_LEEWAY_SECONDS, Rules, Scope, Verdict, judge
from services.registration.domain.errors import InvalidValueError, Rule
from services.registration.domain.event import Event
from services.registration.domain.facts import EligibilityChanged

_AT_A_TIME: Final = 500


class Standing(StrEnum):
    """By what the list of people can be narrowed down; `contested` is for contests that wait."""

    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not_eligible"
    CONTESTED = "contested"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRules:
    """The rules of an event; `version` 0 are those that hold where nobody set any."""

    rules: Rules
    version: int = 0
    at: datetime | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A record with what was granted beside it, what the rules say of it, and what was contested about it."""

    record: AttendanceRecord
    verdict: Verdict
    contests: Sequence[Contest]

    @property
    def waits(self) -> bool:
        """Whether a contest waits for an answer."""
        return any(contest.answer is None for contest in self.contests)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How all people of an event stand by some rules, by id; `waiting` are those with a contest that waits."""

    schedule: Schedule
    rules: Rules
    eligible: Mapping[str, bool]
    waiting: frozenset[str] = frozenset()

    def standing(self, standing: Standing | None, *, after: str | None = None) -> Sequence[str]:
        """Those who stand so, by id, from after one on."""
        first = after or ""
        if standing is Standing.CONTESTED:
            return sorted(whose for whose in self.waiting if whose > first)
        wanted = {None: (True, False), Standing.ELIGIBLE: (True,), Standing.NOT_ELIGIBLE: (False,)}[standing]
        return [whose for whose, eligible in self.eligible.items() if whose > first and eligible in wanted]

    @property
    def counts(self) -> Mapping[Standing | None, int]:
        """How many stand so; None is for all."""
        eligible = sum(self.eligible.values())
        return {
            None: len(self.eligible),
            Standing.ELIGIBLE: eligible,
            Standing.NOT_ELIGIBLE: len(self.eligible) - eligible,
            Standing.CONTESTED: len(self.waiting),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPage:
    """Some people by id; `next` asks for those after them."""

    schedule: Schedule
    rules: KnownRules
    people: Sequence[Judged]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many people attended enough, as of an instant; `contested` are those with a contest that waits."""

    schedule: Schedule
    eligible: int
    not_eligible: int
    contested: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """Who attended enough, of all events."""

    store: Store
    clock: Clock
    mint: Mint
    reckoning: AttendanceReckoning
    contests: Contests
    rolls: EligibilityRolls

    async def rules(self, event_id: str) -> KnownRules:
        """The rules of an event.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        async with self.store.reading() as view:
            return await _rules(view, await view.event(event_id))

    async def change(self, event_id: str, rules: Rules) -> KnownRules:
        """Let other rules hold, whatever the state of the event; the same again changes nothing.

        Raises:
            EventNotFoundError: if there is no such event.
            InvalidValueError: if they ask for a session that the event has not.
        """
        async with self.store.writing() as transaction:
            event = await transaction.event(event_id)
            known = await _rules(transaction, event)
            sessions = {session.session_id for session in event.sessions}
            for index, each in enumerate(rules.requirements):
                if each.scope is Scope.SESSION and each.session_id not in sessions:
                    raise InvalidValueError(pointer=f"/requirements/{index}/session_id", rule=Rule.SESSION_NAMED)
            if known.version and known.rules == rules:
                return known
            stored = StoredRules(rules=rules, version=known.version + 1, at=self.clock(), by=current_actor())
            await transaction.add_eligibility_rules(event_id, stored)
            changed = EligibilityChanged(
                fact_id=self.mint.fact_id(), event_id=event_id, rules=rules, version=stored.version, at=stored.at
            )
            await transaction.publish([changed])
        return KnownRules(rules=rules, version=stored.version, at=stored.at, by=stored.by)

    async def of(self, event_id: str, participant_id: str, *, as_of: datetime | None = None) -> Judged | None:
        """What the rules say of one participant; None of whom attendance knows nothing.

        Raises:
            EventNotFoundError: if there is no such event.
            ParticipantNotFoundError: if the event has no such participant.
            AttendanceAwayError: if attendance does not answer.
        """
        async with self.store.reading() as view:
            await view.registration(event_id, participant_id)
        _, record = await record_of(self.reckoning, event_id, participant_id, as_of=as_of)
        if record is None:
            return None
        (judged,) = await self._judged(event_id, [record])
        return judged

    async def documents_issued(self, event_id: str) -> bool:
        """Whether documents of the event are in force, which say what held when they were issued."""
        async with self.store.reading() as view:
            query = DocumentQuery(event_id=event_id, limit=1, only_in_force=True)
            return bool(await view.documents(query))

    async def attended_enough(self, event_id: str, record: AttendanceRecord) -> bool:
        """Whether somebody is eligible, by their record.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        (judged,) = await self._judged(event_id, [record])
        return judged.verdict.eligible

    async def page(
        self, event_id: str, *, standing: Standing | None = None, after: str | None = None, limit: int
    ) -> JudgedPage:
        """People of an event by id, those who stand so.

        Raises:
            EventNotFoundError: if there is no such event.
            AttendanceAwayError: if attendance does not answer.
        """
        rules = await self.rules(event_id)
        if standing is not None:
            overview = await self.overview(event_id)
            wanted = overview.standing(standing, after=after)
            people = await self.some(event_id, wanted[:limit], overview)
            following = wanted[limit - 1] if len(wanted) > limit else None
            return JudgedPage(schedule=overview.schedule, rules=rules, people=people, next=following)
        found: list[Judged] = []
        more: str | None = after
        as_of: datetime | None = None
        while True:
            records = await self.reckoning.page(event_id, as_of=as_of, after=more, limit=limit + 1)
            as_of, more = records.schedule.as_of, records.next
            found += await self._judged(event_id, concerned(records))
            if more is None or len(found) > limit:
                break
        following = found[limit - 1].record.participant_id if len(found) > limit else None
        return JudgedPage(schedule=records.schedule, rules=rules, people=found[:limit], next=following)

    async def overview(self, event_id: str, *, rules: Rules | None = None) -> Overview:
        """How all people of an event stand; by `rules`, if they are not those that hold.

        Raises:
            EventNotFoundError: if there is no such event.
            AttendanceAwayError: if attendance does not answer.
        """
        async with self.store.reading() as view:
            known = await _rules(view, await view.event(event_id))
            contests = await view.contests(event_id)
        roll = await self.rolls.of(event_id, rules or known.rules)
        seen = Overview(schedule=roll.schedule, rules=rules or known.rules, eligible=roll.eligible)
        contested = sorted({each.participant_id for each in contests} & roll.eligible.keys())
        judged = await self.some(event_id, contested, seen)
        verdicts = {each.record.participant_id: each.verdict.eligible for each in judged}
        waiting = frozenset(each.record.participant_id for each in judged if each.waits)
        return replace(seen, eligible={**roll.eligible, **verdicts}, waiting=waiting)

    async def some(self, event_id: str, participant_ids: Sequence[str], overview: Overview) -> Sequence[Judged]:
        """Some people of an overview, by id.

        Raises:
            EventNotFoundError: if there is no such event.
            AttendanceAwayError: if attendance does not answer.
        """
        as_of, judged = overview.schedule.as_of, list[Judged]()
        for start in range(0, len(participant_ids), _AT_A_TIME):
            ids = participant_ids[start : start + _AT_A_TIME]
            records = await self.reckoning.page(event_id, participant_ids=ids, as_of=as_of, limit=len(ids))
            judged += await self._judged(event_id, concerned(records), rules=overview.rules)
        return judged

    async def take_along(self, event_id: str) -> tuple[Schedule, Sequence[Judged]]:
        """All people of an event by id, by the rules that hold, written down as taken.

        Raises:
            EventNotFoundError: if there is no such event.
            AttendanceAwayError: if attendance does not answer.
        """
        await self.rules(event_id)
        pages = [records async for records in all_records(self.reckoning, event_id)]
        everybody: list[Judged] = []
        for records in pages:
            everybody += await self._judged(event_id, concerned(records))
        async with self.store.writing() as transaction:
            await transaction.note(Deed(act=Act.ELIGIBILITY_EXPORTED, event_id=event_id))
        return pages[-1].schedule, everybody

    async def count(self, event_id: str) -> Counted:
        """How many attended enough, as it stands now.

        Raises:
            EventNotFoundError: if there is no such event.
            AttendanceAwayError: if attendance does not answer.
        """
        overview = await self.overview(event_id)
        counts = overview.counts
        return Counted(
            schedule=overview.schedule,
            eligible=counts[Standing.ELIGIBLE],
            not_eligible=counts[Standing.NOT_ELIGIBLE],
            contested=counts[Standing.CONTESTED],
        )

    async def _judged(
        self, event_id: str, records: Sequence[AttendanceRecord], *, rules: Rules | None = None
    ) -> Sequence[Judged]:
        ids = [record.participant_id for record in records]
        async with self.store.reading() as view:
            known = await _rules(view, await view.event(event_id))
            contests = await self.contests.read(view, event_id, ids)
        judged = []
        for record in records:
            own = [each for each in contests if each.participant_id == record.participant_id] if contests else []
            whole = replace(record, grants=grants_of(own)) if own else record
            judged.append(Judged(record=whole, verdict=judge(rules or known.rules, whole, whole.grants), contests=own))
        return judged


async def _rules(view: Reading, event: Event) -> KnownRules:
    stored = await view.eligibility_rules(event.event_id)
    if stored is None:
        return KnownRules(rules=Rules(leeway_seconds=min(MOST_LEEWAY_SECONDS, event.reconnect_grace_seconds)))
    return KnownRules(rules=stored.rules, version=stored.version, at=stored.at, by=stored.by)
