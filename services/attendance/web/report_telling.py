"""From the report as it is counted to the report as it is answered: with its links, and without what is of too few."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import quote, urlencode

from schemas.envelope import format_instant
from services.attendance.application.analysis import Analysed
from services.attendance.application.reporting import EventReport
from services.attendance.application.translation import instant
from services.attendance.domain.evidence import Grade
from services.attendance.domain.facts import Mode
from services.attendance.domain.heads import Heads, Peak
from services.attendance.domain.intervals import Durations, EndInferred
from services.attendance.domain.report.flow import Flow, Quarter, Switches, class_group
from services.attendance.domain.report.groups import Group
from services.attendance.domain.report.parts import Attendance, StillThere
from services.attendance.domain.report.parts import Retention as Stayed
from services.attendance.domain.report.whole import Evidence, Peaks, Report
from services.attendance.domain.small_groups import told, told_parts
from services.attendance.web import report_answers as answers
from services.attendance.web.moments import why_empty
from services.chassis.paging import encode_cursor

_ALL: Final = 1
"""The smallest group for whoever may know everybody."""
_SPLIT: Final = "13:00"

Value = TypeVar("Value")


def answered(drawn: EventReport, *, analysed: Analysed | None) -> answers.EventReportAnswer:
    """A report as it is answered: with links to those it counts; or, if it is of what was `analysed`, without.

    Readers of such a report may not know who they are, nor of groups that are too small.
    """
    return _Telling(drawn, analysed=analysed).answer()


@dataclass(frozen=True, slots=True)
class _Telling:
    """Tells one report to one kind of reader."""

    drawn: EventReport
    analysed: Analysed | None

    @property
    def least(self) -> int:
        return _ALL if self.analysed is None else self.analysed.smallest

    def answer(self) -> answers.EventReportAnswer:
        drawn, found, event = self.drawn, self.drawn.report, self.drawn.event
        return answers.EventReportAnswer(
            event=answers.ReportedEvent.model_validate(event, from_attributes=True),
            as_of=drawn.as_of,
            horizon=None if drawn.horizon is None else instant(drawn.horizon),
            complete=self.analysed is None or self.analysed.complete,
            open=drawn.open,
            settings=answers.ReportSettings(
                grace_seconds=event.grace_seconds,
                reconnect_grace_seconds=event.reconnect_grace_seconds,
                half_days_split_at=_SPLIT,
                timezone=event.timezone,
                smallest_group=None if self.analysed is None else self.analysed.smallest,
            ),
            evidence=self._known(answers.EvidenceRoot(root=drawn.root, facts=drawn.facts)),
            people=self._people(found),
            shared_connections=answers.SharedConnections(
                registered=self._figure("shared", hidden=self._from_rows),
                came=self._figure("shared:came", hidden=self._from_rows),
                headcount_registered=self._known(found.shared.headcount_registered),
                headcount_came=self._known(found.shared.headcount_came),
            ),
            presence=answers.Presence(
                seconds=self._seconds(found.durations, found.people.came),
                mean=None if self._told(found.people.came.total) is None else found.mean,
                peak=self._peaks(found.peaks),
            ),
            half_days=[self._part("half_day", one) for one in found.half_days],
            sessions=[self._part("session", one) for one in found.sessions],
            retention=[self._retention(one) for one in found.retention],
            durations=self._durations(found.flow),
            quarter_hours=self._quarters(found.flow.quarters),
            switches=answers.ModeSwitches(
                people=self._figure("switched"),
                to_remote=self._switches("switched:to_remote", found.flow.to_remote),
                to_in_person=self._switches("switched:to_in_person", found.flow.to_in_person),
            ),
            reliability=self._reliability(found.evidence),
            why_empty=why_empty(drawn.nothing_before, drawn.as_of),
        )

    @property
    def _from_rows(self) -> bool:
        """Whether it follows from rows, which tell of presence alone."""
        return self.analysed is not None

    def _known(self, value: Value) -> Value | None:
        """What rows do not tell."""
        return None if self._from_rows else value

    def _told(self, count: int) -> int | None:
        return told(count, smallest=self.least)

    def _figure(self, group: Group, *, hidden: bool = False) -> answers.Figure:
        count = len(self.drawn.report.groups[group])
        value = None if hidden else self._told(count)
        return answers.Figure(value=value, facts=None if value is None else self._link("presence", group=group))

    def _link(self, list_: str, **wanted: str) -> str | None:
        if self._from_rows:
            return None
        asked = urlencode({**wanted, "as_of": format_instant(self.drawn.as_of)})
        return f"/api/v1/events/{quote(self.drawn.event.event_id)}/{list_}?{asked}"

    def _timeline(self, at: int) -> str | None:
        """The timeline from an instant on."""
        return self._link("timeline", after=encode_cursor((at, "")))

    def _apart(self, *counts: int) -> bool:
        """Whether groups that share nobody may all be told, although their sum may be known."""
        return None not in told_parts(counts, smallest=self.least)

    def _people(self, found: Report) -> answers.ReportedPeople:
        hidden = self._from_rows
        registered = self._by_seat("registered")
        if self.analysed is not None:
            registered.total.value = self.analysed.seats
        return answers.ReportedPeople(
            registered=registered,
            waitlisted=self._figure("waitlisted", hidden=hidden),
            cancelled=self._figure("cancelled", hidden=hidden),
            came=self._by_mode("came", found.people.came),
            guests=self._figure("guests", hidden=hidden),
            absent=self._by_seat("absent"),
        )

    def _by_seat(self, group: Group) -> answers.BySeat:
        return answers.BySeat(
            in_person=self._figure(f"{group}:{Mode.IN_PERSON}", hidden=self._from_rows),
            remote=self._figure(f"{group}:{Mode.REMOTE}", hidden=self._from_rows),
            total=self._figure(group, hidden=self._from_rows),
        )

    def _by_mode(self, group: Group, heads: Heads) -> answers.ByMode:
        apart = self._may_part(heads)
        return answers.ByMode(
            in_person=self._figure(f"{group}:in_person", hidden=not apart),
            remote=self._figure(f"{group}:remote", hidden=not apart),
            both=self._figure(f"{group}:both", hidden=not apart),
            total=self._figure(group),
        )

    def _may_part(self, heads: Heads) -> bool:
        """Whether people may be told apart by mode: those of one alone, of the other alone, and of both."""
        return self._apart(heads.in_person - heads.both, heads.remote - heads.both, heads.both)

    def _seconds(self, lasted: Durations, heads: Heads) -> answers.SecondsByMode:
        apart, whole = self._may_part(heads), self._told(heads.total) is not None
        return answers.SecondsByMode(
            in_person=_seconds(lasted.in_person) if apart else None,
            remote=_seconds(lasted.remote) if apart else None,
            both=_seconds(lasted.both) if apart else None,
            total=_seconds(lasted.in_person) + _seconds(lasted.remote) - _seconds(lasted.both) if whole else None,
        )

    def _peak(self, peak: Peak | None) -> answers.PeakFigure:
        value = None if peak is None else self._told(peak.count)
        if peak is None or value is None:
            return answers.PeakFigure(value=None if peak is not None else 0, facts=None, at=None)
        return answers.PeakFigure(value=value, facts=self._timeline(peak.at), at=instant(peak.at))

    def _peaks(self, peaks: Peaks) -> answers.PeaksByMode:
        return answers.PeaksByMode(
            in_person=self._peak(peaks.in_person),
            remote=self._peak(peaks.remote),
            both=self._peak(peaks.both),
            total=self._peak(peaks.total),
        )

    def _part(self, kind: str, one: Attendance) -> answers.ReportedPart:
        return answers.ReportedPart(
            id=one.part.id,
            title=one.part.title,
            starts_at=instant(one.part.start),
            ends_at=instant(one.part.end),
            people=self._by_mode(f"{kind}:{one.part.id}", one.people),
            seconds=self._seconds(one.durations, one.people),
            mean=None if self._told(one.people.total) is None else one.mean,
            peak=self._peak(one.peak),
        )

    def _retention(self, one: Stayed) -> answers.Retention:
        apart = self._may_part(one.people)
        group = f"session:{one.part.id}"
        return answers.Retention(
            session_id=one.part.id,
            title=one.part.title,
            in_person=self._figure(f"{group}:in_person", hidden=not apart),
            remote=self._figure(f"{group}:remote", hidden=not apart),
            steps=[self._step(step, one.people, apart=apart) for step in one.steps],
        )

    def _step(self, step: StillThere, people: Heads, *, apart: bool) -> answers.RetentionStep:
        here = self._there(step.in_person, people.in_person) if apart else None
        there = self._there(step.remote, people.remote) if apart else None
        return answers.RetentionStep(
            percent=step.percent,
            at=instant(step.at),
            in_person=here,
            in_person_share=_share(here, people.in_person),
            remote=there,
            remote_share=_share(there, people.remote),
            facts=self._timeline(step.at),
        )

    def _there(self, count: int | None, people: int) -> int | None:
        return count if count is None or self._apart(count, people - count) else None

    def _durations(self, flow: Flow) -> answers.DurationsOfStay:
        classes = flow.lengths.classes
        total, here, there = (
            told_parts([getattr(one, column) for one in classes], smallest=self.least)
            for column in ("total", "in_person", "remote")
        )
        counted = self._told(sum(one.total for one in classes)) is not None
        return answers.DurationsOfStay(
            mean_seconds=_rounded(flow.lengths.mean) if counted else None,
            median_seconds=_rounded(flow.lengths.median) if counted else None,
            classes=[
                answers.DurationClass(
                    least_seconds=one.least // 1000,
                    below_seconds=None if one.below is None else one.below // 1000,
                    total=self._figure(class_group(one.least), hidden=total[number] is None),
                    in_person=here[number],
                    in_person_facts=self._link("presence", group=class_group(one.least, Mode.IN_PERSON)),
                    remote=there[number],
                    remote_facts=self._link("presence", group=class_group(one.least, Mode.REMOTE)),
                )
                for number, one in enumerate(classes)
            ],
        )

    def _quarters(self, quarters: Sequence[Quarter]) -> list[answers.QuarterHour]:
        columns = ("came_in_person", "came_remote", "went_in_person", "went_remote")
        shown = [told_parts([getattr(one, name) for one in quarters], smallest=self.least) for name in columns]
        return [
            answers.QuarterHour(
                at=instant(one.at),
                arrived_in_person=shown[0][number],
                arrived_remote=shown[1][number],
                left_in_person=shown[2][number],
                left_remote=shown[3][number],
                facts=self._timeline(one.at),
            )
            for number, one in enumerate(quarters)
        ]

    def _switches(self, group: Group, found: Switches) -> answers.SwitchesTo:
        people = self._figure(group)
        without, away = told_parts([found.without_gap, found.with_gap], smallest=self.least)
        hidden = people.value is None
        return answers.SwitchesTo(
            people=people, without_gap=None if hidden else without, with_gap=None if hidden else away
        )

    def _reliability(self, found: Evidence) -> answers.Reliability:
        time, known, hidden = found.time, self._known, self._from_rows
        return answers.Reliability(
            seconds=answers.AssuredSeconds(
                observed=known(_seconds(time.observed)),
                inferred=known(_seconds(time.inferred)),
                contradicted=known(_seconds(time.contradicted)),
                bridged=known(_seconds(time.bridged)),
            ),
            observed_intervals=known(found.intervals[Grade.OBSERVED]),
            inferred_intervals=known(found.intervals[Grade.INFERRED]),
            contradicted_intervals=known(found.intervals[Grade.CONTRADICTED]),
            inferred_starts=known(found.inferred_starts),
            inferred_ends={reason.value: known(found.inferred_ends[reason]) for reason in EndInferred},
            people_inferred=self._figure("inferred", hidden=hidden),
            people_contradicted=self._figure("contradicted", hidden=hidden),
            people_suspect=self._figure("suspect", hidden=hidden),
            contradictions=known(found.contradictions),
            suspect=known(found.suspect),
        )


def _seconds(milliseconds: int) -> int:
    return round(milliseconds / 1000)


def _rounded(milliseconds: int | None) -> int | None:
    return None if milliseconds is None else _seconds(milliseconds)


def _share(count: int | None, people: int) -> float | None:
    return None if count is None or not people else round(100 * count / people, 1)
