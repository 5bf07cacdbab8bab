"""Use cases about contests: participants say that their attendance is not what is known of it, organizers answer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from services.chassis.clock import Clock
from services.chassis.secrets import BrokenSealError, SecretBox
from services.registration.application.audit import current_actor
from services.registration.application.eligibility_ports import SealedContest
from services.registration.application.ports import Mint, Reading, Store, Writing
from services.registration.domain.contests import (
    Answer,
    Claim,
    Contest,
    ContestNotFoundError,
    ContestRefusedError,
    ContestTrouble,
    Outcome,
    answered,
    grants_of,
    require_claimable,
    require_span,
    trouble_with_contesting,
)
from services.registration.domain.facts import AttendanceContested, ContestAnswered
from services.registration.domain.granted_time import Grant
from services.registration.domain.instants import after
from services.registration.domain.letters import Letter, LetterKind
from services.registration.domain.seats import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Contests:
    """The contests of all events. What people write is sealed: a stolen file tells nobody's reasons."""

    store: Store
    clock: Clock
    mint: Mint
    box: SecretBox

    @classmethod
    def derive(cls, secret_key: str, *, store: Store, clock: Clock, mint: Mint) -> Self:
        """Sealed with the key of this purpose."""
        return cls(store=store, clock=clock, mint=mint, box=SecretBox.derive(secret_key, purpose="contests"))

    async def of_event(self, event_id: str) -> Sequence[Contest]:
        """All of an event, the earliest first."""
        async with self.store.reading() as view:
            return await self.read(view, event_id)

    async def of_participant(self, event_id: str, participant_id: str) -> Sequence[Contest]:
        """Those of a participant, the earliest first."""
        async with self.store.reading() as view:
            return await self.read(view, event_id, [participant_id])

    async def waiting(self, event_id: str) -> int:
        """How many wait for an answer."""
        async with self.store.reading() as view:
            return await view.waiting_contests(event_id)

    async def find(self, event_id: str, contest_id: str) -> Contest:
        """One contest.

        Raises:
            ContestNotFoundError: if the event has no such contest.
        """
        async with self.store.reading() as view:
            return self._opened(await _found(view, event_id, contest_id))

    async def read(
        self, view: Reading, event_id: str, participant_ids: Collection[str] | None = None
    ) -> Sequence[Contest]:
        """Contests in a view that is open already."""
        return [self._opened(each) for each in await view.contests(event_id, participant_ids=participant_ids)]

    async def granted(
        self, event_id: str, participant_ids: Collection[str], *, as_of: datetime
    ) -> Mapping[str, Sequence[Grant]]:
        """The time that is granted to some people, as far as it was by `as_of`, in order; of the others, nothing."""
        async with self.store.reading() as view:
            contests = await self.read(view, event_id, participant_ids)
        found: dict[str, list[Grant]] = {}
        for contest in contests:
            for grant in grants_of([contest]):
                if grant.granted_at <= as_of:
                    found.setdefault(contest.participant_id, []).append(grant)
        return {whose: sorted(grants, key=_in_time) for whose, grants in found.items()}

    async def possible(self, event_id: str, participant_id: str) -> ContestTrouble | None:
        """Why a participant cannot contest now; None if they can."""
        async with self.store.reading() as view:
            event = await view.event(event_id)
            earlier = len(await view.contests(event_id, participant_ids=[participant_id]))
        return trouble_with_contesting(event, earlier, now=self.clock())

    async def contest(self, event_id: str, participant_id: str, claim: Claim) -> Contest:
        """Take a contest; it waits for an organizer.

        Raises:
            EventNotFoundError: if there is no such event.
            ParticipantNotFoundError: if the event has no such participant.
            ContestRefusedError: if it is not the time to contest, or the claim is none.
        """
        now = self.clock()
        async with self.store.writing() as transaction:
            event = await transaction.event(event_id)
            await transaction.registration(event_id, participant_id)
            earlier = await transaction.contests(event_id, participant_ids=[participant_id])
            trouble = trouble_with_contesting(event, len(earlier), now=now)
            if trouble is not None:
                raise ContestRefusedError(trouble)
            require_claimable(event, claim)
            made = Contest(
                contest_id=self.mint.part_id("contest"),
                event_id=event_id,
                participant_id=participant_id,
                at=now,
                changed_at=now,
                claim=claim,
            )
            await transaction.save_contest(self._sealed(made))
            await transaction.publish([AttendanceContested(fact_id=self.mint.fact_id(), contest=made)])
        return made

    async def uphold(self, event_id: str, contest_id: str, *, mode: Mode, start: datetime, end: datetime) -> Contest:
        """Grant time: it counts for eligibility, and presence stays what was seen.

        Raises:
            ContestNotFoundError: if the event has no such contest.
            ContestRefusedError: if it is answered already, or the span is none of the event.
        """
        async with self.store.writing() as transaction:
            event = await transaction.event(event_id)
            contest = self._opened(await _found(transaction, event_id, contest_id))
            now = after(contest.changed_at, now=self.clock())
            require_span(event, start, end)
            granted = Grant(
                contest_id=contest_id,
                mode=mode,
                start=start,
                end=end,
                granted_at=now,
                session_id=contest.claim.session_id,
            )
            answer = Answer(outcome=Outcome.UPHELD, at=now, by=current_actor(), granted=granted)
            return await self._say(transaction, answered(contest, answer), at=now)

    async def refuse(self, event_id: str, contest_id: str, *, reason: str) -> Contest:
        """Let things stand as they are, and say why.

        Raises:
            ContestNotFoundError: if the event has no such contest.
            ContestRefusedError: if it is answered already.
        """
        async with self.store.writing() as transaction:
            await transaction.event(event_id)
            contest = self._opened(await _found(transaction, event_id, contest_id))
            now = after(contest.changed_at, now=self.clock())
            answer = Answer(outcome=Outcome.REFUSED, at=now, by=current_actor(), reason=reason)
            return await self._say(transaction, answered(contest, answer), at=now)

    async def take_back(self, event_id: str, contest_id: str) -> Contest:
        """Undo the answer: the contest waits again.

        Raises:
            ContestNotFoundError: if the event has no such contest.
            ContestRefusedError: if it has no answer.
        """
        async with self.store.writing() as transaction:
            await transaction.event(event_id)
            contest = self._opened(await _found(transaction, event_id, contest_id))
            if contest.answer is None:
                raise ContestRefusedError(ContestTrouble.NOT_ANSWERED)
            # The latest word counts, so that it must be later than the one it takes back.
            at = after(contest.changed_at, now=self.clock())
            return await self._say(transaction, replace(contest, answer=None, changed_at=at), at=at)

    async def _say(self, transaction: Writing, contest: Contest, *, at: datetime) -> Contest:
        await transaction.save_contest(self._sealed(contest))
        await transaction.publish([ContestAnswered(fact_id=self.mint.fact_id(), contest=contest, at=at)])
        outcome = "withdrawn" if contest.answer is None else contest.answer.outcome.value
        letter = Letter(
            kind=LetterKind.CONTEST_ANSWERED,
            event_id=contest.event_id,
            participant_id=contest.participant_id,
            about={"contest": contest.contest_id, "outcome": outcome},
        )
        await transaction.send([letter])
        return contest

    def _sealed(self, contest: Contest) -> SealedContest:
        claim, answer = contest.claim, contest.answer
        granted = None if answer is None else answer.granted
        return SealedContest(
            contest_id=contest.contest_id,
            event_id=contest.event_id,
            participant_id=contest.participant_id,
            at=contest.at,
            changed_at=contest.changed_at,
            sealed_text=self._seal(claim.text),
            half_day_id=claim.half_day_id,
            session_id=claim.session_id,
            mode=claim.mode,
            starts_at=claim.start,
            ends_at=claim.end,
            outcome=None if answer is None else answer.outcome.value,
            answered_at=None if answer is None else answer.at,
            answered_by=None if answer is None else answer.by,
            sealed_reason=None if answer is None or answer.reason is None else self._seal(answer.reason),
            granted_mode=None if granted is None else granted.mode,
            granted_from=None if granted is None else granted.start,
            granted_until=None if granted is None else granted.end,
            granted_session_id=None if granted is None else granted.session_id,
        )

    def _opened(self, stored: SealedContest) -> Contest:
        claim = Claim(
            text=self._open(stored.sealed_text) or "",
            half_day_id=stored.half_day_id,
            session_id=stored.session_id,
            mode=stored.mode,
            start=stored.starts_at,
            end=stored.ends_at,
        )
        return Contest(
            contest_id=stored.contest_id,
            event_id=stored.event_id,
            participant_id=stored.participant_id,
            at=stored.at,
            changed_at=stored.changed_at,
            claim=claim,
            answer=self._answer(stored),
        )

    def _answer(self, stored: SealedContest) -> Answer | None:
        if stored.outcome is None or stored.answered_at is None:
            return None
        granted = None
        if stored.granted_mode and stored.granted_from and stored.granted_until:
            granted = Grant(
                contest_id=stored.contest_id,
                mode=stored.granted_mode,
                start=stored.granted_from,
                end=stored.granted_until,
                granted_at=stored.answered_at,
                session_id=stored.granted_session_id,
            )
        reason = None if stored.sealed_reason is None else self._open(stored.sealed_reason)
        return Answer(
            outcome=Outcome(stored.outcome),
            at=stored.answered_at,
            by=stored.answered_by or "",
            reason=reason,
            granted=granted,
        )

    def _seal(self, text: str) -> str:
        return self.box.seal(text.encode()).decode()

    def _open(self, sealed: str) -> str | None:
        try:
            return self.box.open(sealed.encode()).decode()
        except BrokenSealError:
            return None  # the installation's key was changed since: what was written can be read no more


def _in_time(grant: Grant) -> tuple[datetime, datetime, datetime]:
    return grant.start, grant.end, grant.granted_at


async def _found(view: Reading, event_id: str, contest_id: str) -> SealedContest:
    stored = await view.contest(event_id, contest_id)
    if stored is None:
        raise ContestNotFoundError(contest_id)
    return stored
