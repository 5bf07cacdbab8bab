"""Whom a figure counts: each has a name, by which those it counts can be listed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from services.attendance.domain.facts import Mode, Registration
from services.attendance.domain.heads import Heads
from services.attendance.domain.report.attendees import Attendee

Group: TypeAlias = str
"""`came:remote`, `session:ses_1:both`, `half_day:2026-11-24/morning`: what is counted, where, in which mode."""

IN_PERSON: Final = "in_person"
REMOTE: Final = "remote"
BOTH: Final = "both"


@dataclass(slots=True)
class Groups:
    """The groups of a report as they are found, each in the order of its members."""

    found: dict[Group, tuple[str, ...]] = field(default_factory=dict)

    def put(self, group: Group, members: Iterable[str]) -> int:
        """Keep who is in a group; gives how many."""
        self.found[group] = tuple(members)
        return len(self.found[group])

    def put_by_mode(self, group: Group, members: "Members") -> Heads:
        """Keep who is in a group, and who of them on site, remote and in both; gives how many."""
        self.put(group, members.everybody)
        return Heads(
            in_person=self.put(f"{group}:{IN_PERSON}", members.in_person),
            remote=self.put(f"{group}:{REMOTE}", members.remote),
            both=self.put(f"{group}:{BOTH}", members.both),
        )


@dataclass(frozen=True, slots=True)
class Members:
    """Who is in a group as it is found, each in their modes: subjects in order."""

    everybody: list[str] = field(default_factory=list)
    in_person: list[str] = field(default_factory=list)
    remote: list[str] = field(default_factory=list)
    both: list[str] = field(default_factory=list)

    def add(self, subject: str, *, here: bool, there: bool) -> None:
        """Take in somebody."""
        self.everybody.append(subject)
        if here:
            self.in_person.append(subject)
        if there:
            self.remote.append(subject)
            if here:
                self.both.append(subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """How many people there were to count, each once; of `came`, `both` are those who came in each mode at some time.

    `absent` are those who have a seat and were never seen; `guests` those who came whom no registration claims.
    """

    registered: Mapping[Mode, int]
    waitlisted: int
    cancelled: int
    came: Heads
    guests: int
    absent: Mapping[Mode, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Shared connections, apart from people: how many, how many of them came, and how many are attested behind them."""

    registered: int
    came: int
    headcount_registered: int
    headcount_came: int


def people_of(persons: Sequence[Attendee], groups: Groups) -> People:
    """Count who registered, who came, and who did not."""

    def by_mode(group: Group, chosen: Callable[[Attendee], bool]) -> Mapping[Mode, int]:
        found = [one for one in persons if one.has_seat and chosen(one)]
        groups.put(group, (one.subject for one in found))
        return {
            mode: groups.put(f"{group}:{mode}", (one.subject for one in found if one.registered_mode is mode))
            for mode in Mode
        }

    def waiting(group: Group, state: Registration) -> int:
        return groups.put(group, (one.subject for one in persons if one.registration is state))

    came = Members()
    for one in persons:
        if one.came:
            came.add(one.subject, here=Mode.IN_PERSON in one.came, there=Mode.REMOTE in one.came)
    return People(
        registered=by_mode("registered", lambda _: True),
        waitlisted=waiting("waitlisted", Registration.WAITLISTED),
        cancelled=waiting("cancelled", Registration.CANCELLED),
        came=groups.put_by_mode("came", came),
        guests=groups.put("guests", (one.subject for one in persons if one.came and one.guest)),
        absent=by_mode("absent", lambda one: not one.came),
    )


def shared_of(connections: Sequence[Attendee], groups: Groups) -> Shared:
    """Count shared connections that have a seat, or came."""
    known = [one for one in connections if one.has_seat or one.came]
    came = [one for one in known if one.came]
    return Shared(
        registered=groups.put("shared", (one.subject for one in known)),
        came=groups.put("shared:came", (one.subject for one in came)),
        headcount_registered=sum(one.headcount or 0 for one in known),
        headcount_came=sum(one.headcount or 0 for one in came),
    )
