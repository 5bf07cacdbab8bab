"""Rules of eligibility and verdicts as models."""

from typing import Annotated

from pydantic import Field

from schemas.envelope import Identifier, Instant
from services.chassis.paging import PageQuery
from services.registration.application.eligibility import Counted, Judged, KnownRules, Standing
from services.registration.domain.eligibility import (
    LONGEST_MINUTES,
    MOST_LEEWAY_SECONDS,
    MOST_REQUIREMENTS,
    Part,
    Requirement,
    Rules,
    Scope,
)
from services.registration.domain.errors import InvalidValueError
from services.registration.domain.seats import Mode
from services.registration.web.bodies import Body


class RequirementBody(Body):
    """At least `minutes` or `percent` of what `scope` says; of half-days and sessions, of each or of `at_least` some.

    Of sessions at one time one is enough. `session_id` is for the scope `session` alone.
    """

    scope: Scope
    minutes: Annotated[int, Field(ge=1, le=LONGEST_MINUTES)] | None = None
    percent: Annotated[int, Field(ge=1, le=100)] | None = None
    at_least: Annotated[int, Field(ge=1)] | None = None
    session_id: Identifier | None = None

    def value(self) -> Requirement:
        """As the domain has it."""
        return Requirement(**self.model_dump())


class RulesBody(Body):
    """What it takes to have attended; without a requirement, to have been there at all.

    `mode` is the one that counts, null for either. `leeway_seconds` may be missing of each amount. `inferred` and
    `unattributed` tell whether time counts of which an end was inferred, or the session is not known.
    """

    requirements: Annotated[tuple[RequirementBody, ...], Field(max_length=MOST_REQUIREMENTS)] = ()
    mode: Mode | None = None
    inferred: bool = True
    unattributed: bool = True
    leeway_seconds: Annotated[int, Field(ge=0, le=MOST_LEEWAY_SECONDS)] = 60

    def value(self) -> Rules:
        """As the domain has it.

        Raises:
            InvalidValueError: naming the field.
        """
        requirements = []
        for index, each in enumerate(self.requirements):
            try:
                requirements.append(each.value())
            except InvalidValueError as error:
                raise InvalidValueError(pointer=f"/requirements/{index}{error.pointer}", rule=error.rule) from error
        return Rules(
            requirements=tuple(requirements),
            mode=self.mode,
            inferred=self.inferred,
            unattributed=self.unattributed,
            leeway_seconds=self.leeway_seconds,
        )


class RulesView(RulesBody):
    """The rules that hold. `version` 0 are those of events where nobody set any.

    `documents_issued`: certificates or sheets were issued, which say what held when they were.
    """

    version: int
    changed_at: Instant | None
    changed_by: str | None
    documents_issued: bool

    @classmethod
    def of(cls, known: KnownRules, *, documents_issued: bool) -> "RulesView":
        """As they stand."""
        rules = known.rules
        return cls(
            requirements=tuple(
                RequirementBody(
                    scope=each.scope,
                    minutes=each.minutes,
                    percent=each.percent,
                    at_least=each.at_least,
                    session_id=each.session_id,
                )
                for each in rules.requirements
            ),
            mode=rules.mode,
            inferred=rules.inferred,
            unattributed=rules.unattributed,
            leeway_seconds=rules.leeway_seconds,
            version=known.version,
            changed_at=known.at,
            changed_by=known.by,
            documents_issued=documents_issued,
        )


class PartView(Body):
    """What was needed and had of the event, a half-day or a session (`id`, null for the event).

    `granted_seconds` of what was had rest on an organizer's word. `unattributed`: the session is not known.
    """

    scope: Scope
    id: str | None
    needed_seconds: int
    had_seconds: int
    granted_seconds: int
    met: bool
    unattributed: bool

    @classmethod
    def of(cls, part: Part) -> "PartView":
        """One part."""
        return cls(
            scope=part.scope,
            id=part.what or None,
            needed_seconds=part.needed_seconds,
            had_seconds=part.had_seconds,
            granted_seconds=part.granted_seconds,
            met=part.met,
            unattributed=part.unattributed,
        )


class OutcomeView(Body):
    """A requirement, by its place among them: `reached` of the `needed` parts are met."""

    requirement: int
    met: bool
    needed: int
    reached: int
    parts: list[PartView]


class VerdictView(Body):
    """What the rules say of somebody; `provisional` while the event is open. `granted`: time was granted and counts.

    `granted_seconds` are granted and were not measured: none of the other seconds contain them.
    """

    participant_id: str
    name: str | None
    eligible: bool
    provisional: bool
    as_of: Instant
    rules_version: int
    granted: bool
    total_seconds: int
    in_person_seconds: int
    remote_seconds: int
    granted_seconds: int
    outcomes: list[OutcomeView]
    contests: int
    contests_waiting: int

    @classmethod
    def of(cls, judged: Judged, *, name: str | None, version: int) -> "VerdictView":
        """Of one person."""
        record, verdict = judged.record, judged.verdict
        return cls(
            participant_id=record.participant_id,
            name=name,
            eligible=verdict.eligible,
            provisional=record.schedule.open,
            as_of=record.schedule.as_of,
            rules_version=version,
            granted=verdict.granted,
            total_seconds=record.whole.total,
            in_person_seconds=record.whole.in_person,
            remote_seconds=record.whole.remote,
            granted_seconds=record.granted_seconds,
            outcomes=[
                OutcomeView(
                    requirement=index,
                    met=each.met,
                    needed=each.needed,
                    reached=each.reached,
                    parts=[PartView.of(part) for part in each.parts],
                )
                for index, each in enumerate(verdict.outcomes)
            ],
            contests=len(judged.contests),
            contests_waiting=sum(contest.answer is None for contest in judged.contests),
        )


class PeopleQuery(PageQuery):
    """Which of the people, by id."""

    standing: Standing | None = None


class CountsView(Body):
    """How many attended enough as of an instant; `contested` are those whose contest waits for an answer."""

    as_of: Instant
    provisional: bool
    eligible: int
    not_eligible: int
    contested: int

    @classmethod
    def of(cls, counted: Counted) -> "CountsView":
        """As counted."""
        return cls(
            as_of=counted.schedule.as_of,
            provisional=counted.schedule.open,
            eligible=counted.eligible,
            not_eligible=counted.not_eligible,
            contested=counted.contested,
        )
